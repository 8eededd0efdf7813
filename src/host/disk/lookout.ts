import type * as vscode from 'vscode';
import { isCancelled } from '../../base/errors.js';
import { systemClock, type Clock } from './settle.js';

/** Pause between two looks that nothing has asked for. */
const EVERY_MS = 2000;
/** Where looking takes long (a slow mount, many files), at most this part of the time is spent on it … */
const SHARE = 1 / 5;
/** … but one slow look, as when an editor starts, does not put off the next for longer. */
const LONGEST_MS = 10_000;

/**
 * Looks at files whenever an event says that they may have changed, and every other second without one: the editor gets
 * no events from network mounts, nor where the system's watchers are used up, nor before they have started. One look at
 * a time; what is raised during one is looked at after it.
 */
export class Lookout implements vscode.Disposable {
  private readonly abort = new AbortController();
  private current: Promise<void> | undefined;
  private again = false;

  /** @param look rejects with a CancelledError when the signal is aborted; other errors are told to `failed` */
  constructor(
    private readonly look: (signal: AbortSignal) => Promise<void>,
    private readonly failed: (error: unknown) => void = () => undefined,
    private readonly clock: Clock = systemClock,
  ) {
    void this.patrol();
  }

  /** A look is under way. */
  get looking(): boolean {
    return this.current !== undefined;
  }

  /** Looks now. Resolves when what there is to see at this moment has been seen. */
  raise(): Promise<void> {
    if (this.current !== undefined) this.again = true;
    this.current ??= this.lookAll().finally(() => (this.current = undefined));
    return this.current;
  }

  dispose(): void {
    this.abort.abort();
  }

  private async lookAll(): Promise<void> {
    const { signal } = this.abort;
    do {
      this.again = false;
      try {
        if (!signal.aborted) await this.look(signal);
      } catch (error) {
        if (!isCancelled(error)) this.failed(error);
      }
    } while (this.again);
  }

  private async patrol(): Promise<void> {
    const { signal } = this.abort;
    let pause = EVERY_MS;
    for (;;) {
      await this.clock.sleep(pause, signal);
      if (signal.aborted) return;
      const start = this.clock.now();
      await this.raise();
      pause = Math.min(LONGEST_MS, Math.max(EVERY_MS, (this.clock.now() - start) / SHARE));
    }
  }
}
