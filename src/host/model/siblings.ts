import path from 'node:path';
import * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import type { Call } from '../../protocol/channel.js';
import type { SeriesEntry } from '../../protocol/modelPanel.js';
import type { NamedFile } from '../../protocol/panel.js';
import type { HostServices } from '../services.js';
import { askAbout, type AnswerOf, type ProgressOf, type Reading, type RequestOf } from './asking.js';
import { seriesOf } from './series.js';
import { Lookout } from '../disk/lookout.js';
import { filesStamps, readWhenWhole, untilStill } from '../disk/settle.js';

/**
 * Checkpoints beside the one that an editor shows: those of the same training as they come, grow and go, and questions
 * about any other. A file that is being written is announced when it has come to rest, and waited for where it is read.
 */
export class Siblings implements vscode.Disposable {
  private readonly folder: vscode.Uri;
  private readonly name: string;
  private watcher: vscode.FileSystemWatcher | undefined;
  private lookout: Lookout | undefined;
  private told = '';

  constructor(
    model: vscode.Uri,
    private readonly services: HostServices,
    private readonly announce: (series: readonly SeriesEntry[]) => void,
  ) {
    this.folder = vscode.Uri.joinPath(model, '..');
    this.name = path.posix.basename(model.path);
  }

  dispose(): void {
    this.lookout?.dispose();
    this.watcher?.dispose();
  }

  /** The series as it is now; from then on changes are announced. */
  async series(): Promise<readonly SeriesEntry[]> {
    this.watch();
    const series = await this.list();
    this.told = JSON.stringify(series);
    return series;
  }

  /** Asks the runner about another checkpoint. */
  ask<K extends Parameters<typeof askAbout>[2]>(
    address: string,
    name: K,
    request: RequestOf<K>,
    call: Call<ProgressOf<K>>,
  ): Promise<AnswerOf<K>> {
    const uri = fileAt(address);
    const reading: Reading = (read, signal) => readWhenWhole(read, () => filesStamps(withData(uri.fsPath)), signal);
    return askAbout(this.services, uri, name, request, call, reading);
  }

  private watch(): void {
    if (this.watcher !== undefined) return;
    this.watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(this.folder, '*'));
    const lookout = new Lookout(
      (signal) => this.look(signal),
      // The folder may have gone with its files.
      (error) => this.services.log.debug(`Checkpoints beside ${this.name}: ${String(error)}`),
    );
    this.lookout = lookout;
    const look = ({ path: file }: vscode.Uri): void => {
      const name = path.posix.basename(file).replace(/\.data$/, '');
      if (seriesOf(this.name, [name]).some((each) => each.name === name)) void lookout.raise();
    };
    this.watcher.onDidCreate(look);
    this.watcher.onDidChange(look);
    this.watcher.onDidDelete(look);
  }

  /** Waits until nothing of the series is being written, and says what there is. */
  private async look(signal: AbortSignal): Promise<void> {
    if (JSON.stringify(await this.list()) === this.told) return;
    const files = async (): Promise<string[]> => (await this.names()).flatMap((name) => withData(this.path(name)));
    await untilStill(async () => filesStamps(await files()), signal);
    const series = await this.list();
    const text = JSON.stringify(series);
    if (text === this.told) return;
    this.told = text;
    this.announce(series);
  }

  private async names(): Promise<readonly string[]> {
    const files = await vscode.workspace.fs.readDirectory(this.folder);
    const names = files.map(([name]) => name);
    return seriesOf(this.name, names)
      .map(({ name }) => name)
      .filter((name) => names.includes(name));
  }

  private async list(): Promise<readonly SeriesEntry[]> {
    return Promise.all(
      seriesOf(this.name, await this.names()).map(async ({ name, step }) => {
        const stamps = await filesStamps(withData(this.path(name)));
        return { file: named(vscode.Uri.joinPath(this.folder, name)), step, version: JSON.stringify(stamps) };
      }),
    );
  }

  private path(name: string): string {
    return path.join(this.folder.fsPath, name);
  }
}

export function named(uri: vscode.Uri): NamedFile {
  return { uri: uri.toString(), name: path.posix.basename(uri.path) };
}

/** The file behind an address of a page. */
export function fileAt(address: string): vscode.Uri {
  const uri = vscode.Uri.parse(address);
  if (uri.scheme === 'file') return uri;
  throw new LensError('input', 'explain/scheme', `${named(uri).name} is not a file on this machine.`, {
    hint: 'Save it in the workspace first.',
  });
}

/** Exporters keep large weights beside the model. */
function withData(file: string): string[] {
  return [file, `${file}.data`];
}
