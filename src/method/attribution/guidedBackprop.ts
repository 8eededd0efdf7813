import { attributionMethod } from '../method.js';
import { baseAttribution, baseParameters } from './shared/baseMaps.js';

/** The gradient in which every rectifier passes back only what is positive, where it was on. Known to show edges rather than the model (Adebayo et al. 2018). */
export const guidedBackprop = attributionMethod({
  id: 'guided_backprop',
  title: 'Guided backpropagation',
  summary: 'Which details excite the units that argue for the score?',
  citation: 'Springenberg, Dosovitskiy, Brox, Riedmiller 2015, Striving for Simplicity, arXiv:1412.6806',
  parameters: baseParameters,
  group: 'rules',
  needs: 'gradient',
  passes: { gradient: 1 },
  layer: 'optional',
  properties: { signed: true, complete: false, seeded: false, edges: true, shape: 'channel' },
  run: (subject, request, context) =>
    baseAttribution(subject, request, context, 'guided_backprop', ' per unit, rectified'),
});
