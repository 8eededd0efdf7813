import { LensError } from '../../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../../base/tensor.js';
import { prune } from '../../../graph/edits.js';
import { upsampleBilinear } from '../../../result/upsample.js';
import { pixelAttribution } from '../shared/answer.js';
import type { Attribution } from '../../../result/explanation.js';
import type { Subject } from '../../subject/subject.js';
import { chainOf } from '../../attention/joined.js';
import { requireAttention, type ModelAttention } from '../../attention/layers.js';
import { tokensBehind } from '../../attention/norms.js';

type Layer = ModelAttention['layers'][number];

/** The layers that a score follows, and the tokens as they leave the last of them, where the score reads them. */
export interface Followed {
  readonly chain: readonly Layer[];
  readonly read?: string;
}

/**
 * The layers of attention that a score depends on, from the first that is asked for.
 *
 * @throws LensError where there are none, or they cannot be multiplied
 */
export function followed(attention: ModelAttention, score: string, start: number): Followed {
  const { layers } = requireAttention(attention);
  const reached = new Set(prune(attention.graph, [score]).nodes.flatMap((node) => node.outputs));
  const before = layers.filter((layer) => reached.has(layer.value));
  if (before.length === 0)
    throw new LensError('unsupported', 'attention/before', 'What is asked about does not depend on any attention.', {
      hint: 'Ask about what stands behind it: a class, or a unit of a later layer.',
    });
  const chain = chainOf(before, start);
  const read = tokensBehind(attention, chain.at(-1)!);
  return { chain, ...(read !== undefined && reached.has(read) ? { read } : {}) };
}

/**
 * How much each token counts for the score, summing to one: those that it follows count alike, such as a class token or all
 * that are averaged.
 *
 * @param gradient of the score by the tokens as they leave the last attention, `[1, tokens, channels]`; behind that tokens are
 *   mixed no more. Without it the class token is taken for what is read, else all are.
 */
export function readersOf(layer: Layer, gradient: FloatTensor | undefined): Float32Array {
  const n = layer.queries;
  const moves = new Float32Array(n);
  if (gradient !== undefined) {
    const width = gradient.data.length / n;
    for (let i = 0; i < gradient.data.length; i++)
      moves[Math.floor(i / width)] = Math.max(moves[Math.floor(i / width)]!, Math.abs(gradient.data[i]!));
  }
  const most = Math.max(...moves);
  // Rounding alone leaves single precision of the largest.
  let read = Array.from(moves, (v) => most > 0 && v > 1e-6 * most);
  if (!(most > 0)) {
    const first = layer.from?.cells.indexOf(-1) ?? -1;
    read = read.map((_, t) => first < 0 || t === first);
  }
  const count = read.filter(Boolean).length;
  return Float32Array.from(read, (is) => (is ? 1 / count : 0));
}

/**
 * A matrix over tokens as a map of the picture: its rows as they count for the score, over the places of the keys.
 *
 * @param matrix `[tokens, tokens]`, rows are queries
 * @param rest what the matrix of nothing has on its diagonal, which says nothing about any place
 * @throws LensError `attention/no-places` where tokens have no place that is known
 */
export function attributed(
  { input }: Pick<Subject, 'input'>,
  { chain }: Followed,
  matrix: FloatTensor,
  readers: Float32Array,
  how: { readonly rest: number; readonly upsample: boolean; readonly unit: string },
): Attribution {
  const [first] = chain;
  const to = first?.to;
  if (to === undefined)
    throw new LensError('unsupported', 'attention/no-places', 'Where the tokens stand in the picture is not known.', {
      hint: 'Say it in the .lens.json beside the model: "attention": { "prefix": 1, "grid": [14, 14] }.',
    });
  const [rows, columns] = to.grid;
  const n = readers.length;
  const sums = new Float64Array(rows * columns);
  for (let q = 0; q < n; q++) {
    if (readers[q] === 0) continue;
    for (let k = 0; k < n; k++) {
      const cell = to.cells[k]!;
      if (cell >= 0) sums[cell]! += readers[q]! * (matrix.data[q * n + k]! - (q === k ? how.rest : 0));
    }
  }
  const map = Float32Array.from(sums, (v) => Math.max(0, v));
  const { height, width } = input;
  return how.upsample
    ? pixelAttribution(
        floatTensor([height, width], upsampleBilinear(map, rows, columns, height, width)),
        false,
        how.unit,
        [rows, columns],
      )
    : pixelAttribution(floatTensor([rows, columns], map), false, how.unit);
}
