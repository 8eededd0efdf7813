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
  const dims = dimensions(facts, batch);
  const [a, b] = [dims(node.inputs[0]), dims(node.inputs[1])];
  const y = dims(node.outputs[0]);
  const { flops: each = 1, nested, gates } = operator(node);
  if (each === 0) return 0;
  if (nested === true || a === undefined || y === undefined) return undefined;
  const out = sizeOf(y);
  if (isProduct(node)) {
    const macs = macsOf(node, facts, batch);
    const bias = (node.inputs[biasInput(node) ?? -1] ?? '') === '' ? 0 : out;
    return macs === undefined ? undefined : 2 * macs + bias;
  }
  if (gates !== undefined) return recurrent(a, b, y, gates);
  switch (node.op) {
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

/**
 * Multiply-accumulates of a convolution or a matrix product at a batch size, its bias aside; 0 of any other operator,
 * undefined where a shape is unknown.
 */
export function macsOf(node: GraphNode, facts: Facts, batch: number = facts.batch): number | undefined {
  if (!isProduct(node)) return 0;
  const dims = dimensions(facts, batch);
  const [x, y] = [dims(node.inputs[0]), dims(node.outputs[0])];
  if (x === undefined || y === undefined) return undefined;
  const kernel = kernelInput(node);
  if (kernel === undefined) {
    const inner = node.attributes.int('transA', 0) === 0 ? x.at(-1) : x.at(-2);
    return sizeOf(y) * (inner ?? 1);
  }
  const w = dims(node.inputs[kernel]);
  if (w === undefined) return undefined;
  // W is M × C/g × k…: every output element is a dot product over C/g × k…. Transposed it is C × M/g × k…: every input
  // element is scattered over M/g × k….
  return sizeOf(operator(node).product === 'transposed' ? x : y) * sizeOf(w.slice(1));
}

type Dims = (value: string | undefined) => readonly number[] | undefined;

function dimensions(facts: Facts, batch: number): Dims {
  return (value) => {
    const fact = value === undefined || value === '' ? undefined : facts.get(value);
    return fact === undefined ? undefined : dimsAt(fact, batch);
  };
}

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

/** The input that holds the kernel of a convolution, of floats or of integers; undefined for any other operator. */
export function kernelInput(node: GraphNode): number | undefined {
  const { product } = operator(node);
  return product === 'convolution' || product === 'transposed' ? (quantisedOperand(node)?.weight ?? 1) : undefined;
}

function biasInput(node: GraphNode): number | undefined {
  return quantisedOperand(node)?.bias ?? operator(node).roles?.indexOf('bias');
}

/** Whether its cost is that of one product of its inputs. */
function isProduct(node: GraphNode): boolean {
  const { product } = operator(node);
  return product !== undefined && product !== 'projection';
}
