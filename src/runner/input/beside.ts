import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { Channel, type Operation } from '../../protocol/channel.js';
import type { Preprocessing } from '../../input/settings.js';
import type { PreparedPicture } from './prepare.js';

/** What the thread beside serves: `reader.ts`. */
export interface ReaderApi {
  prepare: Operation<{ readonly source: string | Uint8Array; readonly plan: Preprocessing }, PreparedPicture>;
}

/** A thread that nobody has asked for so long ends, and gives its memory back. */
const IDLE_MS = 20_000;

/** Why what was asked of the thread has no answer. */
const gone = new Error('The thread that reads pictures has ended.');

/**
 * Pictures that are read in a thread beside this one, which a run of the model holds up from its begin to its end: while one
 * batch runs, the next is read.
 */
export class PicturesBeside {
  private readonly thread: Worker;
  private readonly channel: Channel<ReaderApi>;
  private busy = 0;
  private idle: NodeJS.Timeout | undefined;
  private over = false;

  /** @param program the bundle of `reader.ts` */
  constructor(
    program: string,
    private readonly idleMs = IDLE_MS,
  ) {
    this.thread = new Worker(program);
    this.thread.unref();
    this.channel = new Channel<ReaderApi>(
      {
        post: (message) => this.thread.postMessage(message),
        listen: (onMessage, onClose) => {
          this.thread.on('message', onMessage);
          const close = (): void => {
            this.over = true;
            onClose(gone);
          };
          this.thread.on('error', close);
          this.thread.on('exit', close);
        },
      },
      {},
    );
  }

  /** Whether it can be asked no more. */
  get ended(): boolean {
    return this.over;
  }

  /**
   * The same as `preparePicture`.
   *
   * @returns nothing where the thread has ended before it could answer
   */
  async prepare(
    source: string | Uint8Array,
    plan: Preprocessing,
    signal: AbortSignal,
  ): Promise<PreparedPicture | undefined> {
    clearTimeout(this.idle);
    // Each of a batch listens for the same cancel.
    setMaxListeners(0, signal);
    // This process waits for its answers, and not for the thread.
    if (this.busy++ === 0) this.thread.ref();
    try {
      return await this.channel.client.prepare({ source, plan }, { signal });
    } catch (error) {
      if (error === gone) return undefined;
      throw error;
    } finally {
      if (--this.busy === 0) this.rest();
    }
  }

  async end(): Promise<void> {
    clearTimeout(this.idle);
    this.over = true;
    await this.thread.terminate();
  }

  private rest(): void {
    this.thread.unref();
    this.idle = setTimeout(() => void this.end(), this.idleMs);
    this.idle.unref();
  }
}

let current: PicturesBeside | undefined;
let failed = false;

/** The thread of this process; nothing where it has none to start, or one has failed. */
export function picturesBeside(): PicturesBeside | undefined {
  if (current !== undefined && !current.ended) return current;
  // Bundles lie beside one another.
  const program = path.join(__dirname, 'reader.js');
  if (failed || !existsSync(program)) return undefined;
  try {
    current = new PicturesBeside(program);
  } catch {
    failed = true;
    return undefined;
  }
  return current;
}
