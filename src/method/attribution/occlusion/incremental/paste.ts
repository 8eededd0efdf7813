import { int64Tensor, type Tensor } from '../../../../base/tensor.js';
import { area, type Window } from './windows.js';

/**
 * A place where freshly computed windows are pasted into the clean activation: for each position a region of the map is
 * gathered from the clean map and the window is written over it. Elements outside the map come from one extra row that
 * holds the padding. Maps are handled as rows of channels, so that every copy is contiguous.
 */
export interface Paste {
  /** Graph input: the row of the clean map for each element of the regions, int32 `[n × R]`. */
  readonly clean: string;
  /**
   * Without a mask, the row of the regions into which each window element is written, int64 `[n × W, 1]`. With one, the
   * window element for each element of the regions, int32 `[n × R]`.
   */
  readonly fresh: string;
  /** Where the window covers the region, bool `[n × R, 1]`: only where windows reach past their regions. */
  readonly mask?: string;
  /** Dimensions of the regions, int64 `[4]`: n, height, width, channels. */
  readonly shape: string;
  readonly channels: number;
  readonly window: Window;
  readonly region: Window;
}

/** A part of one group: the positions of a run. */
export interface Slice {
  readonly group: number;
  readonly from: number;
  readonly to: number;
}

/** The index tensors of a run. */
export function pasteFeeds(paste: Paste, slice: Slice): Record<string, Tensor> {
  const { region, channels } = paste;
  const { group: g, from, to } = slice;
  const rows = cleanRows(paste, slice);
  const feeds: Record<string, Tensor> = {
    [paste.clean]: { type: 'int32', dims: [rows.length], data: rows },
    [paste.shape]: int64Tensor([4], [to - from, region.y.size[g]!, region.x.size[g]!, channels]),
  };
  if (paste.mask === undefined) {
    const written = writtenRows(paste, slice);
    feeds[paste.fresh] = { type: 'int64', dims: [written.length, 1], data: written };
  } else {
    const { taken, covered } = takenRows(paste, slice);
    feeds[paste.fresh] = { type: 'int32', dims: [rows.length], data: taken };
    feeds[paste.mask] = { type: 'bool', dims: [rows.length, 1], data: covered };
  }
  return feeds;
}

function cleanRows({ region }: Paste, { group, from, to }: Slice): Int32Array {
  const { y, x } = region;
  const [height, width] = [y.size[group]!, x.size[group]!];
  const rows = new Int32Array((to - from) * area(region, group));
  const outside = y.length * x.length;
  let at = 0;
  for (let i = from; i < to; i++) {
    for (let r = y.start[i]!; r < y.start[i]! + height; r++) {
      for (let c = x.start[i]!; c < x.start[i]! + width; c++) {
        rows[at++] = r < 0 || r >= y.length || c < 0 || c >= x.length ? outside : r * x.length + c;
      }
    }
  }
  return rows;
}

function writtenRows({ window, region }: Paste, { group, from, to }: Slice): BigInt64Array {
  const rows = new BigInt64Array((to - from) * area(window, group));
  const [height, width] = [window.y.size[group]!, window.x.size[group]!];
  let at = 0;
  for (let i = from; i < to; i++) {
    const top = window.y.start[i]! - region.y.start[i]!;
    const left = window.x.start[i]! - region.x.start[i]!;
    for (let r = 0; r < height; r++) {
      const row = ((i - from) * region.y.size[group]! + top + r) * region.x.size[group]! + left;
      for (let c = 0; c < width; c++) rows[at++] = BigInt(row + c);
    }
  }
  return rows;
}

function takenRows({ window, region }: Paste, { group, from, to }: Slice): { taken: Int32Array; covered: Uint8Array } {
  const [height, width] = [window.y.size[group]!, window.x.size[group]!];
  const taken = new Int32Array((to - from) * area(region, group));
  const covered = new Uint8Array(taken.length);
  let at = 0;
  for (let i = from; i < to; i++) {
    const down = region.y.start[i]! - window.y.start[i]!;
    const right = region.x.start[i]! - window.x.start[i]!;
    for (let r = down; r < down + region.y.size[group]!; r++) {
      for (let c = right; c < right + region.x.size[group]!; c++, at++) {
        if (r < 0 || r >= height || c < 0 || c >= width) continue;
        taken[at] = ((i - from) * height + r) * width + c;
        covered[at] = 1;
      }
    }
  }
  return { taken, covered };
}
