import { isCancelled, toErrorData, type ErrorData } from '../../src/base/errors.js';
import type { Rgb } from '../../src/base/picture.js';
import type { CallOptions } from '../../src/protocol/channel.js';
import type { VisualizeProgress } from '../../src/protocol/reconstruction.js';
import type { PictureAsked, SmallReconstruction } from '../../src/protocol/reconstructionPanel.js';
import type { SeriesAsked } from './kept.js';

/** One picture of many. */
export interface SeriesCell {
  readonly title: string;
  readonly asked: PictureAsked;
  made?: SmallReconstruction;
  error?: ErrorData;
  /** As it is now, while it is made. */
  live?: Rgb;
}

interface SeriesHost {
  make(asked: PictureAsked, options: CallOptions<VisualizeProgress>): Promise<SmallReconstruction>;
  known(asked: readonly PictureAsked[]): Promise<readonly (SmallReconstruction | null)[]>;
}

/** A picture for which nothing says which way to go is an answer of its own, and the others are made nevertheless. */
const OF_ITS_OWN: ReadonlySet<string> = new Set(['reconstruction/no-gradient', 'reconstruction/phase']);

/**
 * Pictures made one after the other. What there is stays when it is cancelled, and it goes on with what is missing. Without
 * a DOM.
 */
export class Series {
  cells: readonly SeriesCell[] = [];
  /** What stopped all of it. */
  error: ErrorData | undefined;
  startedAt = 0;
  /** Grows with each picture that comes. */
  arrived = 0;
  private abort: AbortController | undefined;
  private at: SeriesCell | undefined;
  private part = 0;

  /** @param changed told of each change; `kept` where another state is to be kept */
  constructor(
    private readonly host: SeriesHost,
    private readonly changed: () => void,
  ) {}

  get working(): boolean {
    return this.abort !== undefined;
  }

  get done(): number {
    return this.cells.filter(({ made, error }) => made !== undefined || error !== undefined).length;
  }

  /** Some are missing, and nobody makes them. */
  get partial(): boolean {
    return !this.working && this.done < this.cells.length;
  }

  get progress(): { readonly fraction: number; readonly message: string } {
    const { length } = this.cells;
    const { done, at } = this;
    return {
      fraction: length === 0 ? 0 : (done + this.part) / length,
      message: `${done} / ${length} pictures${at === undefined ? '' : ` · ${at.title}`}`,
    };
  }

  /** Shows other pictures, and makes them. Those that were made of the same question stay. */
  begin(cells: SeriesAsked['cells']): void {
    this.take(cells);
    void this.resume();
  }

  /** Comes back with what is known; goes on where it was under way. */
  async restore({ cells, running }: SeriesAsked): Promise<void> {
    this.take(cells);
    const known = await this.host.known(cells.map(({ asked }) => asked)).catch(() => []);
    known.forEach((made, i) => made !== null && (this.cells[i]!.made = made));
    this.arrived++;
    this.changed();
    if (running) await this.resume();
  }

  private take(cells: SeriesAsked['cells']): void {
    this.cancel();
    const before = new Map(this.cells.map((cell) => [JSON.stringify(cell.asked), cell.made]));
    this.error = undefined;
    this.cells = cells.map((cell) => {
      const made = before.get(JSON.stringify(cell.asked));
      return { ...cell, ...(made === undefined ? {} : { made }) };
    });
    this.arrived++;
  }

  /** Makes what is missing. */
  async resume(): Promise<void> {
    if (this.working) return;
    const abort = new AbortController();
    this.abort = abort;
    this.error = undefined;
    this.startedAt = Date.now();
    this.changed();
    for (const cell of this.cells) {
      if (cell.made !== undefined || cell.error !== undefined) continue;
      this.at = cell;
      this.part = 0;
      try {
        const made = await this.host.make(cell.asked, {
          signal: abort.signal,
          onProgress: ({ fraction, made: live }) => {
            if (this.abort !== abort) return;
            this.part = fraction ?? 0;
            if (live !== undefined) cell.live = live.picture;
            this.arrived++;
            this.changed();
          },
        });
        if (this.abort !== abort) return;
        cell.made = made;
      } catch (error) {
        delete cell.live;
        if (this.abort !== abort) return;
        if (isCancelled(error)) break;
        const data = toErrorData(error);
        if (!OF_ITS_OWN.has(data.code)) {
          this.error = data;
          break;
        }
        cell.error = data;
      }
      delete cell.live;
      this.arrived++;
      this.changed();
    }
    this.abort = undefined;
    this.at = undefined;
    this.part = 0;
    this.arrived++;
    this.changed();
  }

  /** Stops, and keeps what there is. */
  cancel(): void {
    const { abort, at } = this;
    this.abort = undefined;
    this.at = undefined;
    if (at !== undefined) delete at.live;
    abort?.abort();
    if (abort !== undefined) this.changed();
  }

  /** Files have changed: all of it is of before. */
  clear(): void {
    this.cancel();
    this.cells = [];
    this.error = undefined;
    this.arrived++;
    this.changed();
  }
}
