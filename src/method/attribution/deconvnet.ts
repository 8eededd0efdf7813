import { attributionMethod } from '../method.js';
import { baseMaps } from './baseMaps.js';
import { reduceParameter, scoreNotes, unitOf } from './shared.js';
import { viewOf } from './view.js';

/** The gradient in which every rectifier passes back only what is positive, whatever its input was. */
export const deconvnet = attributionMethod({
  id: 'deconvnet',
  title: 'Deconvnet',
  summary: 'Which details lead back to the score through a rectified decoder?',
  citation: 'Zeiler, Fergus 2014, Visualizing and Understanding Convolutional Networks, arXiv:1311.2901',
  parameters: { reduce: reduceParameter },
  needs: 'gradient',
  layer: 'optional',
  properties: { signed: true, complete: false, seeded: false, edges: true, shape: 'channel' },
  async run(subject, request, context) {
    const view = viewOf(subject, request.layer);
    const of = subject.scoreAt(request.target, request.score);
    const { maps, notes } = await baseMaps(subject, request.input, 'deconvnet', of, view.value, context.signal);
    return {
      attribution: view.attribution(maps.data, `${unitOf(request.score)} per unit, rectified`, request.params.reduce),
      ...(view.layer === undefined ? {} : { layer: view.layer }),
      notes: [...scoreNotes(subject.scoreValue(request.score)), ...notes],
    };
  },
});
