import { sizeOf } from '../../base/tensor.js';
import { dimsAt, type Facts } from '../facts.js';
import type { Graph, GraphNode } from '../graph.js';
import { operator } from '../operators/operators.js';
import { quantisedOperand } from '../layers/quantised.js';

/**
 * Floating-point operations of a node at a batch size, a multiplication and an addition counted as two. Operators that
 * only move data cost nothing; undefined where a shape is unknown or the node holds a nested graph.
 */
export function flopsOf(node: GraphNode, facts: Facts, batch: number = facts.batch): number | undefined {
  const dims = (value: string | undefined): readonly number[] | undefined => {
    const fact = value === undefined || value === '' ? undefined : facts.get(value);
    return fact === undefined ? undefined : dimsAt(fact, batch);
  };
  const [a, b] = [dims(node.inputs[0]), dims(node.inputs[1])];
  const y = dims(node.outputs[0]);
  const { flops: each = 1, nested, gates } = operator(node);
  if (each === 0) return 0;
  if (nested === true || a === undefined || y === undefined) return undefined;
  const out = sizeOf(y);
  const bias = (node.inputs[biasInput(node) ?? -1] ?? '') === '' ? 0 : out;
  // W is M × C/g × k…: every output element is a dot product over C/g × k….
  const kernel = kernelInput(node);
  if (kernel !== undefined) {
    const w = dims(node.inputs[kernel]);
    return w === undefined ? undefined : 2 * out * sizeOf(w.slice(1)) + bias;
  }
  if (isMatrixProduct(node)) {
    const k = node.attributes.int('transA', 0) === 0 ? a.at(-1) : a.at(-2);
    return 2 * out * (k ?? 1) + bias;
  }
  if (gates !== undefined) return recurrent(a, b, y, gates);
  switch (node.op) {
    // W is C × M/g × k…: every input element is scattered over M/g × k….
    case 'ConvTranspose':
      return b === undefined ? undefined : 2 * sizeOf(a) * sizeOf(b.slice(1)) + bias;
    case 'Einsum':
      return einsum(node, dims);
    case 'AveragePool':
    case 'MaxPool':
    case 'LpPool':
      return out * sizeOf(node.attributes.ints('kernel_shape') ?? []);
    case 'Attention':
      return attention(node, dims);
    default:
      if (node.op.startsWith('Reduce') || node.op.startsWith('Global') || node.op.startsWith('Arg')) return sizeOf(a);
      return out * each;
  }
}

/** Floating-point operations of a whole graph; nodes of unknown cost are counted in `unknown`. */
export function flopsOfGraph(
  graph: Graph,
  facts: Facts,
  batch: number = facts.batch,
): { readonly flops: number; readonly unknown: number } {
  let flops = 0;
  let unknown = 0;
  for (const node of graph.nodes) {
    const n = flopsOf(node, facts, batch);
    if (n === undefined) unknown++;
    else flops += n;
  }
  return { flops, unknown };
}

type Dims = (value: string | undefined) => readonly number[] | undefined;

/** One multiplication for every combination of labels and factor, and one addition. */
function einsum(node: GraphNode, dims: Dims): number | undefined {
  const terms = node.attributes.string('equation', '').replaceAll(' ', '').split('->')[0]!.split(',');
  const sizes = new Map<string, number>();
  for (const [i, term] of terms.entries()) {
    const shape = dims(node.inputs[i]);
    if (shape === undefined) return undefined;
    const [before, after] = term.split('...') as [string, string | undefined];
    [...before].forEach((label, k) => sizes.set(label, shape[k] ?? 1));
    if (after !== undefined) {
      [...after].forEach((label, k) => sizes.set(label, shape[shape.length - after.length + k] ?? 1));
      const free = shape.slice(before.length, shape.length - after.length);
      sizes.set('...', Math.max(sizes.get('...') ?? 1, sizeOf(free)));
    }
  }
  return Math.max(1, node.inputs.length) * sizeOf([...sizes.values()]);
}

/** X is T × N × I, W is D × gates·H × I, Y is T × D × N × H: two products for every gate and step. */
function recurrent(
  x: readonly number[],
  w: readonly number[] | undefined,
  y: readonly number[],
  gates: number,
): number | undefined {
  const hidden = y.at(-1);
  if (w === undefined || hidden === undefined) return undefined;
  return 2 * (x[0] ?? 1) * (x[1] ?? 1) * (w[0] ?? 1) * gates * hidden * ((x[2] ?? 0) + hidden);
}

/** Q·Kᵀ and P·V, and the softmax between them. */
function attention(node: GraphNode, dims: Dims): number | undefined {
  if (node.domain !== '') return undefined;
  const [q, k, v] = [dims(node.inputs[0]), dims(node.inputs[1]), dims(node.inputs[2])];
  if (q === undefined || k === undefined || v === undefined) return undefined;
  const keys = k.at(-2)!;
  const heads = q.length === 4 ? q[1]! : node.attributes.int('q_num_heads', 1);
  const scores = q[0]! * heads * q.at(-2)! * keys;
  const width = q.length === 4 ? [q[3]!, v[3]!] : [q[2]! / heads, v[2]! / node.attributes.int('kv_num_heads', heads)];
  return scores * (2 * width[0]! + 2 * width[1]! + 5);
}

/** The input that holds the kernel of a convolution, of floats or of integers. */
export function kernelInput(node: GraphNode): number | undefined {
  return operator(node).product === 'convolution' ? (quantisedOperand(node)?.weight ?? 1) : undefined;
}

function biasInput(node: GraphNode): number | undefined {
  return quantisedOperand(node)?.bias ?? operator(node).roles?.indexOf('bias');
}

/** Whether a value is multiplied by a matrix; what is summed over is the last axis of the first input. */
export function isMatrixProduct(node: GraphNode): boolean {
  const { product } = operator(node);
  return product === 'matrix' || product === 'packed';
}
