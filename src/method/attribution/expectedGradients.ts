import { LensError, throwIfCancelled } from '../../base/errors.js';
import { floatTensor, formatDims, type FloatTensor } from '../../base/tensor.js';
import { fillTensor } from '../fill.js';
import { attributionMethod } from '../method.js';
import { runningPicture } from './shared/runningPicture.js';
import { channelAttribution, scoreNotes, unitOf } from './shared/answer.js';
import { baselineParameter, reduceParameter } from './shared/parameters.js';

/**
 * E[(x - x') · dS/dx at x' + α(x - x')] over baselines x' and α in (0, 1): Integrated Gradients averaged over a
 * distribution of baselines, so that no single one decides what counts as "nothing there". α is drawn once from each of
 * `samples` equal parts of (0, 1), which keeps the draw random and the error smaller than that of free draws.
 */
export const expectedGradients = attributionMethod({
  id: 'expected_gradients',
  title: 'Expected Gradients',
  summary: 'What adds up to the difference between this score and the average score of many baselines?',
  citation:
    'Erion, Janizek, Sturmfels, Lundberg, Lee 2021, Improving Performance of Deep Learning Models with Axiomatic Attribution Priors and Expected Gradients, arXiv:1906.10670',
  parameters: {
    samples: {
      type: 'integer',
      title: 'Samples',
      default: 100,
      minimum: 1,
      maximum: 100_000,
      description: 'pairs of a baseline and a point on the way from it to the picture',
    },
    baseline: {
      ...baselineParameter,
      default: 'noise',
      description:
        'where baselines come from when no pictures are given: a new picture of uniform noise for each sample, or always the same fill',
    },
    background: {
      type: 'text',
      title: 'Background',
      default: '',
      description: 'a folder, picture or .npy file of other inputs to draw the baselines from, the first 64 of them',
    },
    reduce: reduceParameter,
  },
  group: 'pixels',
  needs: 'gradient',
  passes: { forward: 'samples', gradient: 'samples' },
  layer: 'none',
  properties: { signed: true, complete: true, seeded: true, linear: true, shape: 'channel' },
  async run(subject, request, context) {
    const { input, target, score, params } = request;
    const { samples } = params;
    const of = subject.scoreAt(target, score);
    const pictures = request.background ?? [];
    for (const picture of pictures) checkSize(picture, input);
    const fill =
      pictures.length > 0 || params.baseline === 'noise'
        ? undefined
        : fillTensor(params.baseline, input, subject.input, context.random);
    const streams = context.random.fork(0);
    const size = input.data.length;
    const sum = new Float64Array(size);
    const unit = unitOf(subject, request);
    let [done, baselineScores] = [0, 0];
    const mean = (): Float32Array => Float32Array.from(sum, (v) => v / done);
    const show = runningPicture(context, 'samples');
    const notes = new Set(scoreNotes(subject, score));
    const step = subject.batchSize('gradient');
    for (let from = 0; from < samples; from += step) {
      throwIfCancelled(context.signal);
      const n = Math.min(step, samples - from);
      const baselines = floatTensor([n, ...input.dims.slice(1)]);
      const points = floatTensor([n, ...input.dims.slice(1)]);
      for (let k = 0; k < n; k++) {
        const random = streams.fork(from + k);
        const baseline =
          fill ??
          (pictures.length > 0
            ? pictures[random.below(pictures.length)]!
            : fillTensor('noise', input, subject.input, random));
        const alpha = (from + k + random.uniform()) / samples;
        baselines.data.set(baseline.data, k * size);
        for (let i = 0; i < size; i++)
          points.data[k * size + i] = baseline.data[i]! + alpha * (input.data[i]! - baseline.data[i]!);
      }
      const answer = await subject.gradients(points, { of }, context.signal);
      const gradients = answer.gradients.get(subject.input.name)!.data;
      for (const note of answer.notes) notes.add(note);
      for (let k = 0; k < n; k++)
        for (let i = 0; i < size; i++)
          sum[i]! += (input.data[i]! - baselines.data[k * size + i]!) * gradients[k * size + i]!;
      const scores = await subject.scores(baselines, target, score, context.signal);
      for (const s of scores) baselineScores += s;
      done += n;
      show(done, samples, () => channelAttribution(mean(), subject.input, unit, params.reduce));
    }
    const [value] = await subject.scores(input, target, score, context.signal);
    const total = sum.reduce((a, b) => a + b, 0) / samples;
    return {
      attribution: channelAttribution(mean(), subject.input, unit, params.reduce),
      delta: total - (value! - baselineScores / samples),
      notes: [...notes],
    };
  },
});

function checkSize(picture: FloatTensor, input: FloatTensor): void {
  if (picture.data.length === input.data.length) return;
  throw new LensError(
    'input',
    'params/background',
    `A background picture is ${formatDims(picture.dims)}, the input is ${formatDims(input.dims)}.`,
  );
}
