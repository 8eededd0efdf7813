import { cosine } from '../../numeric/cosine.js';
import type { Attribution } from '../../result/explanation.js';
import { reduce, type ValueMap } from '../../result/heatmap.js';
import { spearman } from '../sanity/similarity.js';

/** How alike two maps of the same picture are. */
export interface MapLikeness {
  /** Spearman's rank correlation of the magnitudes, one for each pixel. */
  readonly spearman: number;
  /** Cosine of the signed maps, channels added up; 0 where one of them is all zero. */
  readonly cosine: number;
}

/**
 * Two maps of the same picture, each of the size in which its model sees it: the finer one is averaged down to the other.
 *
 * @returns nothing where one holds what is no number
 */
export function likenessOf(a: Attribution, b: Attribution): MapLikeness | undefined {
  const [sizes, signed] = [pair(reduce(a, 'l1'), reduce(b, 'l1')), pair(reduce(a, 'sum'), reduce(b, 'sum'))];
  if (![...sizes, ...signed].every((map) => map.values.every(Number.isFinite))) return undefined;
  return {
    spearman: spearman(sizes[0].values, sizes[1].values),
    cosine: cosine(signed[0].values, signed[1].values),
  };
}

function pair(a: ValueMap, b: ValueMap): readonly [ValueMap, ValueMap] {
  const [width, height] = [Math.min(a.width, b.width), Math.min(a.height, b.height)];
  return [averaged(a, width, height), averaged(b, width, height)];
}

/** A map at a smaller size: each value is the mean over its area. */
export function averaged(map: ValueMap, width: number, height: number): ValueMap {
  if (map.width === width && map.height === height) return map;
  const rows = shrunk(map.values, map.height, map.width, height, 1, map.width);
  const values = shrunk(rows, map.width, height, width, map.width, 1);
  return { ...map, width, height, values };
}

/**
 * Means along one axis of `from` values, `lines` lines beside one another.
 *
 * @param line step from one line to the next
 * @param step step along the axis
 */
function shrunk(
  values: Float32Array,
  from: number,
  lines: number,
  to: number,
  line: number,
  step: number,
): Float32Array {
  const out = new Float32Array(to * lines);
  // Along rows the result's lines are as long as `to`, along columns its steps stay.
  const ownLine = step === 1 ? to : line;
  const scale = from / to;
  for (let k = 0; k < to; k++) {
    const [begin, end] = [k * scale, (k + 1) * scale];
    for (let l = 0; l < lines; l++) {
      let sum = 0;
      for (let i = Math.floor(begin); i < Math.min(from, Math.ceil(end - 1e-9)); i++)
        sum += values[l * line + i * step]! * (Math.min(end, i + 1) - Math.max(begin, i));
      out[l * ownLine + k * step] = sum / scale;
    }
  }
  return out;
}
