import { castFloating, sizeOf, type Tensor } from '../../base/tensor.js';
import type { Graph } from '../../graph/graph.js';
import { numbers } from '../../gradient/emit/tape.js';
import { readWeights } from '../../session/readWeights.js';
import type { StateKind, StateSlot } from './step.js';

/** Pieces of state that begin at a weight of the model; the others begin at 0. */
function isValue(kind: StateKind): boolean {
  return kind === 'weight' || kind === 'running-mean' || kind === 'running-variance' || kind === 'average';
}

/** The state with which training begins, by the names of inputs. Weights that are not given are read from the model's files. */
export async function startState(
  graph: Graph,
  slots: readonly StateSlot[],
  given?: ReadonlyMap<string, Tensor>,
  signal?: AbortSignal,
): Promise<Map<string, Tensor>> {
  const values = slots.filter((s) => isValue(s.kind));
  const missing = new Set(values.map((s) => s.of).filter((name) => given?.has(name) !== true));
  const own = await readWeights(graph, missing, signal);
  const state = new Map<string, Tensor>();
  for (const { input, kind, of, type, dims } of slots) {
    const value = isValue(kind) ? (given?.get(of) ?? own.get(of)) : undefined;
    state.set(
      input,
      value === undefined
        ? numbers(type, dims, new Float64Array(sizeOf(dims)))
        : castFloating(value, type as 'float32' | 'float64'),
    );
  }
  return state;
}

/** Weights and running statistics out of a state, in the types of the model. */
export function weightsOf(
  graph: Graph,
  slots: readonly StateSlot[],
  state: ReadonlyMap<string, Tensor>,
  averaged: boolean,
): Map<string, Tensor> {
  const out = new Map<string, Tensor>();
  const averages = new Set(slots.flatMap((s) => (averaged && s.kind === 'average' ? [s.of] : [])));
  for (const { input, kind, of } of slots) {
    if (!isValue(kind) || (kind === 'average') !== averages.has(of)) continue;
    const value = state.get(input);
    if (value === undefined) throw new Error(`The state has no "${input}"`);
    out.set(of, castFloating(value, graph.weights.get(of)!.type as 'float32'));
  }
  return out;
}
