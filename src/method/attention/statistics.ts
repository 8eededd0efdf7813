import type { FloatTensor } from '../../base/tensor.js';
import type { AttentionLayer, AttentionMatrices } from '../../result/attention.js';

type Statistics = Omit<AttentionMatrices, 'layer' | 'weights' | 'norms' | 'outliers'>;

/**
 * What is said of each head, over all windows: how spread its rows are, how far they look and where.
 *
 * @param weights `[windows, heads, queries, keys]`
 */
export function statisticsOf(layer: Pick<AttentionLayer, 'from' | 'to'>, weights: FloatTensor): Statistics {
  const [windows = 0, heads = 0, queries = 0, keys = 0] = weights.dims;
  const { data } = weights;
  const entropy = new Float32Array(heads);
  const distance = new Float32Array(heads).fill(NaN);
  const onPrefix = new Float32Array(heads).fill(NaN);
  const onSelf = new Float32Array(heads).fill(NaN);
  let [least, most] = [Infinity, -Infinity];
  const { from, to } = layer;
  const square = queries === keys;
  for (let h = 0; h < heads; h++) {
    let [spread, far, placed, none, self] = [0, 0, 0, 0, 0];
    for (let w = 0; w < windows; w++) {
      for (let q = 0; q < queries; q++) {
        const row = ((w * heads + h) * queries + q) * keys;
        let sum = 0;
        for (let k = 0; k < keys; k++) {
          const a = data[row + k]!;
          sum += a;
          if (a > 0) spread -= a * Math.log(a);
        }
        least = Math.min(least, sum);
        most = Math.max(most, sum);
        if (square) self += data[row + q]!;
        if (to === undefined) continue;
        const apart =
          from === undefined ? undefined : distanceOf(data, row, { from, to, queries, keys, window: w, query: q });
        none += sharesWithout(data, row, to.cells, w * keys, keys);
        if (apart === undefined) continue;
        far += apart;
        placed++;
      }
    }
    const rows = windows * queries;
    entropy[h] = spread / rows;
    if (square) onSelf[h] = self / rows;
    if (to !== undefined) onPrefix[h] = none / rows;
    if (placed > 0) distance[h] = far / placed;
  }
  return { entropy, distance, onPrefix, onSelf, sums: [least, most] };
}

function sharesWithout(data: Float32Array, row: number, cells: Int32Array, at: number, keys: number): number {
  let sum = 0;
  for (let k = 0; k < keys; k++) if (cells[at + k]! < 0) sum += data[row + k]!;
  return sum;
}

interface Looking {
  readonly from: NonNullable<AttentionLayer['from']>;
  readonly to: NonNullable<AttentionLayer['to']>;
  /** Tokens of a window. */
  readonly queries: number;
  readonly keys: number;
  readonly window: number;
  readonly query: number;
}

/**
 * How far a query with a place looks on the mean, over keys with a place, their shares summing to one; in cells of the keys'
 * grid. Undefined where it has no place, or looks at none.
 */
function distanceOf(
  data: Float32Array,
  row: number,
  { from, to, queries, keys, window, query }: Looking,
): number | undefined {
  const own = from.cells[window * queries + query]!;
  if (own < 0) return undefined;
  const [scaleY, scaleX] = [to.grid[0] / from.grid[0], to.grid[1] / from.grid[1]];
  const y = (Math.floor(own / from.grid[1]) + 0.5) * scaleY - 0.5;
  const x = ((own % from.grid[1]) + 0.5) * scaleX - 0.5;
  const columns = to.grid[1];
  const { cells } = to;
  const first = window * keys;
  let sum = 0;
  let mass = 0;
  for (let k = 0; k < keys; k++) {
    const cell = cells[first + k]!;
    if (cell < 0) continue;
    const a = data[row + k]!;
    mass += a;
    const line = (cell / columns) | 0;
    const dy = line - y;
    const dx = cell - line * columns - x;
    sum += a * Math.sqrt(dy * dy + dx * dx);
  }
  return mass > 0 ? sum / mass : undefined;
}
