import { stat } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { isCancelled } from '../../base/errors.js';
import type { FileState, FileStatus } from '../../protocol/modelPanel.js';
import { readWhenWhole, untilStill, type Stamp } from './settle.js';

/** A checkpoint that is open in one or more editors: its file, and how often it was rewritten since it was opened. */
export class ModelDocument implements vscode.CustomDocument {
  private version = 1;
  private state: FileState = 'ready';
  private readonly changed = new vscode.EventEmitter<FileStatus>();
  private readonly closed = new vscode.EventEmitter<void>();
  private readonly watchers: vscode.Disposable[] = [];
  private readonly abort = new AbortController();
  /** Names of files of the model's folder that belong to it. */
  private names: readonly string[];
  private stamps = '';
  private looking = false;
  private again = false;
  /** The file has begun to change, has come to rest in a new version, or has gone. */
  readonly onDidChange = this.changed.event;
  /** No editor shows it any more. */
  readonly onDidClose = this.closed.event;

  constructor(readonly uri: vscode.Uri) {
    const name = path.posix.basename(uri.path);
    this.names = [name, `${name}.data`];
    // Every file of the folder: which ones hold external data is not known before the model was read.
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), '*'),
    );
    const look = (file: vscode.Uri): void => {
      if (this.names.includes(path.posix.basename(file.path))) void this.look();
    };
    this.watchers.push(watcher, watcher.onDidChange(look), watcher.onDidCreate(look), watcher.onDidDelete(look));
    void this.stampNow().then((stamps) => (this.stamps ||= stamps));
  }

  get status(): FileStatus {
    return { version: this.version, state: this.state };
  }

  /** The files beside the model that hold its weights, once they are known. */
  belongs(files: readonly string[]): void {
    const names = files.map((file) => path.basename(file)).filter((name) => !this.names.includes(name));
    if (names.length === 0) return;
    this.names = [...this.names, ...names];
    void this.stampNow().then((stamps) => (this.stamps = stamps));
  }

  /** Reads the file with patience while it may be half written; the editors are told when it is waited for. */
  async read<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let waited = false;
    try {
      return await readWhenWhole(
        read,
        () => this.files(),
        signal,
        () => {
          waited = true;
          this.tell('writing');
        },
      );
    } finally {
      if (waited && !this.looking) this.tell('ready');
    }
  }

  dispose(): void {
    this.abort.abort();
    for (const each of this.watchers) each.dispose();
    this.closed.fire();
    this.changed.dispose();
    this.closed.dispose();
  }

  private async look(): Promise<void> {
    if (this.looking) {
      this.again = true;
      return;
    }
    this.looking = true;
    try {
      do {
        this.again = false;
        if ((await this.stampNow()) === this.stamps) continue;
        if (this.state !== 'writing') this.tell('writing');
        const [model] = await untilStill(() => this.files(), this.abort.signal);
        this.stamps = await this.stampNow();
        if (model !== undefined) this.version++;
        this.tell(model === undefined ? 'gone' : 'ready');
      } while (this.again);
    } catch (error) {
      if (!isCancelled(error)) throw error;
    } finally {
      this.looking = false;
    }
  }

  private tell(state: FileState): void {
    if (this.abort.signal.aborted) return;
    this.state = state;
    this.changed.fire(this.status);
  }

  private async stampNow(): Promise<string> {
    return JSON.stringify(await this.files());
  }

  private files(): Promise<readonly (Stamp | undefined)[]> {
    const folder = path.dirname(this.uri.fsPath);
    return Promise.all(
      this.names.map((name) =>
        stat(path.join(folder, name)).then(
          ({ size, mtimeMs }) => ({ size, modified: mtimeMs }),
          () => undefined,
        ),
      ),
    );
  }
}
