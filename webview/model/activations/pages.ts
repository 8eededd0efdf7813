import { colormap, type Colormap, type SequentialName } from '../../../src/result/colormap.js';
import type { Activation } from '../../../src/result/activations.js';
import type { CellsInSight } from '../../shared/canvas/cellGrid.js';
import type { CellSource } from '../../shared/canvas/cells.js';
import { paintValues } from '../../shared/canvas/paintValues.js';
import { formatNumber } from '../../shared/format.js';

/** Channels that are asked for at a time: more where their maps are small. */
export function pageLength({ height, width }: Pick<Activation, 'height' | 'width'>): number {
  return height * width <= 64 ? 1024 : 64;
}

/** The maps of a layer on one picture, fetched page by page in a given order. */
export class ActivationPages {
  private readonly blocks = new Map<number, Activation | 'asked'>();
  private readonly abort = new AbortController();

  /** @param first the answer to the first question; its page is the first block */
  constructor(
    readonly first: Activation,
    private readonly length: number,
    private readonly fetch: (from: number, count: number, signal: AbortSignal) => Promise<Activation>,
    private readonly arrived: () => void,
  ) {
    this.blocks.set(0, first);
  }

  /** The channel at a place of the order, and where its map begins. */
  at(place: number): { readonly channel: number; readonly values: Float32Array; readonly offset: number } | undefined {
    const block = this.blocks.get(Math.floor(place / this.length));
    if (block === undefined || block === 'asked') return undefined;
    const i = place % this.length;
    if (i >= block.page.length) return undefined;
    return { channel: block.page[i]!, values: block.maps.data, offset: i * block.height * block.width };
  }

  /** The map of a channel, if it is there; and its place in the order. */
  of(channel: number): { readonly place: number; readonly map: Float32Array } | undefined {
    for (const [block, value] of this.blocks) {
      if (value === 'asked') continue;
      const i = value.page.indexOf(channel);
      const size = value.height * value.width;
      if (i >= 0) return { place: block * this.length + i, map: value.maps.data.slice(i * size, (i + 1) * size) };
    }
    return undefined;
  }

  need({ rowFrom, rowTo }: CellsInSight): void {
    const last = Math.ceil(Math.min(rowTo, this.first.channels) / this.length);
    for (let block = Math.floor(rowFrom / this.length); block < last; block++) {
      if (this.blocks.has(block)) continue;
      this.blocks.set(block, 'asked');
      void this.fetch(block * this.length, this.length, this.abort.signal)
        .then((answer) => {
          this.blocks.set(block, answer);
          this.arrived();
        })
        .catch(() => this.blocks.delete(block)); // asked again when it is next in sight
    }
  }

  dispose(): void {
    this.abort.abort();
  }
}

/** Values below zero mean something. */
export function isSigned(activation: Activation): boolean {
  return activation.min < 0;
}

export function activationColors(activation: Activation, sequential: SequentialName): Colormap {
  return colormap(isSigned(activation) ? 'RdBu' : sequential);
}

/** The value at the end of a channel's scale, or of the one that all share. */
export function activationLimit(activation: Activation, channel: number | undefined): number {
  const { statistics } = activation;
  const [low, high] =
    channel === undefined
      ? [activation.min, activation.max]
      : [statistics.min[channel] ?? 0, statistics.max[channel] ?? 0];
  return Math.max(Math.abs(low), Math.abs(high)) || 1;
}

/** The maps as a grid; channels that are zero everywhere are crossed out. */
export function activationSource(
  pages: ActivationPages,
  sequential: SequentialName,
  scale: 'shared' | 'own',
): CellSource {
  const { first } = pages;
  const { height, width, channels, statistics, layout } = first;
  const colors = activationColors(first, sequential);
  const channelAt = (place: number): number => pages.at(place)?.channel ?? place;
  const unit = layout === 'vector' ? 'unit' : layout === 'tokens' ? 'feature' : layout === 'other' ? 'row' : 'channel';
  const dead = (channel: number): boolean => statistics.zero[channel] === 1;
  return {
    rows: channels,
    columns: 1,
    cellHeight: height,
    cellWidth: width,
    flow: true,
    paint: (row, _column, image, left, top) => {
      const found = pages.at(row);
      if (found === undefined) return false;
      const limit = activationLimit(first, scale === 'own' ? found.channel : undefined);
      paintValues({ image, left, top }, { values: found.values, offset: found.offset, height, width }, colors, limit);
      return true;
    },
    label: (row) => {
      const channel = channelAt(row);
      const text = dead(channel)
        ? 'zero everywhere'
        : `mean ${formatNumber(statistics.mean[channel] ?? NaN)}, largest ${formatNumber(statistics.max[channel] ?? NaN)}`;
      return `${unit} ${channel}: ${text}`;
    },
    ...(layout === 'vector' ? {} : { caption: (row: number) => String(channelAt(row)) }),
    crossed: (row) => height * width > 1 && dead(channelAt(row)),
  };
}
