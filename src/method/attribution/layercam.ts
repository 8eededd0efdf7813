import { attributionMethod } from '../method.js';
import { camAttribution, camParameters, elementwiseSum } from './cam/cam.js';

/** Σ_c max(0, dS/dA_c) · A_c, place by place. */
export const layercam = attributionMethod({
  id: 'layercam',
  title: 'LayerCAM',
  summary: 'Which places of a layer argue for the target, also in early layers?',
  citation:
    'Jiang, Zhang, Hou, Cheng, Wei 2021, LayerCAM: Exploring Hierarchical Class Activation Maps for Localization, IEEE TIP 30',
  parameters: camParameters,
  group: 'where',
  needs: 'gradient',
  passes: { gradient: 1 },
  layer: 'chosen',
  properties: { signed: false, complete: false, seeded: false, shape: 'pixel' },
  run: (subject, request, context) =>
    camAttribution(subject, request, context, (a, g, c, n) => elementwiseSum(a, g, c, n, (v) => Math.max(0, v))),
});
