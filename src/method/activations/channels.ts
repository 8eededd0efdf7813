import { indexOf, type Graph } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import { smallFloats } from '../../graph/constants.js';
import type { ActivationSummary, ChannelStatistics } from '../../result/activations.js';
import { mapOf, type MapLayout } from './layout.js';

/** The flat ends of a bounded activation. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** The ends between which a value lies because of the operator that made it; undefined where it has none. */
export function boundsOf(graph: Graph, value: string): Bounds | undefined {
  const node = indexOf(graph).producer(value);
  if (node?.op === 'Clip') {
    const [low] = smallFloats(graph.weights.get(node.inputs[1] ?? '')) ?? [-Infinity];
    const [high] = smallFloats(graph.weights.get(node.inputs[2] ?? '')) ?? [Infinity];
    // A Clip at zero from below alone is a ReLU: its zeros are counted as such.
    return high === Infinity ? undefined : { low: low === 0 ? -Infinity : low!, high: high! };
  }
  const [low, high] = (node === undefined ? undefined : operator(node).range) ?? [-Infinity, Infinity];
  return low === -Infinity || high === Infinity ? undefined : { low, high };
}

/** How near to an end counts as saturated, as a share of the range. */
const NEAR = 0.01;

/** Numbers about every channel of one sample. Elements that are not finite are counted and left out. */
export function summarise(layout: MapLayout, sample: Float32Array, bounds: Bounds | undefined): ActivationSummary {
  const { channels, height, width } = layout;
  const area = height * width;
  const make = (): Float32Array => new Float32Array(channels);
  const statistics = { mean: make(), std: make(), min: make(), max: make(), zero: make(), saturated: make() };
  const map = new Float32Array(area);
  const top = bounds === undefined ? Infinity : bounds.high - NEAR * rangeOf(bounds);
  const bottom = bounds === undefined ? -Infinity : bounds.low + NEAR * rangeOf(bounds);
  let [min, max, total, count, zeros, nan, infinite, dead] = [Infinity, -Infinity, 0, 0, 0, 0, 0, 0];
  for (let c = 0; c < channels; c++) {
    mapOf(layout, sample, c, map);
    let [low, high, sum, n, zero, ends] = [Infinity, -Infinity, 0, 0, 0, 0];
    for (const v of map) {
      if (Number.isNaN(v)) nan++;
      else if (!Number.isFinite(v)) infinite++;
      else {
        n++;
        sum += v;
        if (v < low) low = v;
        if (v > high) high = v;
        if (v === 0) zero++;
        if (v >= top || v <= bottom) ends++;
      }
    }
    const mean = n === 0 ? 0 : sum / n;
    let spread = 0;
    for (const v of map) if (Number.isFinite(v)) spread += (v - mean) ** 2;
    statistics.mean[c] = mean;
    statistics.std[c] = n === 0 ? 0 : Math.sqrt(spread / n);
    statistics.min[c] = n === 0 ? 0 : low;
    statistics.max[c] = n === 0 ? 0 : high;
    statistics.zero[c] = n === 0 ? 0 : zero / n;
    statistics.saturated[c] = n === 0 || bounds === undefined ? 0 : ends / n;
    if (n > 0 && zero === n) dead++;
    min = Math.min(min, low);
    max = Math.max(max, high);
    total += sum;
    count += n;
    zeros += zero;
  }
  if (count === 0) [min, max] = [0, 0];
  const share = (n: number): number => (count === 0 ? 0 : n / count);
  return { statistics, min, max, mean: share(total), zero: share(zeros), nan, infinite, dead };
}

/** The range of an activation; where it is open below (a Clip that cuts off at the top), its upper end alone. */
function rangeOf({ low, high }: Bounds): number {
  return Number.isFinite(low) ? high - low : Math.abs(high);
}

/** Channels in the order in which they are shown. */
export function orderOf(statistics: ChannelStatistics, sort: 'index' | 'mean' | 'max' = 'index'): Uint32Array {
  const order = Uint32Array.from(statistics.mean.keys());
  if (sort === 'index') return order;
  const by = statistics[sort];
  return order.sort((a, b) => by[b]! - by[a]! || a - b);
}
