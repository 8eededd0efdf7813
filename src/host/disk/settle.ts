import { stat } from 'node:fs/promises';
import { isCancelled, LensError, throwIfCancelled } from '../../base/errors.js';

/** Files that are being written: waited for, never reported as broken while they grow. */

/** What tells one state of a file from another. `undefined`: there is no such file. */
export interface Stamp {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** Size and time of each file, as they are now. */
export function filesStamps(files: readonly string[]): Promise<readonly (Stamp | undefined)[]> {
  return Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size, mtimeMs }) => ({ size, modified: mtimeMs }),
        () => undefined,
      ),
    ),
  );
}

export interface Clock {
  now(): number;
  /** Resolves after a time, or rejects when the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal?.addEventListener('abort', done, { once: true });
    }),
};

/** Writers flush in pieces: so long nothing must have changed. */
const STILL_MS = 600;
const LOOK_MS = 150;
/** A file that cannot be read is taken for half written until nobody has touched it for so long. */
const PATIENCE_MS = 10_000;

/** Waits until size and time of some files have stood still for a while. The stamps at the end. */
export async function untilStill(
  look: () => Promise<readonly (Stamp | undefined)[]>,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<readonly (Stamp | undefined)[]> {
  let stamps = await look();
  let since = clock.now();
  while (clock.now() - since < STILL_MS) {
    await clock.sleep(LOOK_MS, signal);
    throwIfCancelled(signal);
    const next = await look();
    if (key(next) !== key(stamps)) since = clock.now();
    stamps = next;
  }
  return stamps;
}

/**
 * Reads a file that may be half written: that it is cut off counts only when the file has been left alone for ten
 * seconds, any other refusal when it has not changed while it was read. Until then it is read again whenever it has
 * changed and come to rest.
 *
 * @param waiting called once, when the first refusal is not believed
 */
export async function readWhenWhole<T>(
  read: () => Promise<T>,
  look: () => Promise<readonly (Stamp | undefined)[]>,
  signal: AbortSignal,
  waiting: () => void = () => {},
  clock: Clock = systemClock,
): Promise<T> {
  let told = false;
  for (;;) {
    const before = await look();
    try {
      return await read();
    } catch (error) {
      if (isCancelled(error)) throw error;
      const now = await look();
      // Whatever is said of a file that changes while it is read says nothing of the file.
      if (key(before) === key(now) && !mayBeHalfWritten(error)) throw error;
      const touched = Math.max(0, ...now.map((stamp) => stamp?.modified ?? 0));
      // A clock of another machine may be ahead of ours: a time in the future is taken as old.
      const age = clock.now() - touched;
      if (key(before) === key(now) && (age >= PATIENCE_MS || age < -PATIENCE_MS)) throw error;
      if (!told) waiting();
      told = true;
      await changed(now, look, signal, clock, touched + PATIENCE_MS);
    }
  }
}

/** What is said of a file that is cut off, still full of zeros, or whose second file is not there yet. */
const HALF_WRITTEN = new Set([
  ...['truncated', 'empty', 'malformed', 'missing', 'unreadable', 'not-onnx', 'tensor-size'].map(
    (what) => `checkpoint/${what}`,
  ),
  'checkpoint/external-missing',
  'checkpoint/external-range',
  'session/open',
]);

function mayBeHalfWritten(error: unknown): boolean {
  return error instanceof LensError && HALF_WRITTEN.has(error.code);
}

async function changed(
  from: readonly (Stamp | undefined)[],
  look: () => Promise<readonly (Stamp | undefined)[]>,
  signal: AbortSignal,
  clock: Clock,
  until: number,
): Promise<void> {
  while (clock.now() < until) {
    await clock.sleep(LOOK_MS, signal);
    throwIfCancelled(signal);
    if (key(await look()) !== key(from)) {
      await untilStill(look, signal, clock);
      return;
    }
  }
}

function key(stamps: readonly (Stamp | undefined)[]): string {
  return stamps.map((stamp) => (stamp === undefined ? '-' : `${stamp.size}@${stamp.modified}`)).join();
}
