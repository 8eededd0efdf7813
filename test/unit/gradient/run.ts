import { Random } from '../../../src/base/random.js';
import {
  floatTensor,
  int64Tensor,
  sizeOf,
  toFloat32,
  type FloatTensor,
  type Tensor,
} from '../../../src/base/tensor.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { cutFinalActivation } from '../../../src/graph/edits.js';
import { dimsAt, type Facts } from '../../../src/graph/facts.js';
import type { Graph } from '../../../src/graph/graph.js';
import { buildGradient } from '../../../src/gradient/sweep/engine.js';
import type { GradientGraph, GradientRequest } from '../../../src/gradient/request.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { probeFacts, type InputDims } from '../../../src/session/probe.js';

/** A model with its facts, and its logits. */
export interface Opened {
  readonly graph: Graph;
  readonly facts: Facts;
  readonly sessions: OrtSessions;
  readonly input: string;
  readonly logits: string;
}

export async function openModel(file: string, inputDims?: InputDims): Promise<Opened> {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const graph = buildGraph(await openCheckpoint(file));
  const facts = await probeFacts(graph, sessions, inputDims);
  return {
    graph,
    facts,
    sessions,
    input: graph.inputs[0]!.name,
    logits: cutFinalActivation(graph, graph.outputs[0]!.name).value,
  };
}

export interface Answer {
  readonly score: Float32Array;
  readonly gradients: ReadonlyMap<string, FloatTensor>;
  readonly kept: Readonly<Record<string, Tensor>>;
  readonly gradient: GradientGraph;
}

/** Builds a gradient and runs it once. `seed` holds the indices, or the direction. */
export async function differentiate(
  m: Opened,
  feeds: Readonly<Record<string, Tensor>>,
  request: GradientRequest,
  seed?: readonly number[] | Tensor,
): Promise<Answer> {
  const gradient = buildGradient(m.graph, m.facts, request);
  const session = await m.sessions.open(gradient.graph);
  const all: Record<string, Tensor> = { ...feeds };
  if (gradient.seed !== undefined) all[gradient.seed] = isTensor(seed) ? seed : int64Tensor([seed!.length], seed!);
  const out = await session.run(all, [gradient.score, ...gradient.gradients.values(), ...gradient.kept]);
  await session.dispose();
  const gradients = new Map(
    [...gradient.gradients].map(([value, name]) => [value, floatTensor(out[name]!.dims, toFloat32(out[name]!))]),
  );
  return { score: toFloat32(out[gradient.score]!), gradients, kept: out, gradient };
}

function isTensor(seed: readonly number[] | Tensor | undefined): seed is Tensor {
  return seed !== undefined && 'dims' in seed;
}

/** Scores of several inputs, by the forward graph alone. */
export async function scorer(
  m: Opened,
  value: string,
): Promise<{ score(feeds: Readonly<Record<string, Tensor>>): Promise<Tensor>; dispose(): Promise<void> }> {
  const outputs = [{ name: value }];
  const session = await m.sessions.open({ ...m.graph, outputs });
  return { score: async (feeds) => (await session.run(feeds, [value]))[value]!, dispose: () => session.dispose() };
}

/** Seeded noise in the shape of an input. */
export function noise(m: Opened, batch: number, seed = 1, scale = 1): FloatTensor {
  const dims = dimsAt(m.facts.get(m.input)!, batch);
  const random = new Random(seed);
  return floatTensor(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal() * scale),
  );
}
