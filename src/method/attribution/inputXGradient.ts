import { attributionMethod } from '../method.js';
import { baseAttribution, baseParameters } from './shared/baseMaps.js';

/** x · dS/dx. Adds up to the score where the model is linear without constants between the view and the score. */
export const inputXGradient = attributionMethod({
  id: 'input_x_gradient',
  title: 'Input × Gradient',
  summary: 'Which values carry the score, to first order?',
  citation: 'Shrikumar, Greenside, Shcherbina, Kundaje 2016, Not Just a Black Box, arXiv:1605.01713',
  parameters: baseParameters,
  group: 'pixels',
  needs: 'gradient',
  passes: { gradient: 1 },
  layer: 'optional',
  properties: { signed: true, complete: false, seeded: false, linear: true, shape: 'channel' },
  run: (subject, request, context) => baseAttribution(subject, request, context, 'input_x_gradient', ''),
});
