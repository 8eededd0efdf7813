import { LensError } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
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

/**
 * Attention rollout (Abnar and Zuidema 2020, arXiv:2005.00928): the product over layers, the last on the left, of half the
 * identity and half the attention joined over heads, each row brought to a sum of one. `[tokens, tokens]`: rows are queries.
 *
 * @param weights of each layer, `[1, heads, tokens, tokens]`, the first layer first
 */
export function rollout(weights: readonly FloatTensor[], fusion: Fusion): FloatTensor {
  const n = weights[0]?.dims[3] ?? 0;
  let out = identity(n);
  for (const { dims, data } of weights) {
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
    out = multiplied(step, out, n);
  }
  return { ...floatTensor([n, n]), data: Float32Array.from(out) };
}

/**
 * Gradient-weighted relevance (Chefer, Gur and Wolf 2021, arXiv:2103.15679, rule of self-attention): R ← R + Ā R, where Ā is the
 * mean over heads of max(0, ∂score/∂A · A), from R = I. `[tokens, tokens]`: rows are queries.
 *
 * @param weights of each layer, `[1, heads, tokens, tokens]`, the first layer first
 * @param gradients of the score by them
 */
export function relevance(weights: readonly FloatTensor[], gradients: readonly FloatTensor[]): FloatTensor {
  const n = weights[0]?.dims[3] ?? 0;
  let out = identity(n);
  weights.forEach(({ dims, data }, layer) => {
    const heads = dims[1]!;
    const gradient = gradients[layer]!.data;
    const step = new Float64Array(n * n);
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < n * n; i++) step[i]! += Math.max(0, gradient[h * n * n + i]! * data[h * n * n + i]!) / heads;
    const more = multiplied(step, out, n);
    out = out.map((v, i) => v + more[i]!);
  });
  return { ...floatTensor([n, n]), data: Float32Array.from(out) };
}

function identity(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * (n + 1)] = 1;
  return out;
}

function multiplied(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = out.subarray(i * n, (i + 1) * n);
    // Four rows of b at a time: what is summed stays in a register.
    let k = 0;
    for (; k + 3 < n; k += 4) {
      const at = i * n + k;
      const [v0, v1, v2, v3] = [a[at]!, a[at + 1]!, a[at + 2]!, a[at + 3]!];
      const from = k * n;
      for (let j = 0; j < n; j++)
        row[j]! += v0 * b[from + j]! + v1 * b[from + n + j]! + v2 * b[from + 2 * n + j]! + v3 * b[from + 3 * n + j]!;
    }
    for (; k < n; k++) for (let j = 0; j < n; j++) row[j]! += a[i * n + k]! * b[k * n + j]!;
  }
  return out;
}
