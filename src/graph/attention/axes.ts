import { smallIntegers } from '../constants.js';
import type { Graph, GraphNode } from '../graph.js';

/** Where an axis of the first input lies in the output of a node that moves elements about; undefined where it is lost. */
export function axisAfter(
  graph: Graph,
  node: GraphNode,
  axis: number,
  from: readonly number[],
  to: readonly number[],
): number | undefined {
  if (node.op === 'Transpose') {
    const order = orderOf(node, from.length);
    const at = order.indexOf(axis);
    return at < 0 ? undefined : at;
  }
  if (product(from) === product(to)) {
    const at = inReshaped(axis, from, to);
    if (at !== undefined) return at;
  }
  if (node.op === 'Gather') return afterGather(graph, node, axis, from.length, to.length);
  // An axis that is neither reshaped nor moved, counted from the end as broadcasting does.
  const at = to.length - from.length + axis;
  return at >= 0 && node.op !== 'Reshape' ? at : undefined;
}

/** The axes of the input that an axis of the output is made of, one or several merged, or the one that it was split off. */
export function axesBefore(
  node: GraphNode,
  axis: number,
  from: readonly number[],
  to: readonly number[],
): readonly number[] {
  if (node.op === 'Transpose') return [orderOf(node, from.length)[axis] ?? axis];
  if (node.op === 'Gather') {
    // A single index takes its axis away: those in front of it stay where they are.
    const given = node.attributes.int('axis', 0);
    const along = given < 0 ? given + from.length : given;
    return axis < along ? [axis] : [axis + from.length - to.length];
  }
  if (product(from) !== product(to) || node.op === 'Expand') {
    const at = from.length - to.length + axis;
    return at >= 0 ? [at] : [];
  }
  const [begin, end] = [product(to.slice(0, axis)), product(to.slice(0, axis + 1))];
  const covered: number[] = [];
  let before = 1;
  for (let i = 0; i < from.length; i++) {
    const after = before * from[i]!;
    if (before >= begin && after <= end && from[i]! > 1) covered.push(i);
    else if (before < end && after > begin && after > before) return [i];
    before = after;
  }
  return covered;
}

/** The axis of the reshaped array that holds the same elements in the same steps; of several of size 1 the nearest. */
function inReshaped(axis: number, from: readonly number[], to: readonly number[]): number | undefined {
  const before = product(from.slice(0, axis));
  let [seen, best]: [number, number | undefined] = [1, undefined];
  to.forEach((size, i) => {
    if (seen === before && size === from[axis] && (best === undefined || Math.abs(i - axis) < Math.abs(best - axis)))
      best = i;
    seen *= size;
  });
  return best;
}

function afterGather(graph: Graph, node: GraphNode, axis: number, rank: number, rankAfter: number): number | undefined {
  const given = node.attributes.int('axis', 0);
  const along = given < 0 ? given + rank : given;
  if (axis === along) return rankAfter === rank ? axis : undefined;
  const grown = smallIntegers(graph.weights.get(node.inputs[1] ?? ''));
  const indices = grown === undefined ? rankAfter - rank + 1 : rankAfter - (rank - 1);
  return axis < along ? axis : axis - 1 + indices;
}

function orderOf(node: GraphNode, rank: number): readonly number[] {
  return node.attributes.ints(
    'perm',
    Array.from({ length: rank }, (_, i) => rank - 1 - i),
  );
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}
