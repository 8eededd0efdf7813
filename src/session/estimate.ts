import { sizeOf } from '../base/tensor.js';
import type { Facts } from '../graph/facts.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import { flopsOf } from '../graph/measure/flops.js';
import { inferTypes } from '../graph/types.js';
import { batchedInputs, dimsOf, fixedBatch, type InputDims } from './probe.js';
import type { Sessions } from './session.js';
import { shapesOf } from './shapes.js';

/** What a run would take, and the shapes of values, as far as both are told without running. */
export interface Estimate {
  /** Floating-point operations at least: what is not known is counted by its weights. */
  readonly operations: number;
  /** At batch 1, or the model's own; values whose shape is computed while it runs are absent. */
  readonly facts: Facts;
}

/** Times that a weight is used in a layer of which no more is known: places of a picture, or words. */
const USES = 200;

/** @throws LensError for inputs of which nobody says the size */
export async function estimateRun(graph: Graph, sessions: Sessions, inputDims: InputDims): Promise<Estimate> {
  const batch = fixedBatch(batchedInputs(graph, inputDims)) ?? 1;
  const inputs = Object.fromEntries(graph.inputs.map((input) => [input.name, dimsOf(input, inputDims, batch)]));
  const shapes = await shapesOf(graph, sessions, inputs);
  const types = inferTypes(graph);
  const facts: Facts = {
    dynamicBatch: false,
    batch,
    get(value) {
      const dims = inputs[value] ?? shapes.get(value) ?? graph.weights.get(value)?.dims;
      const type = types.get(value);
      return dims === undefined || type === undefined ? undefined : { type, base: dims, slope: dims.map(() => 0) };
    },
  };
  let operations = 0;
  for (const node of graph.nodes) operations += flopsOf(node, facts) ?? guessed(graph, node);
  return { operations, facts };
}

function guessed(graph: Graph, node: GraphNode): number {
  const weights = node.inputs.flatMap((name) => graph.weights.get(name) ?? []).filter((w) => w.dims.length > 1);
  return weights.reduce((sum, w) => sum + 2 * USES * sizeOf(w.dims), 0);
}
