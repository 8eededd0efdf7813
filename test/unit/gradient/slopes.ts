import { floatTensor, type FloatTensor } from '../../../src/base/tensor.js';
import { Random } from '../../../src/base/random.js';
import { differentiate, noise, scorer, type Opened } from './run.js';

export interface Slopes {
  /** Length of the gradient. */
  readonly length: number;
  /**
   * Relative difference of the score's slope along the gradient from the gradient's length, step by step; where that is 0,
   * how far a step in some direction moves the score.
   */
  readonly errors: readonly number[];
}

/**
 * Walks along the gradient of one logit, forth and back: the slope along the unit gradient is the gradient's length, up
 * to kinks (large steps) and float32 rounding of the score (small ones). The steps shrink until an error is below `enough`.
 */
export async function slopeErrors(m: Opened, x: FloatTensor, index: number, enough: number): Promise<Slopes> {
  const request = { score: { value: m.logits, seed: 'index' as const }, wrt: [m.input] };
  const answer = await differentiate(m, { [m.input]: x }, request, [index]);
  const g = answer.gradients.get(m.input)!.data;
  const length = Math.sqrt(g.reduce((s, v) => s + v * v, 0));
  const forward = await scorer(m, m.logits);
  const random = new Random(1);
  const direction = length === 0 ? g.map(() => random.normal()) : g.map((v) => v / length);
  const at = async (t: number): Promise<number> => {
    const moved = floatTensor(
      x.dims,
      x.data.map((v, i) => v + t * direction[i]!),
    );
    return Number((await forward.score({ [m.input]: moved })).data[index]);
  };
  const errors: number[] = [];
  for (const eps of [1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4]) {
    const step = Math.min(eps, (eps * Math.abs(answer.score[0]!)) / length);
    const change = length === 0 ? (await at(eps)) - answer.score[0]! : (await at(step)) - (await at(-step));
    errors.push(Math.abs(length === 0 ? change : change / (2 * step * length) - 1));
    if (errors.at(-1)! < enough) break;
  }
  await forward.dispose();
  return { length, errors };
}

/** Noise for an architecture with drawn weights: those of efficientnet make it chaotic at full contrast, those of densenet dead at a low one. */
export function zooInput(m: Opened, name: string): FloatTensor {
  return noise(m, 1, 1, name.startsWith('efficientnet') ? 0.1 : 1);
}
