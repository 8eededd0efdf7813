import * as ort from 'onnxruntime-node';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeData } from '../../../src/checkpoint/elements.js';
import { inMemory, type Checkpoint, type StoredTensor, type ValueInfo } from '../../../src/checkpoint/model.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { writeModel } from '../../../src/checkpoint/writer.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import type { Facts } from '../../../src/graph/facts.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { probeGraph, readProbe, type ProbeRun } from '../../../src/graph/measure/probe.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor, sizeOf, toNumbers, type Tensor } from '../../../src/base/tensor.js';
import { temporaryFolder } from '../support/temporary.js';

export type Tensors = Record<string, Tensor>;

function toOrt(tensor: Tensor): ort.Tensor {
  return new ort.Tensor(tensor.type as 'float32', tensor.data as Float32Array, tensor.dims);
}

/** Runs a model in ONNX Runtime and answers all its outputs. */
export async function run(
  model: string | { bytes: Uint8Array; folder: string },
  feeds: Tensors,
  level: 'all' | 'disabled' = 'all',
): Promise<Tensors> {
  const base = { graphOptimizationLevel: level, intraOpNumThreads: 1, logSeverityLevel: 4 } as const;
  const session =
    typeof model === 'string'
      ? await ort.InferenceSession.create(model, base)
      : await ort.InferenceSession.create(model.bytes, {
          ...base,
          extra: { session: { model_external_initializers_file_folder_path: model.folder } },
        });
  try {
    const results = await session.run(Object.fromEntries(Object.entries(feeds).map(([k, v]) => [k, toOrt(v)])));
    return Object.fromEntries(
      Object.entries(results).map(([k, v]) => [k, { type: v.type, dims: v.dims, data: v.data }]),
    );
  } finally {
    await session.release();
  }
}

/** Runs a graph through our writer. */
export async function runGraph(graph: Graph, feeds: Tensors, level: 'all' | 'disabled' = 'all'): Promise<Tensors> {
  return run(await writeModel(graph), feeds, level);
}

/** Seeded normal numbers in the shape of an input; free dimensions become `batch`. */
export function randomFeed(input: ValueInfo, batch = 1, seed = 1): Tensor {
  const dims = (input.dims ?? []).map((d) => (typeof d === 'number' ? d : batch));
  const random = new Random(seed);
  if (input.type !== undefined && input.type !== 'float32') {
    const data = makeData(input.type, sizeOf(dims));
    return { type: input.type, dims, data };
  }
  return floatTensor(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );
}

/** Largest difference of two tensors over the largest magnitude; Infinity where shapes differ, NaN equals NaN. */
export function difference(a: Tensor | undefined, b: Tensor | undefined): number {
  if (a === undefined || b === undefined || a.dims.join() !== b.dims.join()) return Infinity;
  if (Array.isArray(a.data) || Array.isArray(b.data))
    return JSON.stringify(a.data) === JSON.stringify(b.data) ? 0 : Infinity;
  const [x, y] = [toNumbers(a), toNumbers(b)];
  let worst = 0;
  let scale = 1e-30;
  for (let i = 0; i < x.length; i++) {
    if (Object.is(x[i], y[i]) || x[i] === y[i]) continue;
    const d = Math.abs(x[i]! - y[i]!);
    worst = Math.max(worst, Number.isNaN(d) ? Infinity : d);
  }
  for (const v of x) if (Number.isFinite(v)) scale = Math.max(scale, Math.abs(v));
  return worst === 0 ? 0 : worst / scale;
}

export interface Sketch {
  readonly opset: number;
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly (string | ValueInfo)[];
  readonly weights?: readonly StoredTensor[];
  readonly opsets?: ReadonlyMap<string, number>;
}

/** A graph literal. */
export function sketch({ opset, nodes, inputs, outputs, weights = [], opsets = new Map() }: Sketch): Graph {
  return {
    name: 'sketch',
    irVersion: 8,
    opset,
    opsets,
    inputs,
    nodes,
    metadata: new Map(),
    outputs: outputs.map((o) => (typeof o === 'string' ? { name: o } : o)),
    weights: new Map(weights.map((w) => [w.name, w])),
  };
}

/** Writes a sketch as it is (no upgrade) and answers the file. */
export async function saveSketch(s: Sketch, folder = temporaryFolder()): Promise<string> {
  const file = path.join(folder, `model-${Math.random().toString(36).slice(2)}.onnx`);
  writeFileSync(file, (await writeModel(sketch(s), { keepMetadata: true })).bytes);
  return file;
}

export async function load(file: string): Promise<{ checkpoint: Checkpoint; graph: Graph }> {
  const checkpoint = await openCheckpoint(file);
  return { checkpoint, graph: buildGraph(checkpoint) };
}

export function weight(name: string, dims: readonly number[], values: readonly number[] | Float32Array): StoredTensor {
  return inMemory(name, floatTensor(dims, Float32Array.from(values)));
}

export function input(name: string, ...dims: (number | string)[]): ValueInfo {
  return { name, type: 'float32', dims };
}

/** Facts about a graph from runs at one or two batch sizes. */
export async function probe(graph: Graph, batches: readonly [number] | readonly [number, number]): Promise<Facts> {
  const made = probeGraph(graph);
  const runs: ProbeRun[] = [];
  for (const batch of batches) {
    const feeds = Object.fromEntries(graph.inputs.map((v) => [v.name, randomFeed(v, batch)]));
    runs.push({ batch, feeds, outputs: await runGraph(made.graph, feeds, 'disabled') });
  }
  return readProbe(made, runs as [ProbeRun]);
}

/** A TensorProto in a file of its own, as the ONNX backend tests store inputs and outputs. */
export function readFileBytes(file: string): Uint8Array {
  return new Uint8Array(readFileSync(file));
}
