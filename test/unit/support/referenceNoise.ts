import type { Tensor } from '../../../src/base/tensor.js';
import { Random } from '../../../src/base/random.js';
import { smoothAttribution, smoothParameters, type Moment } from '../../../src/method/attribution/shared/smooth.js';
import { parseParameters } from '../../../src/method/parameters.js';
import { reference } from './data.js';
import type { TestSubject } from './subject.js';

/** SmoothGrad and its kin by the names of their references. */
export const MOMENTS: readonly (readonly [name: string, moment: Moment])[] = [
  ['smoothgrad', 'mean'],
  ['smoothgrad_squared', 'square'],
  ['vargrad', 'variance'],
];

/** SmoothGrad of reference input `k` with the noise that the reference was computed with, instead of our generator's. */
export async function smoothOfReferenceNoise(
  t: Omit<TestSubject, 'dispose'>,
  model: string,
  [name, moment]: (typeof MOMENTS)[number],
  k: number,
): Promise<Tensor> {
  const noise = reference(model, 'smoothgrad_noise');
  const { samples, noise_level: level } = reference(model, name).params as { samples: number; noise_level: number };
  const size = noise.data.length / noise.dims[0]! / samples;
  const answer = await smoothAttribution(
    t.subject,
    {
      ...t.case(k),
      score: 'logit',
      seed: 0,
      params: parseParameters(name, smoothParameters, { samples, noise: level }),
    },
    { signal: t.signal, random: new Random(0), progress: () => undefined },
    moment,
    (s) => noise.data.subarray((k * samples + s) * size, (k * samples + s + 1) * size),
  );
  return answer.attribution.values;
}
