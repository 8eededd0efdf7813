import * as vscode from 'vscode';
import { throwIfCancelled } from '../../base/errors.js';
import { nameOf } from '../names.js';
import { Lookout } from './lookout.js';

/** A file being written raises many events: it is looked at when they have ceased for so long. */
const CEASED_MS = 300;

/** Says when one of some files is no longer what it was: their time and size are compared, not the events counted. */
export class DiskWatch implements vscode.Disposable {
  private readonly watchers: vscode.Disposable[] = [];
  private files: readonly vscode.Uri[] = [];
  private readonly stamps = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private readonly lookout = new Lookout((signal) => this.look(signal));

  constructor(private readonly onChange: (file: vscode.Uri) => void) {}

  /** Watches these files in place of those before: what is there now is what counts from here on. */
  watch(files: readonly vscode.Uri[]): void {
    this.stop();
    this.files = [];
    this.also(files);
  }

  /** Watches these files, too. What is known of the others stays. */
  also(files: readonly vscode.Uri[]): void {
    const watched = new Set(this.files.map(String));
    const others = files.filter((file) => !watched.has(file.toString()));
    if (others.length === 0) return;
    this.files = [...this.files, ...others];
    for (const file of others) {
      const name = nameOf(file).replace(/[[\]{}*?]/g, '[$&]');
      const watcher = vscode.workspace.createFileSystemWatcher(
        new vscode.RelativePattern(vscode.Uri.joinPath(file, '..'), name),
      );
      const later = (): void => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.lookout.raise(), CEASED_MS);
      };
      this.watchers.push(watcher, watcher.onDidChange(later), watcher.onDidCreate(later), watcher.onDidDelete(later));
    }
    void this.lookout.raise();
  }

  /** We have written a file: what is there now is what counts, and who listens hears of it now, not when it is noticed. */
  async wrote(file: vscode.Uri): Promise<void> {
    const key = file.toString();
    const before = this.stamps.get(key);
    if (before === undefined) return;
    const stamp = await stampOf(file);
    this.stamps.set(key, stamp);
    if (before !== stamp) this.onChange(file);
  }

  dispose(): void {
    this.stop();
    this.lookout.dispose();
  }

  private async look(signal: AbortSignal): Promise<void> {
    const { files } = this;
    for (const file of files) {
      const stamp = await stampOf(file);
      throwIfCancelled(signal);
      if (files !== this.files) return; // others are watched by now; they were raised
      const key = file.toString();
      const before = this.stamps.get(key);
      this.stamps.set(key, stamp);
      if (before !== undefined && before !== stamp) this.onChange(file);
    }
  }

  private stop(): void {
    clearTimeout(this.timer);
    for (const watcher of this.watchers.splice(0)) watcher.dispose();
    this.stamps.clear();
  }
}

async function stampOf(file: vscode.Uri): Promise<string> {
  return vscode.workspace.fs.stat(file).then(
    ({ mtime, size }) => `${mtime} ${size}`,
    () => 'absent',
  );
}
