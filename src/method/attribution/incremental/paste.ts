import type { Tensor } from '../../../base/tensor.js';
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
  readonly window: Window;
  readonly region: Window;
}

/** The index tensors of positions `from` to `to`. */
export function pasteFeeds(paste: Paste, from: number, to: number): Record<string, Tensor> {
  const n = to - from;
  const { clean, fresh, mask } = paste;
  const rows = cleanRows(paste, from, to);
  if (mask === undefined) {
    const written = writtenRows(paste, from, to);
    return {
      [clean]: { type: 'int32', dims: [rows.length], data: rows },
      [fresh]: { type: 'int64', dims: [written.length, 1], data: written },
    };
  }
  const taken = new Int32Array(rows.length);
  const covered = new Uint8Array(rows.length);
  const { window, region } = paste;
  let at = 0;
  for (let i = 0; i < n; i++) {
    const down = region.y.start[from + i]! - window.y.start[from + i]!;
    const right = region.x.start[from + i]! - window.x.start[from + i]!;
    for (let r = 0; r < region.y.size; r++) {
      for (let c = 0; c < region.x.size; c++, at++) {
        const [y, x] = [r + down, c + right];
        if (y < 0 || y >= window.y.size || x < 0 || x >= window.x.size) continue;
        taken[at] = (i * window.y.size + y) * window.x.size + x;
        covered[at] = 1;
      }
    }
  }
  return {
    [clean]: { type: 'int32', dims: [rows.length], data: rows },
    [fresh]: { type: 'int32', dims: [rows.length], data: taken },
    [mask]: { type: 'bool', dims: [rows.length, 1], data: covered },
  };
}

function cleanRows({ region }: Paste, from: number, to: number): Int32Array {
  const { y, x } = region;
  const rows = new Int32Array((to - from) * area(region));
  const outside = y.length * x.length;
  let at = 0;
  for (let i = from; i < to; i++) {
    for (let r = y.start[i]!; r < y.start[i]! + y.size; r++) {
      for (let c = x.start[i]!; c < x.start[i]! + x.size; c++) {
        rows[at++] = r < 0 || r >= y.length || c < 0 || c >= x.length ? outside : r * x.length + c;
      }
    }
  }
  return rows;
}

function writtenRows({ window, region }: Paste, from: number, to: number): BigInt64Array {
  const rows = new BigInt64Array((to - from) * area(window));
  let at = 0;
  for (let i = from; i < to; i++) {
    const top = window.y.start[i]! - region.y.start[i]!;
    const left = window.x.start[i]! - region.x.start[i]!;
    for (let r = 0; r < window.y.size; r++) {
      const row = ((i - from) * region.y.size + top + r) * region.x.size + left;
      for (let c = 0; c < window.x.size; c++) rows[at++] = BigInt(row + c);
    }
  }
  return rows;
}
