import { LensError, throwIfCancelled } from '../base/errors.js';
import { sameDims } from '../base/tensor.js';
import { hasControlFlow, mergeBranches, resolveControlFlow } from '../graph/build/resolve.js';
import type { ValueInfo } from '../checkpoint/model.js';
import type { Facts } from '../graph/facts.js';
import type { Graph } from '../graph/graph.js';
import { batchedInputs, fixedBatch, probeFacts, type InputDims } from './probe.js';
import { memoryLimit } from './plan.js';
import type { Sessions } from './session.js';

/** A graph as it is run and differentiated, and what is known of its values. */
export interface Prepared {
  readonly graph: Graph;
  readonly facts: Facts;
}

/**
 * Learns the shapes of a graph's values, and resolves its control flow as far as it goes. Values keep their names.
 *
 * An If that shapes decide becomes the branch that they choose. One that the picture decides becomes both branches and a
 * choice, where both can be computed and give one shape; else it stays, and stops a gradient by its name. A model with a
 * decision that depends on its input is run one input at a time: the condition is one for the whole batch.
 */
export async function prepareGraph(
  graph: Graph,
  sessions: Sessions,
  inputDims: InputDims = {},
  signal?: AbortSignal,
  limit: number = memoryLimit(),
): Promise<Prepared> {
  const free = await withFreeBatch(graph, sessions, inputDims, limit, signal);
  if (free !== undefined) return free;
  const probed = async (of: Graph, single = false): Promise<Prepared> => ({
    graph: of,
    facts: await probeFacts(of, sessions, inputDims, signal, { single, limit }),
  });
  // What is resolved may hold more of it, of which nothing is known before it has run.
  const resolved = async (from: Prepared, free = from.facts): Promise<Prepared> => {
    const next = resolveControlFlow(from.graph, from.facts, free);
    return next === from.graph ? from : resolved(await probed(next, !from.facts.dynamicBatch), free);
  };
  const first = await probed(graph);
  if (!hasControlFlow(graph)) return first;
  const known = await resolved(first);
  if (!known.graph.nodes.some((n) => n.domain === '' && (n.op === 'If' || n.op === 'Loop'))) return known;
  // What the size of the batch decides is decided for one.
  const alone = await resolved(await probed(known.graph, true), known.facts);
  const merged = mergeBranches(alone.graph);
  if (merged === undefined) return alone;
  try {
    const both = await probed(merged.graph, true);
    const alike = merged.choices.every(({ ifTrue, ifFalse }) => {
      const [a, b] = [both.facts.get(ifTrue), both.facts.get(ifFalse)];
      return a !== undefined && b !== undefined && sameDims(a.base, b.base);
    });
    if (alike) return await resolved(both, alone.facts);
  } catch (error) {
    throwIfCancelled(signal);
    // A branch that cannot be computed on what it was not meant for: the If stays.
    if (!(error instanceof LensError)) throw error;
  }
  return alone;
}

/**
 * A model that fixes a batch of several, with its batch made free: undefined where it fixes none, where its graph holds on
 * to the number (a constant shape in a Reshape), or where it decides at run time, which is done for one input at a time.
 */
async function withFreeBatch(
  graph: Graph,
  sessions: Sessions,
  inputDims: InputDims,
  limit: number,
  signal?: AbortSignal,
): Promise<Prepared | undefined> {
  const fixed = fixedBatch(batchedInputs(graph, inputDims));
  if (fixed === undefined || fixed < 2 || hasControlFlow(graph)) return undefined;
  const batched = new Set(batchedInputs(graph, inputDims).map((i) => i.name));
  const freed = <V extends ValueInfo>(value: V): V =>
    value.dims?.[0] === fixed ? { ...value, dims: ['batch', ...value.dims.slice(1)] } : value;
  const candidate: Graph = {
    ...graph,
    inputs: graph.inputs.map((i) => (batched.has(i.name) ? freed(i) : i)),
    outputs: graph.outputs.map(freed),
    ...(graph.described === undefined ? {} : { described: graph.described.map(freed) }),
  };
  try {
    const facts = await probeFacts(candidate, sessions, inputDims, signal, { limit });
    return facts.dynamicBatch ? { graph: candidate, facts } : undefined;
  } catch (error) {
    throwIfCancelled(signal);
    if (!(error instanceof LensError)) throw error;
    return undefined;
  }
}
