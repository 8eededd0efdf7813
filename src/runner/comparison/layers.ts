import { pairLayers, pointPairs, pointsBehind, type Point } from '../../method/comparison/pairing.js';
import { isBroken, SIGNAL_BOUND, type SignalSums } from '../../method/comparison/signal.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { LayerSignal, Pairing, Side, SignalRow } from '../../result/comparison.js';
import type { TapPair } from './layerUnit.js';
import { tapOf, type OpenSide, type Tap } from './side.js';

/** Pairs of layers that are held against each other. */
const MOST_PAIRS = 256;

/** The pairs of layers whose values are compared, and where. */
export interface SignalPlan {
  readonly paired: Pairing;
  readonly rows: readonly { readonly a: string; readonly b: string; readonly points: readonly PlannedPoint[] }[];
  /** Every point of every row. */
  readonly pairs: readonly TapPair[];
  /** Pairs of layers of different sizes, and those beyond the bound. */
  readonly unlike: number;
  readonly beyond: number;
}

interface PlannedPoint {
  /** Its place among the pairs. */
  readonly pair: number;
  readonly behind?: string;
}

/** Which layers of two models can be held against each other, value by value. */
export function signalPlan(sides: Readonly<Record<Side, OpenSide>>): SignalPlan {
  const [a, b] = [sides.a.subject, sides.b.subject];
  const { how, pairs: found } = pairLayers(a, b);
  const pairs: TapPair[] = [];
  const rows: { a: string; b: string; points: PlannedPoint[] }[] = [];
  let [unlike, beyond] = [0, 0];
  for (const [own, other] of found) {
    if (rows.length === MOST_PAIRS) {
      beyond++;
      continue;
    }
    const points: PlannedPoint[] = [];
    for (const point of pointPairs(pointsOf(a, own.output), pointsOf(b, other.output))) {
      const [first, second] = [tapOf(a, point.a.value), tapOf(b, point.b.value)];
      if (first === undefined || second === undefined || first.width !== second.width) continue;
      points.push({ pair: pairs.length, ...behindOf(point.a, point.b) });
      pairs.push({ a: first, b: second });
    }
    if (points.length === 0) unlike++;
    else rows.push({ a: own.name, b: other.name, points });
  }
  return { paired: rows.length === 0 ? 'none' : how, rows, pairs, unlike, beyond };
}

function pointsOf({ graph, facts }: ModelSubject, value: string): readonly Point[] {
  return pointsBehind(graph, facts, value);
}

function behindOf(a: Point, b: Point): Pick<PlannedPoint, 'behind'> {
  const path = a.path.length > 0 ? a.path : b.path;
  if (path.length === 0) return {};
  return { behind: `${path.join(' and ')} of the ${a.path.length > 0 ? 'first' : 'second'} model` };
}

/** What is read of each model for that. */
export function signalTaps({ pairs }: SignalPlan, side: Side): readonly Tap[] {
  return [...new Map(pairs.map((pair) => [pair[side].value, pair[side]])).values()];
}

/** The ratios over the set; of several points the one where most is left is meant. */
export function signalOf(plan: SignalPlan, sums: SignalSums, counted: number): LayerSignal | undefined {
  if (plan.rows.length === 0 || counted === 0) return undefined;
  const worth = (pair: number): number => {
    const ratio = sums.ratio(pair);
    return Number.isNaN(ratio) ? -Infinity : ratio;
  };
  const layers = plan.rows.map(({ a, b, points }): SignalRow => {
    const best = points.reduce((x, y) => (worth(y.pair) > worth(x.pair) ? y : x));
    const { pair, behind } = best;
    return {
      a,
      b,
      snr: sums.ratio(pair),
      broken: sums.broken(pair),
      ...(behind === undefined ? {} : { behind }),
    };
  });
  const first = layers.findIndex((row) => isBroken(row, SIGNAL_BOUND));
  return { paired: plan.paired, layers, bound: SIGNAL_BOUND, ...(first < 0 ? {} : { first }), counted };
}
