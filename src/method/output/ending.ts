import { sampleAxis } from '../subject/samples.js';
import type { Facts } from '../../graph/facts.js';
import { dimsAt } from '../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import { readsOf } from '../../graph/order.js';
import type { Ending } from './kind.js';

/** Nodes of a head behind its last weights; a detector's has some dozens. */
const MOST_NODES = 400;

/** What makes a value: the last operator that computes, the axis of a Softmax, and all operators behind the last weights. */
export function endingOf(graph: Graph, facts: Facts, value: string): Ending {
  const index = indexOf(graph);
  const tail = tailOf(graph, value);
  let name = value;
  /** Axis `i` of `value` is axis `axes[i]` of `name`; undefined once a reshape has mixed them. */
  let axes = dimsOf(facts, value)?.map((_, i) => i);
  for (;;) {
    const node = index.producer(name);
    if (node === undefined) return { op: '', tail };
    const input = node.inputs[0] ?? '';
    if (node.domain === '' && (node.op === 'Softmax' || node.op === 'LogSoftmax')) {
      const rank = dimsOf(facts, name)?.length ?? 0;
      const along = (node.attributes.int('axis', -1) + rank) % Math.max(1, rank);
      const own = axes?.indexOf(along) ?? -1;
      const axis = own < 0 ? undefined : sampleAxis(facts, value, own);
      return { op: node.op, tail, ...(axis === undefined ? {} : { axis }) };
    }
    if (node.domain === '' && node.op === 'Transpose') {
      const perm = node.attributes.ints('perm') ?? dimsOf(facts, name)?.map((_, i, all) => all.length - 1 - i);
      axes = perm === undefined ? undefined : axes?.map((axis) => perm[axis]!);
    } else if (node.domain === '' && operator(node).keepsOrder === true && node.outputs[0] === name) {
      axes = through(axes, dimsOf(facts, input), dimsOf(facts, name));
    } else return { op: node.op, tail };
    if (input === '') return { op: '', tail };
    name = input;
  }
}

/** Axes behind an operator that reshapes: those that are not 1 keep their order where they are the same. */
function through(
  axes: readonly number[] | undefined,
  before: readonly number[] | undefined,
  after: readonly number[] | undefined,
): number[] | undefined {
  if (axes === undefined || before === undefined || after === undefined) return undefined;
  const real = (dims: readonly number[]): number[] => dims.flatMap((d, i) => (d === 1 ? [] : [i]));
  const [from, to] = [real(after), real(before)];
  if (from.length !== to.length || from.some((axis, i) => after[axis] !== before[to[i]!])) return undefined;
  return axes.map((axis) => to[from.indexOf(axis)] ?? -1);
}

function dimsOf(facts: Facts, value: string): readonly number[] | undefined {
  const fact = facts.get(value);
  return fact === undefined ? undefined : dimsAt(fact, facts.batch);
}

/** Operators between a value and the layers with weights before it, those of the layers included. */
function tailOf(graph: Graph, value: string): ReadonlySet<string> {
  const index = indexOf(graph);
  const ops = new Set<string>();
  const seen = new Set<GraphNode>();
  const queue = [value];
  while (queue.length > 0 && seen.size < MOST_NODES) {
    const node = index.producer(queue.shift()!);
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    ops.add(node.op);
    if (operator(node).product === undefined) queue.push(...readsOf(node));
  }
  return ops;
}
