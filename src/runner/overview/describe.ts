import { stat } from 'node:fs/promises';
import type { Checkpoint, ValueInfo } from '../../checkpoint/model.js';
import { dimsAt, type Facts } from '../../graph/facts.js';
import type { Graph } from '../../graph/graph.js';
import type { Layer } from '../../graph/layers/layer.js';
import { parameterCount } from '../../graph/layers/parameters.js';
import type { Preprocessing } from '../../input/settings.js';
import type { LayerDescription, Outline, ValueDescription } from '../../result/inspection.js';
import type { PreprocessingRecord } from '../../result/recipe.js';

/** What a model file says about itself, as plain data. */
export function outlineOf(checkpoint: Checkpoint, graph: Graph, layers: readonly Layer[], facts?: Facts): Outline {
  const { name, version } = checkpoint.producer;
  return {
    model: checkpoint.path,
    bytes: checkpoint.size,
    ir: checkpoint.irVersion,
    opset: Object.fromEntries([...checkpoint.opsets].map(([domain, v]) => [domain === '' ? 'ai.onnx' : domain, v])),
    producer: [name, version].filter((s) => s !== '').join(' '),
    inputs: graph.inputs.map(describeValue),
    outputs: graph.outputs.map(describeValue),
    parameters: parameterCount(graph),
    nodes: checkpoint.graph.nodes.length,
    layers: layers.map((layer) => describeLayer(layer, facts)),
    metadata: Object.fromEntries(checkpoint.metadata),
    warnings: checkpoint.warnings,
  };
}

/** Size of a model with the files that hold its weights. */
export async function bytesWithData({ size, externalFiles }: Checkpoint): Promise<number> {
  const sizes = await Promise.all(externalFiles.map(async (file) => (await stat(file)).size));
  return sizes.reduce((a, b) => a + b, size);
}

function describeValue({ name, type, dims }: ValueInfo): ValueDescription {
  return { name, type: type ?? 'unknown', dims: dims ?? [] };
}

function describeLayer(layer: Layer, facts?: Facts): LayerDescription {
  const { name, op, node, parameters, output, weights, scope, source, modules } = layer;
  const fact = facts?.get(output);
  return {
    name,
    op,
    node,
    parameters,
    output,
    weights,
    scope,
    ...(fact === undefined ? {} : { shape: dimsAt(fact, facts!.batch) }),
    ...(source === undefined ? {} : { source: { path: source.path, line: source.line } }),
    ...(modules === undefined ? {} : { modules }),
  };
}

/** A plan as it is shown and exported. */
export function recordOf(plan: Preprocessing | undefined): PreprocessingRecord {
  return plan === undefined ? {} : { ...plan };
}

/** The record of an input that was given as a tensor: nothing was done to it. */
export const TAKEN_AS_IS: PreprocessingRecord = {
  tensor: { value: 'as given', origin: { kind: 'user', detail: 'a .npy input is taken as already preprocessed' } },
};
