import { concatBatches } from '../../session/batches.js';
import { fillTensor } from '../fill.js';
import { attributionMethod } from '../method.js';
import { accumulate, alongPath, quadrature, ruleParameter, scaled, sumOf } from './shared/path.js';
import { runningPicture } from './shared/runningPicture.js';
import { channelAttribution, scoreNotes, unitOf } from './shared/answer.js';
import { baselineParameter, reduceParameter, stepsParameter } from './shared/parameters.js';

/** The most points that a tolerance may ask for. */
const MOST_STEPS = 800;

/**
 * (x - x') · ∫ dS/dx at x' + α(x - x') dα: adds up to S(x) - S(x'). `delta` is what the quadrature leaves over; with a
 * tolerance the number of steps is doubled until it is small.
 */
export const integratedGradients = attributionMethod({
  id: 'integrated_gradients',
  title: 'Integrated Gradients',
  summary: 'What adds up to the difference between this score and that of a baseline?',
  citation: 'Sundararajan, Taly, Yan 2017, Axiomatic Attribution for Deep Networks, arXiv:1703.01365',
  parameters: {
    baseline: baselineParameter,
    steps: {
      ...stepsParameter,
      maximum: MOST_STEPS,
      description: 'points on the path from the baseline to the input',
    },
    rule: ruleParameter,
    tolerance: {
      type: 'number',
      title: 'Tolerance',
      default: 0,
      minimum: 0,
      maximum: 1,
      step: 0.01,
      description:
        'share of the score difference that may be left over; steps are doubled until it is reached; 0 keeps the given steps',
    },
    reduce: reduceParameter,
  },
  group: 'pixels',
  needs: 'gradient',
  passes: { forward: 2, gradient: 'steps' },
  layer: 'none',
  properties: { signed: true, complete: true, seeded: true, linear: true, shape: 'channel' },
  async run(subject, request, context) {
    const { input, target, score, params } = request;
    const of = subject.scoreAt(target, score);
    const baseline = fillTensor(params.baseline, input, subject.input, context.random);
    const ends = concatBatches([input, baseline]);
    const [value, start] = await subject.scores(ends, target, score, context.signal);
    const difference = value! - start!;
    const unit = unitOf(subject, request);
    const notes = new Set(scoreNotes(subject, score));
    const show = runningPicture(context, 'steps');
    const size = input.data.length;

    for (let steps = params.steps; ; steps = Math.min(MOST_STEPS, 2 * steps)) {
      const { alphas, weights } = quadrature(params.rule, steps);
      const sum = new Float64Array(size);
      let covered = 0;
      const picture = (whole: number): Float32Array => scaled(sum, 1 / whole, input.data, baseline.data);
      await alongPath(input, baseline, alphas, subject.batchSize('gradient'), context.signal, async (points, from) => {
        const answer = await subject.gradients(points, { of }, context.signal);
        for (const note of answer.notes) notes.add(note);
        const n = points.dims[0]!;
        const share = weights.subarray(from, from + n);
        accumulate(sum, answer.gradients.get(subject.input.name)!.data, share);
        for (const weight of share) covered += weight;
        show(from + n, steps, () => channelAttribution(picture(covered), subject.input, unit, params.reduce));
      });
      // The weights of the rules add up to 1 but for the trapezoid of Captum, which is kept as it is there.
      const values = picture(1);
      const delta = sumOf(values) - difference;
      const close = Math.abs(delta) <= params.tolerance * Math.abs(difference);
      if (params.tolerance === 0 || close || steps >= MOST_STEPS) {
        if (params.tolerance > 0 && !close) notes.add(`${steps} steps leave more over than the tolerance allows.`);
        return {
          attribution: channelAttribution(values, subject.input, unit, params.reduce),
          delta,
          params: { steps },
          notes: [...notes],
        };
      }
    }
  },
});
