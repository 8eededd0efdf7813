import type { Attribution } from '../../result/explanation.js';
import { attributionMethod } from '../method.js';
import { coveredOf, scoreCoalitions } from './parts/coalitions.js';
import { partsParameters } from './parts/parts.js';
import { scoreNotes, unitOf } from './shared/answer.js';
import { fillParameter } from './shared/parameters.js';
import { runningPicture } from './shared/runningPicture.js';

/** score(picture) - score(picture without the part), for each part of the picture. */
export const featureAblation = attributionMethod({
  id: 'feature_ablation',
  title: 'Part Ablation',
  summary: 'How far does the score drop when one part of the picture (a superpixel, a square) is covered?',
  citation: 'Zeiler, Fergus 2014, arXiv:1311.2901, over superpixels of Achanta et al. 2012 (SLIC)',
  parameters: { ...partsParameters, fill: fillParameter },
  group: 'without',
  needs: 'black-box',
  passes: { forward: 'count' },
  layer: 'none',
  properties: { signed: true, complete: false, seeded: true, linear: true, shape: 'pixel' },
  async run(subject, request, context) {
    const { score } = request;
    const covered = coveredOf(subject, request, context.random);
    const { parts } = covered;
    const unit = `drop of the ${unitOf(subject, request)}`;
    const drops = new Float64Array(parts.count);
    let whole: number | undefined;
    let next = 0;
    const show = runningPicture(context, 'parts');
    const picture = (): Attribution => covered.map(drops, unit);
    await scoreCoalitions(
      covered,
      withoutOne(parts.count),
      context.signal,
      (_on, value) => {
        if (whole === undefined) whole = value;
        else drops[next++] = whole - value;
      },
      (done) => show(done - 1, parts.count, picture),
    );
    return { attribution: picture(), params: { count: parts.count }, notes: scoreNotes(subject, score) };
  },
});

/** All parts, then all but each. */
function* withoutOne(count: number): Generator<Uint8Array> {
  yield new Uint8Array(count).fill(1);
  for (let i = 0; i < count; i++) {
    const on = new Uint8Array(count).fill(1);
    on[i] = 0;
    yield on;
  }
}
