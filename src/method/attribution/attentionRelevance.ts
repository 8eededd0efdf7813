import { attributed, followed, readersOf } from './attention/attributed.js';
import { joined, relevanceSteps } from '../attention/joined.js';
import { attentionOf } from '../attention/layers.js';
import { matricesAndGradients } from '../attention/matrices.js';
import { attentionParameters } from '../attention/parameters.js';
import { attributionMethod } from '../method.js';
import { camParameters } from './cam/cam.js';
import { scoreNotes } from './shared/answer.js';

/** Attention times the gradient of the score, what is negative left out, added up over the layers of a transformer. */
export const attentionRelevance = attributionMethod({
  id: 'attention_relevance',
  title: 'Attention × gradient (relevance)',
  summary: 'Where do the tokens that decide look, in so far as it raises the score?',
  citation:
    'Chefer, Gur, Wolf 2021, Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder Transformers, arXiv:2103.15679',
  parameters: { start: attentionParameters.start, upsample: camParameters.upsample },
  group: 'attention',
  needs: 'gradient',
  attends: true,
  passes: { gradient: 1 },
  layer: 'none',
  properties: { signed: false, complete: false, seeded: false, shape: 'pixel' },
  async run(subject, { input, target, score, params }, { signal }) {
    const { start, upsample } = params;
    const attention = await attentionOf(subject, signal);
    const of = subject.scoreAt(target, score);
    const way = followed(attention, of.value, start);
    const { chain, read } = way;
    const also = read === undefined ? [] : [read];
    const found = await matricesAndGradients(subject, attention, chain, input, { of, also }, signal);
    const matrix = await joined(subject, relevanceSteps(found.weights, found.gradients), signal);
    const readers = readersOf(chain.at(-1)!, read === undefined ? undefined : found.others.get(read));
    return {
      attribution: attributed(subject, way, matrix, readers, { rest: 1, upsample, unit: 'relevance' }),
      notes: [...scoreNotes(subject, score), ...found.notes],
    };
  },
});
