import { attributionMethod } from '../method.js';
import { camAttribution, camParameters, elementwiseSum } from './cam/cam.js';

/** Σ_c dS/dA_c · A_c, place by place: unlike Grad-CAM it never lights a place that the score does not depend on. */
export const hirescam = attributionMethod({
  id: 'hirescam',
  title: 'HiResCAM',
  summary: 'Which places of a layer did the score really use?',
  citation:
    'Draelos, Carin 2020, Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks, arXiv:2011.08891',
  parameters: camParameters,
  group: 'where',
  needs: 'gradient',
  passes: { gradient: 1 },
  layer: 'chosen',
  properties: { signed: false, complete: false, seeded: false, shape: 'pixel' },
  run: (subject, request, context) => camAttribution(subject, request, context, elementwiseSum),
});
