import { attributionMethod } from '../method.js';
import { baseMaps } from './baseMaps.js';
import { reduceParameter, scoreNotes, unitOf } from './shared.js';
import { viewOf } from './view.js';

/** The gradient in which every rectifier passes back only what is positive, where it was on. Known to show edges rather than the model (Adebayo et al. 2018). */
export const guidedBackprop = attributionMethod({
  id: 'guided_backprop',
  title: 'Guided backpropagation',
  summary: 'Which details excite the units that argue for the score?',
  citation: 'Springenberg, Dosovitskiy, Brox, Riedmiller 2015, Striving for Simplicity, arXiv:1412.6806',
  parameters: { reduce: reduceParameter },
  needs: 'gradient',
  layer: 'optional',
  properties: { signed: true, complete: false, seeded: false, edges: true, shape: 'channel' },
  async run(subject, request, context) {
    const view = viewOf(subject, request.layer);
    const of = subject.scoreAt(request.target, request.score);
    const { maps, notes } = await baseMaps(subject, request.input, 'guided_backprop', of, view.value, context.signal);
    return {
      attribution: view.attribution(maps.data, `${unitOf(request.score)} per unit, rectified`, request.params.reduce),
      ...(view.layer === undefined ? {} : { layer: view.layer }),
      notes: [...scoreNotes(subject.scoreValue(request.score)), ...notes],
    };
  },
});
