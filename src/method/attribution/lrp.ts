import { foldNormalisation } from '../../gradient/brought/foldNormalisation.js';
import { gatesOf } from '../../gradient/brought/gates.js';
import { LRP_PRESETS, lrpRules } from '../../gradient/brought/lrp.js';
import { attributionMethod } from '../method.js';
import { weighedProducts } from '../target/head.js';
import { channelAttribution, scoreNotes, unitOf } from './shared/answer.js';
import { reduceParameter } from './shared/parameters.js';

/** Layer-wise relevance propagation: the logit is handed back from layer to layer, to each input in proportion to its share. */
export const lrp = attributionMethod({
  id: 'lrp',
  title: 'LRP',
  summary: 'How does the score divide among the pixels when each layer hands it to its inputs by their shares?',
  citation:
    'Bach, Binder, Montavon, Klauschen, Müller, Samek 2015, On Pixel-Wise Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance Propagation, PLOS ONE 10(7); Montavon et al. 2017 (z+)',
  parameters: {
    rule: {
      type: 'choice',
      title: 'Rule',
      default: 'epsilon_plus',
      choices: LRP_PRESETS,
      description:
        'epsilon everywhere; z_plus everywhere (positive contributions only, loses nothing); epsilon_plus: z_plus for convolutions, epsilon for linear layers',
    },
    epsilon: {
      type: 'number',
      title: 'Epsilon',
      default: 0.01,
      minimum: 0,
      description: 'stabiliser of the epsilon rule: it takes relevance from units that hardly fire',
    },
    reduce: reduceParameter,
  },
  group: 'rules',
  needs: 'gradient',
  passes: { gradient: 2 },
  layer: 'none',
  properties: { signed: true, complete: false, seeded: false, shape: 'channel' },
  async run(subject, request, context) {
    const { input, target, score, params } = request;
    const of = subject.scoreAt(target, 'logit');
    const rules = {
      key: `lrp ${params.rule} ${params.epsilon}`,
      make: () => {
        const folded = foldNormalisation(subject.graph, subject.facts);
        const weighed = weighedProducts(folded.graph);
        const weighing = { weighed, gates: gatesOf(folded.graph, weighed) };
        return { ...folded, overrides: lrpRules(params.rule, params.epsilon, weighing) };
      },
    };
    const { scores, gradients, notes } = await subject.gradients(input, { of, rules }, context.signal);
    const gradient = gradients.get(subject.input.name)!;
    const values = gradient.data.map((g, i) => g * input.data[i]!);
    const own = score === 'probability' ? ['LRP divides the logit, also where the probability was asked for.'] : [];
    return {
      attribution: channelAttribution(
        values,
        subject.input,
        unitOf(subject, { target, score: 'logit' }),
        params.reduce,
      ),
      delta: values.reduce((a, b) => a + b, 0) - scores[0]!,
      notes: [...scoreNotes(subject, 'logit'), ...own, ...notes],
    };
  },
});
