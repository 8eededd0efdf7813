import { attributionMethod } from '../method.js';
import { baseAttribution, baseParameters } from './shared/baseMaps.js';

/** dS/dx: how the score changes with each value of the input, or of a layer. Signed and per channel unless it is reduced. */
export const gradient = attributionMethod({
  id: 'gradient',
  title: 'Gradient',
  summary: 'Which pixels change the score most when they are nudged?',
  citation: 'Simonyan, Vedaldi, Zisserman 2014, Deep Inside Convolutional Networks, arXiv:1312.6034',
  parameters: baseParameters,
  group: 'pixels',
  needs: 'gradient',
  passes: { gradient: 1 },
  layer: 'optional',
  properties: { signed: true, complete: false, seeded: false, linear: true, shape: 'channel' },
  run: (subject, request, context) => baseAttribution(subject, request, context, 'gradient', ' per unit'),
});
