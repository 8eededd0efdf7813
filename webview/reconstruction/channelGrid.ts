import { isCancelled, toErrorData, type ErrorData } from '../../src/base/errors.js';
import type { Rgb } from '../../src/base/picture.js';
import type { Client } from '../../src/protocol/channel.js';
import type { ChannelsPictures, VisualizeHostApi } from '../../src/protocol/reconstructionPanel.js';
import type { ChannelPicture } from '../../src/result/reconstruction.js';
import type { ChannelsAsked } from './kept.js';

/** One channel of the layer. */
export interface ChannelCell {
  readonly channel: number;
  made?: ChannelPicture;
  /** As it is now, while it is made. */
  live?: Rgb;
}

/**
 * A picture for every channel of a layer, as one piece of work: what there is of it is kept on the disk, whoever made it and
 * whenever, and it goes on with what is missing. Without a DOM.
 */
export class ChannelGrid {
  cells: readonly ChannelCell[] = [];
  /** What stopped all of it. */
  error: ErrorData | undefined;
  startedAt = 0;
  /** Grows with each picture that comes. */
  arrived = 0;
  private asked: ChannelsPictures | undefined;
  private abort: AbortController | undefined;
  private looking = false;
  private fraction = 0;

  constructor(
    private readonly host: Pick<Client<VisualizeHostApi>, 'channels'>,
    private readonly changed: () => void,
  ) {}

  get working(): boolean {
    return this.abort !== undefined;
  }

  get done(): number {
    return this.cells.filter(({ made }) => made !== undefined).length;
  }

  /** Pictures are made, and not only looked for. */
  get making(): boolean {
    return this.working && !this.looking;
  }

  /** Some are missing, and nobody makes them. */
  get partial(): boolean {
    return !this.working && this.done < this.cells.length;
  }

  get progress(): { readonly fraction: number; readonly message: string } {
    return { fraction: this.fraction, message: `${this.done} / ${this.cells.length} channels` };
  }

  /** Shows another layer, or the same made otherwise: what there is of it first, then what is missing. */
  async begin({ base, count, running }: ChannelsAsked): Promise<void> {
    this.cancel();
    this.asked = base;
    this.error = undefined;
    this.fraction = 0;
    this.cells = Array.from({ length: count }, (_, channel) => ({ channel }));
    this.arrived++;
    if (running) return this.resume();
    await this.work({ ...base, known: true });
  }

  /** Makes what is missing. */
  async resume(): Promise<void> {
    if (this.asked !== undefined && !this.working) await this.work(this.asked);
  }

  private async work(asked: ChannelsPictures): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    this.looking = asked.known === true;
    this.error = undefined;
    this.startedAt = Date.now();
    this.changed();
    const mine = (): boolean => this.abort === abort;
    try {
      await this.host.channels(asked, {
        signal: abort.signal,
        onProgress: ({ made, running, fraction = this.fraction }) => {
          if (!mine()) return;
          this.fraction = fraction;
          if (made !== undefined) this.put(made);
          if (running !== undefined) this.at(running.channel, (cell) => (cell.live = running.picture));
          this.arrived++;
          this.changed();
        },
      });
      if (!mine()) return;
      // What was made while nobody looked was told to nobody.
      if (this.done < this.cells.length && asked.known !== true) return await this.work({ ...asked, known: true });
    } catch (error) {
      if (!mine()) return;
      if (!isCancelled(error)) this.error = toErrorData(error);
    }
    this.end();
  }

  /** Stops, and keeps what there is. */
  cancel(): void {
    const { abort } = this;
    if (abort === undefined) return;
    this.end();
    abort.abort();
  }

  private end(): void {
    this.abort = undefined;
    for (const cell of this.cells) delete cell.live;
    this.arrived++;
    this.changed();
  }

  private put(made: ChannelPicture): void {
    this.at(made.channel, (cell) => {
      cell.made = made;
      delete cell.live;
    });
  }

  private at(channel: number, change: (cell: ChannelCell) => void): void {
    const cell = this.cells[channel];
    if (cell !== undefined) change(cell);
  }
}
