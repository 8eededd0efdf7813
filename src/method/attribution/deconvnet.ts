import { attributionMethod } from '../method.js';
import { baseAttribution, baseParameters } from './shared/baseMaps.js';

/** The gradient in which every rectifier passes back only what is positive, whatever its input was. */
export const deconvnet = attributionMethod({
  id: 'deconvnet',
  title: 'Deconvnet',
  summary: 'Which details lead back to the score through a rectified decoder?',
  citation: 'Zeiler, Fergus 2014, Visualizing and Understanding Convolutional Networks, arXiv:1311.2901',
  parameters: baseParameters,
  group: 'rules',
  needs: 'gradient',
  passes: { gradient: 1 },
  layer: 'optional',
  properties: { signed: true, complete: false, seeded: false, edges: true, shape: 'channel' },
  run: (subject, request, context) => baseAttribution(subject, request, context, 'deconvnet', ' per unit, rectified'),
});
