import path from 'node:path';
import * as vscode from 'vscode';
import { Disposables } from '../../base/disposable.js';
import { given } from '../../base/given.js';
import type { Address } from '../../base/place.js';
import type { Call } from '../../protocol/channel.js';
import type { SeriesEntry } from '../../protocol/modelPanel.js';
import { fileAt, named, nameOf } from '../names.js';
import type { HostServices } from '../services.js';
import type { AnswerOf, ProgressOf, RequestOf } from '../../protocol/runner.js';
import { askAbout, type Reading } from '../runner/asking.js';
import { sameLayers, seriesOf, type SeriesFile } from '../workspace/series.js';
import { Lookout } from '../disk/lookout.js';
import { filesStamps, readWhenWhole, untilStill } from '../disk/settle.js';

/**
 * Checkpoints beside the one that an editor shows: those of the same training as they come, grow and go, and questions
 * about any other. A file that is being written is announced when it has come to rest, and waited for where it is read.
 */
export class Siblings implements vscode.Disposable {
  private readonly folder: vscode.Uri;
  private readonly name: string;
  private readonly disposables = new Disposables();
  private watching = false;
  private told = '';
  /** In place of those beside it, where a person has chosen some. */
  private chosen: readonly vscode.Uri[] = [];
  /** Whether a checkpoint has the layers of this one, by both files as they were when it was asked. */
  private readonly alike = new Map<string, boolean>();

  constructor(
    private readonly model: vscode.Uri,
    private readonly services: HostServices,
    private readonly announce: (series: readonly SeriesEntry[]) => void,
  ) {
    this.folder = vscode.Uri.joinPath(model, '..');
    this.name = nameOf(model);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  /**
   * The series as it is now; from then on changes are announced.
   *
   * @param chosen files wherever they lie, in place of those beside this one
   */
  async series(chosen: readonly Address[] = []): Promise<readonly SeriesEntry[]> {
    this.chosen = chosen.map(fileAt);
    this.watch();
    const series = await this.list();
    this.told = JSON.stringify(series);
    return series;
  }

  /** The addresses of those that belong to it as it is now. */
  async now(): Promise<readonly Address[]> {
    return (await this.list()).map(({ file }) => file.uri);
  }

  /** Asks the runner about another checkpoint. */
  ask<K extends Parameters<typeof askAbout>[2]>(
    other: Address,
    name: K,
    request: RequestOf<K>,
    call: Call<ProgressOf<K>>,
  ): Promise<AnswerOf<K>> {
    const uri = fileAt(other);
    const reading: Reading = (read, signal) => readWhenWhole(read, () => filesStamps(withData(uri.fsPath)), signal);
    return askAbout(this.services, uri, name, request, call, reading);
  }

  private watch(): void {
    if (this.watching) return;
    this.watching = true;
    const watcher = this.disposables.add(
      vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(this.folder, '*')),
    );
    const lookout = this.disposables.add(
      new Lookout(
        (signal) => this.look(signal),
        // The folder may have gone with its files.
        (error) => this.services.log.debug(`Checkpoints beside ${this.name}: ${String(error)}`),
      ),
    );
    const look = (file: vscode.Uri): void => {
      const name = nameOf(file).replace(/\.data$/, '');
      if (seriesOf(this.name, [name]).some((each) => each.name === name)) void lookout.raise();
    };
    watcher.onDidCreate(look);
    watcher.onDidChange(look);
    watcher.onDidDelete(look);
  }

  /** Waits until nothing of the series is being written, and says what there is. */
  private async look(signal: AbortSignal): Promise<void> {
    if (JSON.stringify(await this.list()) === this.told) return;
    const files = async (): Promise<string[]> =>
      (await this.candidates()).flatMap(({ name }) => withData(this.path(name)));
    await untilStill(async () => filesStamps(await files()), signal);
    const series = await this.list();
    const text = JSON.stringify(series);
    if (text === this.told) return;
    this.told = text;
    this.announce(series);
  }

  /** The files whose names are those of the same training. */
  private async candidates(): Promise<readonly SeriesFile[]> {
    const files = await vscode.workspace.fs.readDirectory(this.folder);
    const names = files.map(([name]) => name);
    return seriesOf(this.name, names).filter(({ name }) => names.includes(name));
  }

  private async list(): Promise<readonly SeriesEntry[]> {
    if (this.chosen.length > 0) return chosenSeries(this.model, this.chosen);
    const stamped = await Promise.all(
      (await this.candidates()).map(async ({ name, step, certain, label }) => {
        const stamps = await filesStamps(withData(this.path(name)));
        const file = named(vscode.Uri.joinPath(this.folder, name));
        return { entry: { file, step, version: JSON.stringify(stamps), ...given({ label }) }, certain };
      }),
    );
    const own = stamped.find(({ entry }) => entry.file.name === this.name)?.entry.version ?? '';
    const belong = await Promise.all(
      stamped.map(async ({ entry, certain }) =>
        certain || entry.file.name === this.name ? true : this.isAlike(entry, own),
      ),
    );
    return stamped.flatMap(({ entry }, i) => (belong[i] === true ? [entry] : []));
  }

  /** Whether another file has the layers of this one; while one of them cannot be read, it has not. */
  private async isAlike({ file, version }: SeriesEntry, own: string): Promise<boolean> {
    const key = `${file.name} ${version} ${own}`;
    const known = this.alike.get(key);
    if (known !== undefined) return known;
    const answers = await Promise.all(
      [this.model, vscode.Uri.parse(file.uri)].map((uri) => this.services.outlines.get(uri).catch(() => undefined)),
    );
    const [a, b] = answers.map((answer) =>
      answer !== undefined && 'outline' in answer ? answer.outline.layers : undefined,
    );
    if (a === undefined || b === undefined) return false;
    const alike = sameLayers(a, b);
    this.alike.set(key, alike);
    return alike;
  }

  private path(name: string): string {
    return path.join(this.folder.fsPath, name);
  }
}

/** The files that a person has chosen, and the model itself, by when they were written; those that are gone are left out. */
async function chosenSeries(model: vscode.Uri, chosen: readonly vscode.Uri[]): Promise<readonly SeriesEntry[]> {
  const unique = new Map([model, ...chosen].map((uri) => [uri.toString(), uri]));
  const files = await Promise.all(
    [...unique.values()].map(async (uri) => ({ uri, stamps: await filesStamps(withData(uri.fsPath)) })),
  );
  const written = files
    .flatMap(({ uri, stamps }) => (stamps[0] === undefined ? [] : [{ uri, stamps, at: stamps[0].modified }]))
    .sort((a, b) => a.at - b.at || (a.uri.path < b.uri.path ? -1 : 1));
  const names = written.map(({ uri }) => nameOf(uri));
  return written.map(({ uri, stamps }, i) => {
    const file = named(uri);
    const twice = names.filter((name) => name === names[i]).length > 1;
    // Folders side by side: the folder tells files of one name apart.
    const name = twice ? `${path.basename(path.dirname(uri.fsPath))}/${file.name}` : file.name;
    return { file: { ...file, name }, step: i, label: name.replace(/\.onnx$/i, ''), version: JSON.stringify(stamps) };
  });
}

/** Exporters keep large weights beside the model. */
function withData(file: string): string[] {
  return [file, `${file}.data`];
}
