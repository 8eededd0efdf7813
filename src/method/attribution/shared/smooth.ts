import { given } from '../../../base/given.js';
import { throwIfCancelled } from '../../../base/errors.js';
import { floatTensor } from '../../../base/tensor.js';
import type { AttributionAnswer, AttributionRequest, MethodContext } from '../../method.js';
import type { Subject } from '../../subject/subject.js';
import { baseMaps, baseParameter, type Base } from './baseMaps.js';
import { runningPicture } from './runningPicture.js';
import { scoreNotes, unitOf } from './answer.js';
import { reduceParameter } from './parameters.js';
import { viewOf } from './view.js';

/** What SmoothGrad, its square and VarGrad share: maps of many noisy copies of the input. */

export const smoothParameters = {
  samples: {
    type: 'integer',
    title: 'Samples',
    default: 25,
    minimum: 1,
    maximum: 1000,
    description: 'noisy copies of the input',
  },
  noise: {
    type: 'number',
    title: 'Noise',
    default: 0.15,
    minimum: 0,
    maximum: 2,
    step: 0.01,
    description: 'standard deviation of the noise as a share of max - min of the input',
  },
  base: baseParameter,
  reduce: reduceParameter,
} as const;

/** Standard normal numbers for one sample, of the input's size. */
export type NoiseSource = (sample: number, size: number) => ArrayLike<number>;

/** What becomes of the samples' maps: their mean, the mean of their squares, or their population variance. */
export type Moment = 'mean' | 'square' | 'variance';

/** The smooth method with the noise given: the reference's, or the seeded generator's. */
export async function smoothAttribution(
  subject: Subject,
  request: AttributionRequest<typeof smoothParameters>,
  context: MethodContext,
  moment: Moment,
  noise: NoiseSource = seeded(context),
): Promise<AttributionAnswer> {
  const { input, target, score, params } = request;
  const view = viewOf(subject, request.layer);
  const of = subject.scoreAt(target, score);
  const size = input.data.length;
  const sigma = params.noise * range(input.data);
  let mean: Float64Array | undefined;
  let squares: Float64Array | undefined;
  let deviations: Float64Array | undefined;
  let done = 0;
  const unit = moment === 'mean' ? `${unitOf(subject, request)} per unit` : `(${unitOf(subject, request)} per unit)²`;
  const notes = new Set(scoreNotes(subject, score));
  const picture = (): AttributionAnswer['attribution'] => {
    const values =
      moment === 'mean'
        ? mean!
        : moment === 'square'
          ? squares!.map((s) => s / done)
          : deviations!.map((d) => d / done);
    return view.attribution(Float32Array.from(values), unit, params.reduce, moment === 'mean');
  };
  const show = runningPicture(context, 'samples');
  const step = subject.batchSize('gradient');
  for (let from = 0; from < params.samples; from += step) {
    throwIfCancelled(context.signal);
    const n = Math.min(step, params.samples - from);
    const batch = floatTensor([n, ...input.dims.slice(1)]);
    for (let k = 0; k < n; k++) {
      const draw = noise(from + k, size);
      for (let i = 0; i < size; i++) batch.data[k * size + i] = input.data[i]! + sigma * draw[i]!;
    }
    const answer = await baseMaps(subject, batch, params.base satisfies Base, of, view.value, context.signal);
    for (const note of answer.notes) notes.add(note);
    const { data } = answer.maps;
    const length = data.length / n;
    mean ??= new Float64Array(length);
    squares ??= new Float64Array(length);
    deviations ??= new Float64Array(length);
    for (let k = 0; k < n; k++) {
      done++;
      for (let i = 0; i < length; i++) {
        // Welford's running variance: no difference of large sums.
        const g = data[k * length + i]!;
        const before = g - mean[i]!;
        mean[i]! += before / done;
        deviations[i]! += before * (g - mean[i]!);
        squares[i]! += g * g;
      }
    }
    show(done, params.samples, picture);
  }
  return { attribution: picture(), ...given({ layer: view.layer }), notes: [...notes] };
}

/** One stream for each sample, so that the batch size does not change what is drawn. */
function seeded(context: MethodContext): NoiseSource {
  const streams = context.random.fork(0);
  return (sample, size) => {
    const random = streams.fork(sample);
    return Float64Array.from({ length: size }, () => random.normal());
  };
}

function range(values: Float32Array): number {
  let [low, high] = [Infinity, -Infinity];
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return high - low;
}
