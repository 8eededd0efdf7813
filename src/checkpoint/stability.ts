import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isCancelled, LensError, throwIfCancelled } from '../base/errors.js';

/** Checkpoints are rewritten while people look at them: a file that is being written is waited for, not called broken. */

export interface StabilityOptions {
  /** A file that has not changed for so long is complete. Default 400 ms. */
  readonly quietMs?: number;
  /** How often to look. Default 100 ms. */
  readonly pollMs?: number;
  /** Longest waiting altogether, however long the writing goes on. Default 10 minutes. */
  readonly mostMs?: number;
}

/** A file written to within this time may still be growing. */
const FRESH_MS = 5_000;

/**
 * Waits until size and time of a file stay as they are. A file that is not there counts as a state, too: a checkpoint
 * that is being replaced is away for a moment.
 *
 * @returns whether it came to rest; false where `mostMs` was over first
 */
export async function waitUntilStable(
  path: string,
  signal?: AbortSignal,
  { quietMs = 400, pollMs = 100, mostMs = 600_000 }: StabilityOptions = {},
): Promise<boolean> {
  const started = performance.now();
  let state = await stateOf(path);
  let since = performance.now();
  while (performance.now() - since < quietMs) {
    if (performance.now() - started > mostMs) return false;
    await pause(pollMs, signal);
    const now = await stateOf(path);
    if (now === state) continue;
    state = now;
    since = performance.now();
  }
  return true;
}

/**
 * Does something with a model file. Where that fails because the file looks broken, although it was written to just now,
 * it is tried again once the file has come to rest; only what fails then is an error.
 *
 * @param path the model; its external data `<path>.data` is watched as well
 */
export async function whenComplete<T>(
  path: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
  options: StabilityOptions = {},
): Promise<T> {
  for (;;) {
    const files = [path, `${path}.data`];
    const before = await Promise.all(files.map(stateOf));
    try {
      return await work();
    } catch (error) {
      if (isCancelled(error) || !isBroken(error)) throw error;
      const [now, fresh] = [await Promise.all(files.map(stateOf)), await Promise.all(files.map(isFresh))];
      const changed = now.some((state, i) => state !== before[i]);
      if (!changed && !fresh.includes(true)) throw error;
      for (const file of files) if (!(await waitUntilStable(file, signal, options))) throw error;
      const rest = await Promise.all(files.map(stateOf));
      // Nothing was written while we waited: what was read is all there is.
      if (rest.every((state, i) => state === before[i])) throw error;
    }
  }
}

/** Errors that a file which is not complete yet would cause. */
function isBroken(error: unknown): boolean {
  return error instanceof LensError && /^(checkpoint|graph)\//.test(error.code) && error.kind === 'input';
}

async function stateOf(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${size} ${mtimeMs} ${ino}`;
  } catch {
    return 'absent';
  }
}

async function isFresh(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs < FRESH_MS;
  } catch {
    return false;
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  throwIfCancelled(signal);
  await delay(ms);
  throwIfCancelled(signal);
}
