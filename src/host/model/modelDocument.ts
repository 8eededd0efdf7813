import path from 'node:path';
import * as vscode from 'vscode';
import { Disposables } from '../../base/disposable.js';
import type { FileState, FileStatus } from '../../protocol/modelPanel.js';
import { nameOf } from '../names.js';
import { Lookout } from '../disk/lookout.js';
import { filesStamps, readWhenWhole, untilStill, type Stamp } from '../disk/settle.js';

/** A checkpoint that is open in one or more editors: its file, and how often it was rewritten since it was opened. */
export class ModelDocument implements vscode.CustomDocument {
  private version = 1;
  private state: FileState = 'ready';
  private readonly changed = new vscode.EventEmitter<FileStatus>();
  private readonly closed = new vscode.EventEmitter<void>();
  private readonly disposables = new Disposables();
  private readonly lookout = new Lookout((signal) => this.look(signal));
  /** Names of files of the model's folder that belong to it. */
  private names: readonly string[];
  private stamps = '';
  /** The file has begun to change, has come to rest in a new version, or has gone. */
  readonly onDidChange = this.changed.event;
  /** No editor shows it any more. */
  readonly onDidClose = this.closed.event;

  constructor(readonly uri: vscode.Uri) {
    const name = nameOf(uri);
    this.names = [name, `${name}.data`];
    // Every file of the folder: which ones hold external data is not known before the model was read.
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), '*'),
    );
    const look = (file: vscode.Uri): void => {
      if (this.names.includes(nameOf(file))) void this.lookout.raise();
    };
    this.disposables.addAll(watcher, watcher.onDidChange(look), watcher.onDidCreate(look), watcher.onDidDelete(look));
    this.disposables.add(this.lookout);
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
      if (waited && !this.lookout.looking) this.tell('ready');
    }
  }

  dispose(): void {
    this.disposables.dispose();
    this.closed.fire();
    this.changed.dispose();
    this.closed.dispose();
  }

  private async look(signal: AbortSignal): Promise<void> {
    const now = await this.stampNow();
    this.stamps ||= now;
    if (now === this.stamps) return;
    if (this.state !== 'writing') this.tell('writing');
    const [model] = await untilStill(() => this.files(), signal);
    this.stamps = await this.stampNow();
    if (model !== undefined) this.version++;
    this.tell(model === undefined ? 'gone' : 'ready');
  }

  private tell(state: FileState): void {
    if (this.disposables.isDisposed) return;
    this.state = state;
    this.changed.fire(this.status);
  }

  private async stampNow(): Promise<string> {
    return JSON.stringify(await this.files());
  }

  private files(): Promise<readonly (Stamp | undefined)[]> {
    const folder = path.dirname(this.uri.fsPath);
    return filesStamps(this.names.map((name) => path.join(folder, name)));
  }
}
