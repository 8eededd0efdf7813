import { isCancelled, LensError } from '../../base/errors.js';
import { attributed, followed, readersOf } from './attention/attributed.js';
import { joined, rolloutSteps } from '../attention/joined.js';
import { attentionOf } from '../attention/layers.js';
import { matricesOf } from '../attention/matrices.js';
import { attentionParameters } from '../attention/parameters.js';
import { attributionMethod } from '../method.js';
import { camParameters } from './cam/cam.js';
import { scoreNotes } from './shared/answer.js';

const SAME = 'The map is the same for every class that reads the same tokens: a rollout knows no class.';
const GUESSED =
  'Which tokens the score reads could not be told, because no gradient passes: the class token is taken, else all tokens.';

/** The product of a transformer's attention over its layers, half of each the token itself, from the tokens that the score reads. */
export const attentionRollout = attributionMethod({
  id: 'attention_rollout',
  title: 'Attention rollout',
  summary: 'Where do the tokens that decide get their information from, by attention alone?',
  citation: 'Abnar, Zuidema 2020, Quantifying Attention Flow in Transformers, arXiv:2005.00928',
  parameters: {
    fusion: attentionParameters.fusion,
    start: attentionParameters.start,
    upsample: camParameters.upsample,
  },
  group: 'attention',
  needs: 'black-box',
  attends: true,
  passes: { forward: 1 },
  layer: 'none',
  properties: { signed: false, complete: false, seeded: false, shape: 'pixel' },
  async run(subject, { input, target, score, params }, { signal }) {
    const { fusion, start, upsample } = params;
    const attention = await attentionOf(subject, signal);
    const of = subject.scoreAt(target, score);
    const way = followed(attention, of.value, start);
    const { chain, read } = way;
    const matrices = await matricesOf(subject, attention, chain, input, signal);
    const steps = rolloutSteps(
      matrices.map((m) => m.weights),
      fusion,
    );
    const matrix = await joined(subject, steps, signal);
    let gradient;
    try {
      if (read !== undefined)
        gradient = (await subject.gradients(input, { of, wrt: [read] }, signal)).gradients.get(read);
    } catch (error) {
      if (!(error instanceof LensError) || isCancelled(error)) throw error;
    }
    const readers = readersOf(chain.at(-1)!, gradient);
    return {
      attribution: attributed(subject, way, matrix, readers, { rest: 0, upsample, unit: 'share of attention' }),
      notes: [...scoreNotes(subject, score), SAME, ...(gradient === undefined ? [GUESSED] : [])],
    };
  },
});
