import type { Random } from '../../base/random.js';
import type { Attribution } from '../../result/explanation.js';
import { attributionMethod } from '../method.js';
import { coveredOf, scoreCoalitions } from './parts/coalitions.js';
import { partsParameters } from './parts/parts.js';
import { ridge, standardErrors, Sums } from './parts/regression.js';
import { fitNotes } from './parts/words.js';
import { scoreNotes, unitOf } from './shared/answer.js';
import { fillParameter } from './shared/parameters.js';
import { runningPicture } from './shared/runningPicture.js';

/** Groups of samples that are left out in turn, for the standard errors. */
const GROUPS = 20;

/**
 * LIME: a linear model of the score over parts that are there or covered, fitted to random pictures near this one. Each
 * part is there with probability ½; a sample counts as exp(-d² / width²), d its cosine distance from the whole picture, as
 * in the authors' program; ridge regression with penalty 1.
 */
export const lime = attributionMethod({
  id: 'lime',
  title: 'LIME',
  summary: 'How much does each part of the picture add, in a linear model of the score near this picture?',
  citation: 'Ribeiro, Singh, Guestrin 2016, "Why Should I Trust You?", arXiv:1602.04938',
  parameters: {
    samples: {
      type: 'integer',
      title: 'Samples',
      default: 1000,
      minimum: 2,
      maximum: 100_000,
      description: 'number of random pictures; the authors take 1000',
    },
    ...partsParameters,
    width: {
      type: 'number',
      title: 'Kernel width',
      default: 0.25,
      minimum: 0.01,
      maximum: 100,
      step: 0.05,
      description: 'how near to the whole picture a sample must be to count, in cosine distance; the authors take 0.25',
    },
    fill: { ...fillParameter, default: 'mean' },
  },
  group: 'without',
  needs: 'black-box',
  passes: { forward: 'samples' },
  layer: 'none',
  properties: { signed: true, complete: false, seeded: true, linear: true, shape: 'pixel' },
  async run(subject, request, context) {
    const { score, params } = request;
    const covered = coveredOf(subject, request, context.random);
    const { parts } = covered;
    const unit = `${unitOf(subject, request)} per part`;
    const groups = Array.from({ length: Math.min(GROUPS, params.samples) }, () => new Sums(parts.count));
    const fit = (sums: Sums): ReturnType<typeof ridge> => ridge(sums, 1);
    const total = (): Sums => groups.reduce((a, b) => a.plus(b));
    const picture = (): Attribution => covered.map(fit(total()).values, unit);
    const show = runningPicture(context, 'samples');
    let k = 0;
    await scoreCoalitions(
      covered,
      samplesOf(parts.count, params.samples, context.random.fork(0)),
      context.signal,
      (on, value) => groups[k++ % groups.length]!.add(on, value, nearness(on, params.width)),
      (done) => show(done, params.samples, picture),
    );
    const found = fit(total());
    const errors = standardErrors(groups, fit);
    return {
      attribution: covered.map(found.values, unit, { errors, r2: found.r2 }),
      params: { count: parts.count },
      notes: [...scoreNotes(subject, score), ...fitNotes(found, params.samples, errors, unitOf(subject, request))],
    };
  },
});

/** The whole picture first. A stream for each sample: the map does not depend on the batch size. */
function* samplesOf(count: number, samples: number, random: Random): Generator<Uint8Array> {
  for (let k = 0; k < samples; k++) {
    const one = random.fork(k);
    yield Uint8Array.from({ length: count }, () => (k === 0 || one.uniform() < 0.5 ? 1 : 0));
  }
}

/** exp(-d² / width²) of the cosine distance d = 1 - √(share of parts that are there). */
function nearness(on: Uint8Array, width: number): number {
  const d = 1 - Math.sqrt(on.reduce((a, b) => a + b, 0) / on.length);
  return Math.exp(-(d * d) / (width * width));
}
