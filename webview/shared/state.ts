interface Editor {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): Editor;

/** The editor's side of a webview. It may be asked for only once in a webview's life. */
export const editor: Editor = acquireVsCodeApi();

/**
 * What a panel keeps while its tab is hidden and while the window reloads: small plain data. Arrays do not belong here,
 * they are fetched again.
 */
export class KeptState<T> {
  private timer: number | undefined;

  /** What was kept, if `accept` finds it usable: it may have been written by another version. */
  load(accept: (state: unknown) => state is T): T | undefined {
    const state = editor.getState();
    return accept(state) ? state : undefined;
  }

  /** Keeps a state, at most ten times a second while something is dragged. */
  save(state: () => T): void {
    this.timer ??= window.setTimeout(() => {
      this.timer = undefined;
      editor.setState(state());
    }, 100);
  }
}
