import { attributionMethod } from '../method.js';
import { baseMaps } from './baseMaps.js';
import { reduceParameter, scoreNotes, unitOf } from './shared.js';
import { viewOf } from './view.js';

/** dS/dx: how the score changes with each value of the input, or of a layer. Signed and per channel unless it is reduced. */
export const gradient = attributionMethod({
  id: 'gradient',
  title: 'Gradient',
  summary: 'Which pixels change the score most when they are nudged?',
  citation: 'Simonyan, Vedaldi, Zisserman 2014, Deep Inside Convolutional Networks, arXiv:1312.6034',
  parameters: { reduce: reduceParameter },
  needs: 'gradient',
  layer: 'optional',
  properties: { signed: true, complete: false, seeded: false, linear: true, shape: 'channel' },
  async run(subject, request, context) {
    const view = viewOf(subject, request.layer);
    const of = subject.scoreAt(request.target, request.score);
    const { maps, notes } = await baseMaps(subject, request.input, 'gradient', of, view.value, context.signal);
    return {
      attribution: view.attribution(maps.data, `${unitOf(request.score)} per unit`, request.params.reduce),
      ...(view.layer === undefined ? {} : { layer: view.layer }),
      notes: [...scoreNotes(subject.scoreValue(request.score)), ...notes],
    };
  },
});
