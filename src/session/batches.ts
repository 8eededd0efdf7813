import os from 'node:os';
import { sizeOf, type FloatTensor, type Tensor, type TensorData } from '../base/tensor.js';
import type { Facts } from '../graph/facts.js';
import { storedBytes } from '../checkpoint/readTensor.js';
import { macsOf } from '../graph/measure/flops.js';
import { activationBytes } from '../graph/measure/memory.js';
import type { Graph } from '../graph/graph.js';

/**
 * How many samples go through a model at once. The size follows from memory and from the work of one sample, never from
 * the number of inputs, and it is a power of two, so that the same machine takes the same batches (and rounds alike)
 * although its free memory fluctuates.
 */

/** What one sample costs in one run. */
export interface SampleCost {
  /** Bytes of activations that are alive at once. */
  readonly bytes: number;
  /** Multiply-accumulates of convolutions and matrix products. */
  readonly macs: number;
}

/** Scratch memory beside the activations: reordered copies, im2col, the arena's slack. */
const SCRATCH = 1.5;

/**
 * The cost of one sample, from the facts of a probe run. A forward run frees activations behind itself: its peak counts.
 * A gradient run keeps them for the way back and makes a gradient of each: their sum counts, twice the work, too.
 */
export function sampleCost(graph: Graph, facts: Facts, kind: 'forward' | 'gradient'): SampleCost {
  const { total, peak } = activationBytes(graph, facts);
  const macs = graph.nodes.reduce((sum, node) => sum + (macsOf(node, facts) ?? 0), 0) / facts.batch;
  return kind === 'forward'
    ? { bytes: (peak / facts.batch) * SCRATCH, macs }
    : { bytes: 2 * (total / facts.batch) * SCRATCH, macs: 3 * macs };
}

/** Native memory of a session beside its weights. */
const SESSION_BYTES = 16 << 20;

/** Estimate of the native memory that a session of a graph holds while it rests. */
export function sessionBytes(graph: Graph): number {
  return [...graph.weights.values()].reduce((sum, w) => sum + storedBytes(w), SESSION_BYTES);
}

/** Weights of this many bytes are copied and packed for longer than many a run on them takes. */
const HEAVY = 64 << 20;

/** Whether one weight alone is as large as many a network: the first dense layer of AlexNet or VGG. */
export function isHeavy(graph: Graph): boolean {
  const huge = [...graph.weights.values()].some((w) => w.type === 'float32' && storedBytes(w) >= HEAVY);
  // Rewriting makes other arithmetic of quantised graphs, which answer with other numbers then.
  return huge && !graph.nodes.some((node) => /Quantize|QLinear|Integer$/.test(node.op));
}

export interface BatchLimits {
  /** Bytes that the activations of a run may take. */
  readonly budget: number;
  /** Multiply-accumulates after which a run should end, so that progress is seen and a cancel is heard. */
  readonly macs: number;
  readonly maximum: number;
}

/** Largest power of two within the limits, at least 1. */
export function chooseBatch(cost: SampleCost, limits: BatchLimits): number {
  const most = Math.min(limits.maximum, limits.budget / Math.max(1, cost.bytes), limits.macs / Math.max(1, cost.macs));
  return most < 2 ? 1 : 2 ** Math.floor(Math.log2(most));
}

/** Share of the machine's free memory that one run may take. */
export const DEFAULT_SHARE = 0.25;

/** The limits of this machine. A batch larger than 8 hardly lowers the cost of a sample on the CPU; a GPU wants more. */
export function limitsHere(provider: string, share: number = DEFAULT_SHARE, free: number = freeMemory()): BatchLimits {
  const gpu = provider !== 'cpu';
  return { budget: free * share, macs: gpu ? 256e9 : 16e9, maximum: gpu ? 128 : 32 };
}

/** Memory that can be had without swapping, container limits respected. */
export function freeMemory(): number {
  const available = (process as { availableMemory?: () => number }).availableMemory?.();
  return available !== undefined && available > 0 ? available : os.freemem();
}

/** Samples `from` to `to` of a batch, sharing memory. */
export function sliceBatch<T extends Tensor>(batch: T, from: number, to: number): T {
  const step = sizeOf(batch.dims.slice(1));
  const { data } = batch;
  const part = Array.isArray(data) ? data.slice(from * step, to * step) : data.subarray(from * step, to * step);
  return { ...batch, dims: [to - from, ...batch.dims.slice(1)], data: part };
}

/** Batches one after the other. They must agree in type and in all but the first dimension. */
export function concatBatches<T extends Tensor>(parts: readonly T[]): T {
  const [first] = parts;
  if (first === undefined) throw new Error('Nothing to join');
  if (parts.length === 1) return first;
  const count = parts.reduce((sum, p) => sum + p.dims[0]!, 0);
  const step = sizeOf(first.dims.slice(1));
  for (const part of parts) {
    if (part.type !== first.type || part.data.length !== part.dims[0]! * step)
      throw new Error(
        `A ${part.dims.join('×')} ${part.type} batch does not continue ${first.dims.join('×')} ${first.type}`,
      );
  }
  if (Array.isArray(first.data))
    return { ...first, dims: [count, ...first.dims.slice(1)], data: parts.flatMap((p) => p.data as string[]) };
  const Make = first.data.constructor as new (length: number) => Exclude<TensorData, string[]>;
  const data = new Make(count * step);
  let at = 0;
  for (const part of parts) {
    (data as Float32Array).set(part.data as Float32Array, at);
    at += part.data.length;
  }
  return { ...first, dims: [count, ...first.dims.slice(1)], data };
}

/** Samples that have no batch dimension yet as one batch. */
export function stack(samples: readonly FloatTensor[]): FloatTensor {
  return concatBatches(samples.map((s) => ({ ...s, dims: [1, ...s.dims] })));
}
