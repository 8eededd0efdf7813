import { LensError } from '../../base/errors.js';
import { floatTensor, int64Tensor, type FloatTensor } from '../../base/tensor.js';
import { inMemory } from '../../graph/values.js';
import { makeNode } from '../../graph/edits.js';
import type { Graph, GraphNode } from '../../graph/graph.js';
import type { Subject } from '../subject/subject.js';
import type { AttentionLayer } from '../../result/attention.js';

export type Fusion = 'mean' | 'max' | 'min';

/**
 * The layers that can be multiplied one after the other: all of tokens, square, of one window, as many tokens in each.
 *
 * @throws LensError `attention/no-chain` that says why there is none
 */
export function chainOf<L extends AttentionLayer>(layers: readonly L[], start = 0): readonly L[] {
  const tokens = layers.filter((l) => l.kind === 'tokens' && l.queries === l.keys);
  const because = (reason: string): LensError =>
    new LensError('unsupported', 'attention/no-chain', `Attention cannot be followed through this model: ${reason}.`, {
      hint: 'Look at its layers one by one: --param map=attention.',
    });
  const [first] = tokens;
  if (first === undefined) throw because('no layer has as many queries as keys');
  if (tokens.some((l) => l.windows > 1)) throw because('its layers look within windows, each its own');
  if (tokens.some((l) => l.queries !== first.queries))
    throw because('the number of tokens changes from layer to layer');
  if (start >= tokens.length)
    throw new LensError('usage', 'attention/start', `There are ${tokens.length} layers; none is number ${start + 1}.`, {
      hint: `Begin at a layer from 0 to ${tokens.length - 1}.`,
    });
  return tokens.slice(start);
}

/** What each layer does to what came before, `[layers, tokens, tokens]`, and whether it replaces that or is added to it. */
export interface Steps {
  readonly matrices: FloatTensor;
  readonly added: boolean;
}

/**
 * Attention rollout (Abnar and Zuidema 2020, arXiv:2005.00928): the product over layers, the last on the left, of half the
 * identity and half the attention joined over heads, each row brought to a sum of one. Rows are queries.
 *
 * @param weights of each layer, `[1, heads, tokens, tokens]`, the first layer first
 */
export function rolloutSteps(weights: readonly FloatTensor[], fusion: Fusion): Steps {
  const n = weights[0]?.dims[3] ?? 0;
  const matrices = floatTensor([weights.length, n, n]);
  weights.forEach(({ dims, data }, layer) => {
    const heads = dims[1]!;
    const step = new Float64Array(n * n);
    for (let i = 0; i < n * n; i++) {
      let value = fusion === 'mean' ? 0 : data[i]!;
      for (let h = 0; h < heads; h++) {
        const a = data[h * n * n + i]!;
        value = fusion === 'mean' ? value + a / heads : fusion === 'max' ? Math.max(value, a) : Math.min(value, a);
      }
      step[i] = 0.5 * value + (i % (n + 1) === 0 ? 0.5 : 0);
    }
    for (let r = 0; r < n; r++) {
      let sum = 0;
      for (let c = 0; c < n; c++) sum += step[r * n + c]!;
      if (sum > 0) for (let c = 0; c < n; c++) step[r * n + c]! /= sum;
    }
    matrices.data.set(step, layer * n * n);
  });
  return { matrices, added: false };
}

/**
 * Gradient-weighted relevance (Chefer, Gur and Wolf 2021, arXiv:2103.15679, rule of self-attention): R ← R + Ā R, where Ā is the
 * mean over heads of max(0, ∂score/∂A · A), from R = I. Rows are queries.
 *
 * @param weights of each layer, `[1, heads, tokens, tokens]`, the first layer first
 * @param gradients of the score by them
 */
export function relevanceSteps(weights: readonly FloatTensor[], gradients: readonly FloatTensor[]): Steps {
  const n = weights[0]?.dims[3] ?? 0;
  const matrices = floatTensor([weights.length, n, n]);
  weights.forEach(({ dims, data }, layer) => {
    const heads = dims[1]!;
    const gradient = gradients[layer]!.data;
    const step = matrices.data.subarray(layer * n * n, (layer + 1) * n * n);
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < n * n; i++) step[i]! += Math.max(0, gradient[h * n * n + i]! * data[h * n * n + i]!) / heads;
  });
  return { matrices, added: true };
}

/** All steps one after the other, from the identity, `[tokens, tokens]`: products by the runtime, which take it milliseconds. */
export async function joined(
  subject: Pick<Subject, 'derived'>,
  { matrices, added }: Steps,
  signal: AbortSignal,
): Promise<FloatTensor> {
  const [layers = 0, n = 0] = matrices.dims;
  const first = added ? 'sum_0' : 'step_0';
  const nodes: GraphNode[] = [
    makeNode(
      'Split',
      'steps_split',
      ['steps'],
      { axis: 0, num_outputs: layers },
      range(layers, (k) => `part_${k}`),
    ),
    ...range(layers, (k) => makeNode('Reshape', `step_${k}`, [`part_${k}`, 'square'])),
    ...(added ? [makeNode('Add', 'sum_0', ['step_0', 'identity'])] : []),
  ];
  let last = first;
  for (let k = 1; k < layers; k++) {
    nodes.push(makeNode('MatMul', `product_${k}`, [`step_${k}`, last]));
    if (added) nodes.push(makeNode('Add', `sum_${k}`, [last, `product_${k}`]));
    last = added ? `sum_${k}` : `product_${k}`;
  }
  const identity = floatTensor([n, n]);
  for (let i = 0; i < n; i++) identity.data[i * (n + 1)] = 1;
  const graph: Graph = {
    name: 'joined',
    irVersion: 8,
    opset: 18,
    opsets: new Map(),
    metadata: new Map(),
    inputs: [{ name: 'steps', type: 'float32', dims: [layers, n, n] }],
    outputs: [{ name: last, type: 'float32' }],
    nodes,
    weights: new Map([
      ['square', inMemory('square', int64Tensor([2], [n, n]))],
      ['identity', inMemory('identity', identity)],
    ]),
  };
  const answer = await subject.derived(`joined ${layers} ${n} ${added}`, graph, { steps: matrices }, signal);
  return answer[last] as FloatTensor;
}

function range<T>(count: number, of: (k: number) => T): T[] {
  return Array.from({ length: count }, (_, k) => of(k));
}
