import type { Rgb } from '../../src/base/picture.js';
import { Newest } from '../../src/base/newest.js';

/** Side of a small picture in pixels. */
export const THUMBNAIL = 64;
/** Pictures of one question: more at once would keep those that came into sight later waiting. */
const BATCH = 48;
/** So many are kept: 49 MB. */
const KEPT = 4000;
/** What was asked for and has left sight is forgotten beyond so many. */
const WAITING = 1500;

/** Asks for small pictures: `[examples, THUMBNAIL, THUMBNAIL, 3]`. */
export type FetchThumbnails = (examples: readonly number[], signal: AbortSignal) => Promise<Uint8Array>;

/** The small pictures of a data set: fetched when they are wanted, what was wanted last first, and a bounded number kept. */
export class Thumbnails {
  private readonly kept = new Newest<number, Rgb>(KEPT);
  /** Wanted and not asked for yet, the last wish at the end. */
  private readonly waiting = new Set<number>();
  private readonly failed = new Set<number>();
  private asked = new Set<number>();
  private abort = new AbortController();
  private working = false;

  constructor(
    private readonly fetch: FetchThumbnails,
    private readonly arrived: (examples: readonly number[]) => void,
  ) {}

  /** A picture that is there. */
  get(example: number): Rgb | undefined {
    return this.kept.get(example);
  }

  /** The same; where it is not there, it is fetched. */
  wanted(example: number): Rgb | undefined {
    const there = this.kept.get(example);
    if (there === undefined) this.want([example]);
    return there;
  }

  /** These are in sight. */
  want(examples: Iterable<number>): void {
    for (const example of examples) {
      if (this.kept.has(example) || this.asked.has(example) || this.failed.has(example)) continue;
      this.waiting.delete(example);
      this.waiting.add(example);
    }
    for (const oldest of this.waiting) {
      if (this.waiting.size <= WAITING) break;
      this.waiting.delete(oldest);
    }
    // Many wishes come together, one for each picture that is drawn.
    if (!this.working && this.waiting.size > 0) {
      this.working = true;
      queueMicrotask(() => void this.work());
    }
  }

  /** Forgets everything: it is another data set. */
  clear(): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.kept.clear();
    this.waiting.clear();
    this.failed.clear();
  }

  private async work(): Promise<void> {
    while (this.waiting.size > 0) {
      const { signal } = this.abort;
      const batch = [...this.waiting].slice(-BATCH).reverse();
      for (const example of batch) this.waiting.delete(example);
      this.asked = new Set(batch);
      try {
        const pixels = await this.fetch(batch, signal);
        if (!signal.aborted) this.take(batch, pixels);
      } catch {
        // One that cannot be had stays an empty frame; it is asked for again with another data set.
        if (!signal.aborted) for (const example of batch) this.failed.add(example);
      }
      this.asked = new Set();
    }
    this.working = false;
  }

  private take(batch: readonly number[], pixels: Uint8Array): void {
    const bytes = 3 * THUMBNAIL * THUMBNAIL;
    for (const [k, example] of batch.entries())
      this.kept.set(example, {
        width: THUMBNAIL,
        height: THUMBNAIL,
        data: pixels.slice(k * bytes, (k + 1) * bytes),
      });
    this.arrived(batch);
  }
}
