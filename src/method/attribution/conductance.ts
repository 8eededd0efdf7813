import { given } from '../../base/given.js';
import { fillTensor } from '../fill.js';
import { attributionMethod } from '../method.js';
import { alongPath, quadrature, ruleParameter } from './shared/path.js';
import { runningPicture } from './shared/runningPicture.js';
import { scoreNotes, unitOf } from './shared/answer.js';
import { baselineParameter, reduceParameter, stepsParameter } from './shared/parameters.js';
import { viewOf } from './shared/view.js';

/**
 * Layer conductance: how much of the score difference between baseline and input flows through each unit y of a layer,
 * Σ_k dS/dy(α_k) · (y(α_{k+1}) - y(α_k)) along the straight path in the input. One step more than `steps` is walked,
 * because each takes the difference to the next (as in Captum).
 */
export const conductance = attributionMethod({
  id: 'conductance',
  title: 'Conductance',
  summary: 'How much of the score, compared to a baseline, flows through each unit of a layer?',
  citation: 'Dhamdhere, Sundararajan, Yan 2019, How Important Is a Neuron?, arXiv:1805.12233',
  parameters: {
    baseline: baselineParameter,
    steps: { ...stepsParameter, description: 'steps on the path from the baseline to the input' },
    rule: { ...ruleParameter, description: 'where the points on the path lie' },
    reduce: reduceParameter,
  },
  group: 'pixels',
  needs: 'gradient',
  passes: { forward: 2, gradient: 'steps' },
  layer: 'optional',
  properties: { signed: true, complete: true, seeded: true, linear: true, shape: 'channel' },
  async run(subject, request, context) {
    const { input, target, score, params } = request;
    const view = viewOf(subject, request.layer);
    const { value } = view;
    const of = subject.scoreAt(target, score);
    const baseline = fillTensor(params.baseline, input, subject.input, context.random);
    const { alphas } = quadrature(params.rule, params.steps + 1);
    const unit = unitOf(subject, request);
    const notes = new Set(scoreNotes(subject, score));
    if (view.layer === undefined)
      notes.add('Seen from the input itself, conductance is Integrated Gradients; choose a layer for more.');
    const show = runningPicture(context, 'steps');
    let sum = new Float64Array();
    // Gradient and value at the point before the first of a batch.
    let slopes: Float32Array = new Float32Array();
    let before: Float32Array = new Float32Array();
    const size = subject.batchSize('gradient');
    await alongPath(input, baseline, alphas, size, context.signal, async (points, from) => {
      const answer = await subject.gradients(points, { of, wrt: [value], values: [value] }, context.signal);
      for (const note of answer.notes) notes.add(note);
      const gradients = answer.gradients.get(value)!.data;
      const values = answer.values.get(value)!.data;
      const n = points.dims[0]!;
      const length = values.length / n;
      if (sum.length === 0) sum = new Float64Array(length);
      for (let k = 0; k < n; k++) {
        const here = values.subarray(k * length, (k + 1) * length);
        if (before.length > 0) for (let i = 0; i < length; i++) sum[i]! += slopes[i]! * (here[i]! - before[i]!);
        // Seen from the input itself these are the points, whose memory is used again.
        before = k === n - 1 ? here.slice() : here;
        slopes = gradients.subarray(k * length, (k + 1) * length);
      }
      show(from + n, alphas.length, () => view.attribution(Float32Array.from(sum), unit, params.reduce));
    });
    const [whole] = await subject.scores(input, target, score, context.signal);
    const [start] = await subject.scores(baseline, target, score, context.signal);
    return {
      attribution: view.attribution(Float32Array.from(sum), unit, params.reduce),
      ...given({ layer: view.layer }),
      delta: sum.reduce((a, b) => a + b, 0) - (whole! - start!),
      notes: [...notes],
    };
  },
});
