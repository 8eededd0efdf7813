import * as vscode from 'vscode';
import { PlainTooltip, pickRow, plainRow } from './plain.js';
import type { Status, WorkReport } from './services.js';

const PROVIDER_NAMES: Readonly<Record<string, string>> = {
  cpu: 'CPU',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  tensorrt: 'TensorRT',
  dml: 'DirectML',
  coreml: 'CoreML',
};

/** A provider as people write it. */
export function providerName(provider: string): string {
  return PROVIDER_NAMES[provider.toLowerCase()] ?? provider;
}

interface Work {
  readonly title: string;
  readonly abort: AbortController;
  report: WorkReport;
}

/** A link in the tooltip. */
export interface OfferedDeed {
  readonly title: string;
  readonly command: string;
  readonly args?: readonly unknown[];
}

interface LastRun {
  readonly provider: string;
  readonly refused: readonly { readonly provider: string; readonly reason: string }[];
  readonly milliseconds: number | undefined;
}

/**
 * The status-bar item: what runs, with a spinner and Cancel on click; else the provider that really ran last, and why the
 * others did not. Hidden until there is something to say.
 */
export class StatusItem implements Status, vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('onnxLens.status', vscode.StatusBarAlignment.Right, 50);
  private readonly works = new Set<Work>();
  private last: LastRun | undefined;
  private readonly devices = new Map<string, string>();
  private offered: { readonly text: string; readonly deeds: readonly OfferedDeed[] } | undefined;
  private readonly reported = new vscode.EventEmitter<LastRun>();
  /** Something has run. */
  readonly onDidReport = this.reported.event;

  constructor() {
    this.item.name = 'ONNX Lens';
  }

  /** What it says now; empty while hidden. */
  get text(): string {
    return this.works.size > 0 || this.last !== undefined ? this.item.text : '';
  }

  report(provider: string, refused: LastRun['refused'], milliseconds?: number): void {
    this.last = { provider, refused, milliseconds };
    this.draw();
    this.reported.fire(this.last);
  }

  /**
   * Names the device on which a provider computes.
   *
   * @returns whether that is news
   */
  setDevice(provider: string, device: string | undefined): boolean {
    const news = !this.devices.has(provider) || this.devices.get(provider) !== (device ?? '');
    this.devices.set(provider, device ?? '');
    if (news) this.draw();
    return news;
  }

  /** What could be used and is not, with links that see to it. */
  setOffer(text: string | undefined, deeds: readonly OfferedDeed[] = []): void {
    this.offered = text === undefined ? undefined : { text, deeds };
    this.draw();
  }

  /** What the tooltip offers. */
  get offer(): string | undefined {
    return this.offered?.text;
  }

  async work<T>(
    title: string,
    run: (signal: AbortSignal, progress: (report: WorkReport) => void) => Promise<T>,
    cancel?: AbortSignal,
  ): Promise<T> {
    const work: Work = { title, abort: new AbortController(), report: {} };
    const stop = (): void => work.abort.abort();
    if (cancel?.aborted) stop();
    cancel?.addEventListener('abort', stop, { once: true });
    this.works.add(work);
    this.draw();
    try {
      return await run(work.abort.signal, (report) => {
        work.report = report;
        this.draw();
      });
    } finally {
      cancel?.removeEventListener('abort', stop);
      this.works.delete(work);
      this.draw();
    }
  }

  /** Cancels the work under way; asks which where there is more than one. */
  async cancel(): Promise<void> {
    const works = [...this.works];
    if (works.length <= 1) return works[0]?.abort.abort();
    const everything = { label: 'Everything', works };
    const picked = await pickRow([everything, ...works.map((work) => ({ label: work.title, works: [work] }))], {
      title: 'Cancel',
    });
    for (const work of picked?.works ?? []) work.abort.abort();
  }

  dispose(): void {
    for (const work of this.works) work.abort.abort();
    this.item.dispose();
    this.reported.dispose();
  }

  private draw(): void {
    const newest = [...this.works].at(-1);
    if (newest !== undefined) this.drawWork(newest);
    else if (this.last !== undefined) this.drawLast(this.last);
    else this.item.hide();
  }

  private drawWork({ title, report }: Work): void {
    const percent = report.fraction === undefined ? '' : ` ${Math.floor(report.fraction * 100)} %`;
    this.item.text = `$(loading~spin) ONNX Lens: ${plainRow(title)}${percent}`;
    this.item.tooltip = [...this.works]
      .map((work) => plainRow(work.title + (work.report.message ? ` - ${work.report.message}` : '')))
      .concat('Click to cancel')
      .join('\n');
    this.item.accessibilityInformation = { label: `ONNX Lens, ${title}${percent}, press to cancel`, role: 'button' };
    this.item.command = 'onnxLens.cancel';
    this.item.show();
  }

  private drawLast({ provider, refused, milliseconds }: LastRun): void {
    const device = this.devices.get(provider.toLowerCase()) ?? '';
    const name = device === '' ? providerName(provider) : `${providerName(provider)}, ${device}`;
    this.item.text = `ONNX Lens: ${plainRow(name)}`;
    const tooltip = new PlainTooltip().markdown;
    tooltip.appendText(`Ran on ${name}${milliseconds === undefined ? '' : ` in ${Math.round(milliseconds)} ms`}.`);
    for (const each of refused)
      tooltip
        .appendMarkdown('\n\n')
        .appendText(`${providerName(each.provider)} did not run: ${each.reason.replace(/\.?$/, '.')}`);
    if (this.offered !== undefined) {
      const { text, deeds } = this.offered;
      tooltip.isTrusted = { enabledCommands: deeds.map((deed) => deed.command) };
      tooltip.appendMarkdown('\n\n').appendText(text);
      for (const { title, command, args = [] } of deeds)
        tooltip.appendMarkdown(` [${title}](command:${command}?${encodeURIComponent(JSON.stringify(args))})`);
    }
    tooltip.appendMarkdown('\n\n').appendText('Click to select a provider.');
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = {
      label: `ONNX Lens, ran on ${name}, press to select a provider`,
      role: 'button',
    };
    this.item.command = 'onnxLens.selectProvider';
    this.item.show();
  }
}
