import * as vscode from 'vscode';

/** Says when one of some files is no longer what it was: their time and size are compared, not the events counted. */
export class DiskWatch implements vscode.Disposable {
  private readonly watchers: vscode.Disposable[] = [];
  private readonly stamps = new Map<string, string>();
  private readonly timers = new Map<string, NodeJS.Timeout>();

  constructor(private readonly onChange: (file: vscode.Uri) => void) {}

  /** Watches these files in place of those before. */
  watch(files: readonly vscode.Uri[]): void {
    this.stop();
    for (const file of files) {
      const name = file.path.slice(file.path.lastIndexOf('/') + 1).replace(/[[\]{}*?]/g, '[$&]');
      const watcher = vscode.workspace.createFileSystemWatcher(
        new vscode.RelativePattern(vscode.Uri.joinPath(file, '..'), name),
      );
      const changed = (): void => this.later(file);
      this.watchers.push(
        watcher,
        watcher.onDidChange(changed),
        watcher.onDidCreate(changed),
        watcher.onDidDelete(changed),
      );
      void this.remember(file);
    }
  }

  /** What is there now is what counts from here on. */
  async remember(file: vscode.Uri): Promise<void> {
    this.stamps.set(file.toString(), await stampOf(file));
  }

  dispose(): void {
    this.stop();
  }

  /** A file being written raises many events: it is looked at when they have ceased. */
  private later(file: vscode.Uri): void {
    const key = file.toString();
    clearTimeout(this.timers.get(key));
    this.timers.set(
      key,
      setTimeout(() => void this.look(file), 300),
    );
  }

  private async look(file: vscode.Uri): Promise<void> {
    const stamp = await stampOf(file);
    const before = this.stamps.get(file.toString());
    if (before === undefined || before === stamp) return;
    this.stamps.set(file.toString(), stamp);
    this.onChange(file);
  }

  private stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
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
