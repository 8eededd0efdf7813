import type { Client } from '../../../src/protocol/channel.js';
import { isKeptEntry, newestFirst, type KeepApi, type KeptEntry } from '../../../src/protocol/kept.js';

interface Editor {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): Editor;

/** The editor's side of a webview. It may be asked for only once in a webview's life. */
export const editor: Editor = acquireVsCodeApi();

/** A state is kept at once, and while something is dragged or computed at most so often (milliseconds). */
const EVERY = 150;

/**
 * What a panel keeps while its tab is hidden and while the window reloads: small plain data, with the editor and with the
 * extension host (`protocol/kept.ts` says why with both). Arrays do not belong here, they are fetched again.
 */
export class KeptState<T> {
  private panel = '';
  private timer: number | undefined;
  private waiting: (() => T | undefined) | undefined;
  private written = '';

  /** @param accept whether a state is usable: it may have been written by another version */
  constructor(
    private readonly host: Pick<Client<KeepApi>, keyof KeepApi>,
    private readonly accept: (state: unknown) => state is T,
  ) {}

  /** What was kept, if it is usable. To be called once, before anything is saved. */
  async load(): Promise<T | undefined> {
    const state = editor.getState();
    const own = isKeptEntry(state) ? state : undefined;
    this.panel = own?.panel ?? crypto.randomUUID();
    // Its name comes first: a tab that the editor stores from here on finds its state with the host.
    if (own === undefined) editor.setState({ panel: this.panel, at: 0, state: null } satisfies KeptEntry);
    const theirs = own === undefined ? undefined : await this.host.kept({ panel: own.panel }).catch(() => undefined);
    return newestFirst(own, theirs)
      .map((entry) => entry.state)
      .find(this.accept);
  }

  /** Keeps what `state` says, if it says something. */
  save(state: () => T | undefined): void {
    if (this.panel === '') return;
    if (this.timer !== undefined) {
      this.waiting = state;
      return;
    }
    this.write(state());
    this.timer = window.setTimeout(() => {
      this.timer = undefined;
      const { waiting } = this;
      this.waiting = undefined;
      if (waiting !== undefined) this.save(waiting);
    }, EVERY);
  }

  private write(state: T | undefined): void {
    if (state === undefined) return;
    const text = JSON.stringify(state);
    if (text === this.written) return;
    this.written = text;
    const entry: KeptEntry = { panel: this.panel, at: Date.now(), state };
    editor.setState(entry);
    this.host.keep(entry).catch(() => undefined); // the editor has it as well
  }
}
