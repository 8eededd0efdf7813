import { attributionMethod } from '../method.js';
import { baseMaps } from './baseMaps.js';
import { reduceParameter, scoreNotes, unitOf } from './shared.js';
import { viewOf } from './view.js';

/** x · dS/dx. Adds up to the score where the model is linear without constants between the view and the score. */
export const inputXGradient = attributionMethod({
  id: 'input_x_gradient',
  title: 'Input × Gradient',
  summary: 'Which values carry the score, to first order?',
  citation: 'Shrikumar, Greenside, Shcherbina, Kundaje 2016, Not Just a Black Box, arXiv:1605.01713',
  parameters: { reduce: reduceParameter },
  needs: 'gradient',
  layer: 'optional',
  properties: { signed: true, complete: false, seeded: false, linear: true, shape: 'channel' },
  async run(subject, request, context) {
    const view = viewOf(subject, request.layer);
    const of = subject.scoreAt(request.target, request.score);
    const { maps, notes } = await baseMaps(subject, request.input, 'input_x_gradient', of, view.value, context.signal);
    return {
      attribution: view.attribution(maps.data, unitOf(request.score), request.params.reduce),
      ...(view.layer === undefined ? {} : { layer: view.layer }),
      notes: [...scoreNotes(subject.scoreValue(request.score)), ...notes],
    };
  },
});
