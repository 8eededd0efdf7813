import * as vscode from 'vscode';

/** Pictures that are being written raise many events: they are told of once, when they have ceased for so long. */
const CEASED_MS = 800;

/** Says when something of a data set has changed on disk: its file, or what lies in its folder. */
export class PlaceWatch implements vscode.Disposable {
  private readonly watchers: vscode.Disposable[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    place: vscode.Uri,
    private readonly onChange: () => void,
  ) {
    // Folder or file: one of the two patterns finds nothing.
    const name = place.path.slice(place.path.lastIndexOf('/') + 1).replace(/[[\]{}*?]/g, '[$&]');
    const file = new vscode.RelativePattern(vscode.Uri.joinPath(place, '..'), name);
    for (const pattern of [file, new vscode.RelativePattern(place, '**/*')]) {
      const watcher = vscode.workspace.createFileSystemWatcher(pattern);
      const later = (): void => this.later();
      this.watchers.push(watcher, watcher.onDidChange(later), watcher.onDidCreate(later), watcher.onDidDelete(later));
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const watcher of this.watchers.splice(0)) watcher.dispose();
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.onChange(), CEASED_MS);
  }
}
