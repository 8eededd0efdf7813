import { LensError } from '../base/errors.js';
import { sizeOf, type ElementType } from '../base/tensor.js';
import type { StoredTensor, ValueInfo } from '../checkpoint/model.js';
import { smallIntegers } from '../graph/constants.js';
import { indexOf, type Graph, type GraphNode } from '../graph/graph.js';
import { readsOf } from '../graph/order.js';
import { inferTypes } from '../graph/types.js';
import type { Sessions, Shapes } from './session.js';
import { withSizes } from './sizes.js';

/** The shapes of a graph's values, as far as the runtime can tell them without running it. */

/** The runtime lists outputs in quadratic time: it is asked for a part of the graph at a time. */
const NODES = 1000;

/** Nodes before a part that are repeated in it at most. */
const REPEATED = 250;

/** A graph of which this does not tell all is of no kind that people run. */
const MOST_MS = 20_000;

/** So often what is known of sizes is worked out further: each time costs as much as the first. */
const ROUNDS = 4;

/** Smaller weights stay: shapes and scales, which the inference of shapes computes with. */
const FEWEST = 4096;

/**
 * Shapes of the values that the nodes make, those aside that depend on what is fed. The time grows with the number of
 * nodes, and is bounded: what comes too late is absent, as is what stands behind a node that the runtime refuses.
 *
 * @param inputs sizes of the graph's inputs
 */
export async function shapesOf(
  graph: Graph,
  sessions: Sessions,
  inputs: Readonly<Record<string, readonly number[]>>,
): Promise<Shapes> {
  requireAmounts(graph);
  const known = new Map<string, readonly number[]>(Object.entries(inputs));
  const until = performance.now() + MOST_MS;
  await tellInto(known, graph, sessions, until);
  // What follows from sizes by arithmetic may tell more shapes, and those more sizes.
  let current = graph;
  for (let round = 0; round < ROUNDS && performance.now() < until; round++) {
    if (graph.nodes.every((node) => node.outputs.every((v) => v === '' || known.has(v)))) break;
    const next = await withSizes(current, sessions, known);
    if (next === undefined) break;
    current = next;
    await tellInto(known, current, sessions, until);
  }
  for (const name of Object.keys(inputs)) known.delete(name);
  return known;
}

/** Adds what the runtime tells of a graph, a part after the other. */
async function tellInto(
  known: Map<string, readonly number[]>,
  graph: Graph,
  sessions: Sessions,
  until: number,
): Promise<void> {
  const parts = new Parts(graph, known);
  for (let from = 0; from < graph.nodes.length && performance.now() < until;) {
    const to = Math.min(graph.nodes.length, from + NODES);
    const { shapes, count } = await told(sessions, from, to, (end) => parts.between(from, end));
    for (const [value, dims] of shapes) known.set(value, dims);
    if (count < to - from) break;
    from = to;
  }
}

/**
 * What the runtime tells of a part. It refuses it as a whole where one shape cannot be right, as one that is doubled until no
 * number holds it; a run would get far before it comes to that node. So the longest part that it does not refuse is looked
 * for, by halves.
 */
async function told(
  sessions: Sessions,
  from: number,
  to: number,
  part: (end: number) => Graph,
): Promise<{ readonly shapes: Shapes; readonly count: number }> {
  const tell = async (count: number): Promise<Shapes> => (await sessions.shapes?.(part(from + count))) ?? new Map();
  const all = to - from;
  let shapes = await tell(all);
  if (shapes.size > 0 || sessions.shapes === undefined) return { shapes, count: all };
  let known = 0;
  for (let refused = all; refused - known > 1;) {
    const middle = (known + refused) >> 1;
    const more = await tell(middle);
    if (more.size > 0) [shapes, known] = [more, middle];
    else refused = middle;
  }
  return { shapes, count: known };
}

/** Parts of a graph, each a graph of its own. */
class Parts {
  private readonly types: ReadonlyMap<string, ElementType>;

  constructor(
    private readonly graph: Graph,
    /** Sizes of values, those of the parts before included. */
    private readonly known: Shapes,
  ) {
    this.types = inferTypes(graph);
  }

  /** The nodes from `from` up to `to`, at fixed sizes, with every value as output; large weights are inputs, so that none is read. */
  between(from: number, to: number): Graph {
    const { graph } = this;
    const own = graph.nodes.slice(from, to);
    const nodes = from === 0 ? own : [...this.repeated(own), ...own];
    const made = new Set(nodes.flatMap((node) => node.outputs));
    const fed = new Map<string, ValueInfo>();
    const weights = new Map<string, StoredTensor>();
    for (const name of nodes.flatMap(readsOf)) {
      if (name === '' || made.has(name)) continue;
      const weight = graph.weights.get(name);
      if (weight !== undefined && sizeOf(weight.dims) < FEWEST) weights.set(name, weight);
      else if (weight !== undefined) fed.set(name, { name, type: weight.type, dims: weight.dims });
      else fed.set(name, this.valueOf(name));
    }
    const outputs = own.flatMap((node) => node.outputs.filter((v) => v !== '').map((name): ValueInfo => ({ name })));
    const unread = from === 0 ? graph.inputs.filter((i) => !fed.has(i.name)).map((i) => this.valueOf(i.name)) : [];
    return { ...graph, nodes, inputs: [...fed.values(), ...unread], weights, outputs, described: [] };
  }

  private valueOf(name: string): ValueInfo {
    const declared = this.graph.inputs.find((i) => i.name === name);
    const type = declared?.type ?? this.types.get(name);
    const dims = this.known.get(name) ?? declared?.dims;
    return { name, ...(type === undefined ? {} : { type }), ...(dims === undefined ? {} : { dims }) };
  }

  /** The nodes before a part that make what it reads and no input can stand for: what is no tensor has no type here. In order. */
  private repeated(own: readonly GraphNode[]): readonly GraphNode[] {
    const index = indexOf(this.graph);
    const inside = new Set(own);
    const found = new Set<GraphNode>();
    const waiting = own.flatMap(readsOf);
    while (waiting.length > 0 && found.size < REPEATED) {
      const value = waiting.pop()!;
      const node = this.types.has(value) ? undefined : index.producer(value);
      if (node === undefined || inside.has(node) || found.has(node)) continue;
      found.add(node);
      waiting.push(...readsOf(node));
    }
    return found.size === 0 ? [] : this.graph.nodes.filter((node) => found.has(node));
  }
}

/** No axis is longer than this; the runtime's own sums overflow far beyond it, and end the process. */
const LONGEST_PAD = 2 ** 31 - 1;

/**
 * Refuses what the runtime does not survive: amounts that it adds up without looking.
 *
 * @throws LensError `session/pad` for a Pad by a constant beyond any size
 */
function requireAmounts(graph: Graph): void {
  for (const node of graph.nodes) {
    if (node.op !== 'Pad') continue;
    const pads = smallIntegers(graph.weights.get(node.inputs[1] ?? '')) ?? node.attributes.ints('pads') ?? [];
    const far = pads.find((p) => Math.abs(p) > LONGEST_PAD);
    if (far === undefined) continue;
    throw new LensError(
      'unsupported',
      'session/pad',
      `The Pad "${node.name}" adds ${far.toLocaleString('en-US')} places, which no run can hold.`,
      { hint: 'Export the model again: a number in this file is wrong.' },
    );
  }
}
