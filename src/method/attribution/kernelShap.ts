import { given } from '../../base/given.js';
import type { Random } from '../../base/random.js';
import type { Attribution } from '../../result/explanation.js';
import { attributionMethod } from '../method.js';
import { coveredOf, scoreCoalitions } from './parts/coalitions.js';
import { partsParameters } from './parts/parts.js';
import { constrained, standardErrors, Sums, type Fit } from './parts/regression.js';
import { fitNotes } from './parts/words.js';
import { scoreNotes, unitOf } from './shared/answer.js';
import { fillParameter } from './shared/parameters.js';
import { runningPicture } from './shared/runningPicture.js';

const GROUPS = 20;

/**
 * Shapley values of the parts of a picture in the game whose worth is the score of the picture with some parts only. All
 * coalitions are computed where they are no more than `samples`; else they are drawn by the Shapley kernel, each with its
 * complement, and the values are those of the weighted least squares that add up to score(picture) - score(fill).
 */
export const kernelShap = attributionMethod({
  id: 'kernel_shap',
  title: 'Kernel SHAP',
  summary: 'What is the fair share (Shapley value) of each part of the picture in the score?',
  citation: 'Lundberg, Lee 2017, A Unified Approach to Interpreting Model Predictions, arXiv:1705.07874',
  parameters: {
    samples: {
      type: 'integer',
      title: 'Samples',
      default: 2000,
      minimum: 4,
      maximum: 100_000,
      description: 'pictures with some parts only; where all there can be are no more than that, the values are exact',
    },
    ...partsParameters,
    fill: { ...fillParameter, default: 'mean' },
  },
  group: 'without',
  needs: 'black-box',
  passes: { forward: 'samples' },
  layer: 'none',
  properties: { signed: true, complete: false, seeded: true, linear: true, shape: 'pixel' },
  async run(subject, request, context) {
    const { input, target, score, params } = request;
    const covered = coveredOf(subject, request, context.random);
    const { parts, fill } = covered;
    const unit = `share of the ${unitOf(subject, request)}`;
    const map = (values: Float64Array): Attribution => covered.map(values, unit);
    const show = runningPicture(context, 'samples');
    const [whole] = await subject.scores(input, target, score, context.signal);
    const [nothing] = await subject.scores(fill, target, score, context.signal);
    const difference = whole! - nothing!;
    const adds = `The values of the ${parts.count} parts add up to ${difference.toPrecision(4)}, the ${unitOf(subject, request)} of the picture minus that of the fill alone.`;
    const common = [...scoreNotes(subject, score), adds];
    const all = 2 ** parts.count;
    if (all <= params.samples) {
      const worth = new Float64Array(all);
      let k = 0;
      await scoreCoalitions(
        covered,
        everyCoalition(parts.count),
        context.signal,
        (_on, value) => (worth[k++] = value),
        (done) => context.progress(done, all, 'coalitions'),
      );
      const notes = [...common, `Exact: all ${all} coalitions of the parts were computed.`];
      return { attribution: map(shapleyValues(worth, parts.count)), params: { count: parts.count }, notes };
    }
    const groups = Array.from({ length: GROUPS }, () => new Sums(parts.count));
    const fit = (sums: Sums): Fit => constrained(sums, nothing!, difference);
    const total = (): Sums => groups.reduce((a, b) => a.plus(b));
    const samples = params.samples - (params.samples % 2);
    let k = 0;
    await scoreCoalitions(
      covered,
      drawn(parts.count, samples, context.random.fork(0)),
      context.signal,
      // A coalition and its complement belong together.
      (on, value) => groups[Math.floor(k++ / 2) % GROUPS]!.add(on, value),
      (done) => show(done, samples, () => map(fit(total()).values)),
    );
    const found = fit(total());
    const used = groups.filter((g) => g.weight > 0).length;
    const errors = used > 1 ? standardErrors(groups, fit) : undefined;
    const sure = errors === undefined ? [] : fitNotes(found, samples, errors, unitOf(subject, request));
    const attribution = covered.map(found.values, unit, { r2: found.r2, ...given({ errors }) });
    return { attribution, params: { count: parts.count }, notes: [...common, ...sure] };
  },
});

/** Coalition k holds part i where bit i of k is set. */
function* everyCoalition(count: number): Generator<Uint8Array> {
  for (let k = 0; k < 2 ** count; k++) yield Uint8Array.from({ length: count }, (_, i) => Math.floor(k / 2 ** i) % 2);
}

/** φ_i = Σ over S without i of |S|! (n - |S| - 1)! / n! · (worth(S and i) - worth(S)). */
export function shapleyValues(worth: Float64Array, count: number): Float64Array {
  const sizes = Uint8Array.from(worth, (_, k) => k.toString(2).replaceAll('0', '').length);
  // 1 / (n · (n - 1 over s)), from one to the next.
  const share = new Float64Array(count);
  share[0] = 1 / count;
  for (let s = 1; s < count; s++) share[s] = (share[s - 1]! * s) / (count - s);
  return Float64Array.from({ length: count }, (_, i) => {
    const bit = 2 ** i;
    let sum = 0;
    for (let k = 0; k < worth.length; k++)
      if (Math.floor(k / bit) % 2 === 0) sum += share[sizes[k]!]! * (worth[k + bit]! - worth[k]!);
    return sum;
  });
}

/**
 * Coalitions by the Shapley kernel: of size s with a probability as 1 / (s (n - s)), any of that size alike; after each its
 * complement (Covert, Lee 2021, arXiv:2012.01536). Equal weights then: the kernel is in how often they are drawn.
 */
function* drawn(count: number, samples: number, random: Random): Generator<Uint8Array> {
  const cumulative: number[] = [];
  for (let s = 1; s < count; s++) cumulative.push((cumulative.at(-1) ?? 0) + 1 / (s * (count - s)));
  for (let k = 0; k < samples / 2; k++) {
    const one = random.fork(k);
    const at = one.uniform() * cumulative.at(-1)!;
    const size = 1 + cumulative.findIndex((c) => at < c);
    const order = one.shuffle(Array.from({ length: count }, (_, i) => i));
    const on = new Uint8Array(count);
    for (const part of order.slice(0, size)) on[part] = 1;
    yield on;
    yield on.map((v) => 1 - v);
  }
}
