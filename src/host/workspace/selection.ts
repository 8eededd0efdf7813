import * as vscode from 'vscode';

/** A layer of a model, or none of it. */
export interface Selected {
  readonly model: vscode.Uri;
  /** As the outline names it. */
  readonly layer: string | undefined;
  /** Who selected it: not told again. */
  readonly by: object;
}

/** The layer that is selected in the window: the tree, the editors of checkpoints and the other panels follow it. */
export class LayerSelection implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Selected>();
  private readonly layers = new Map<string, string>();
  readonly onDidChange = this.changed.event;

  /** The layer that was selected last of a model. */
  of(model: vscode.Uri): string | undefined {
    return this.layers.get(model.toString());
  }

  select(selected: Selected): void {
    const key = selected.model.toString();
    if (this.layers.get(key) === selected.layer) return;
    if (selected.layer === undefined) this.layers.delete(key);
    else this.layers.set(key, selected.layer);
    this.changed.fire(selected);
  }

  dispose(): void {
    this.changed.dispose();
  }
}
