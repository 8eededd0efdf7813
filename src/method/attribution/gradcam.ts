import { attributionMethod } from '../method.js';
import { camAttribution, camParameters, gradcamFormula } from './cam/cam.js';

/** Σ_c mean(dS/dA_c) · A_c over the channels of a layer. */
export const gradcam = attributionMethod({
  id: 'gradcam',
  title: 'Grad-CAM',
  summary: 'In which region does the network find what argues for the target?',
  citation: 'Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra 2017, Grad-CAM, arXiv:1610.02391',
  parameters: camParameters,
  group: 'where',
  needs: 'gradient',
  passes: { gradient: 1 },
  layer: 'chosen',
  properties: { signed: false, complete: false, seeded: false, shape: 'pixel' },
  run: (subject, request, context) => camAttribution(subject, request, context, gradcamFormula),
});
