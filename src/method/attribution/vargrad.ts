import { attributionMethod } from '../method.js';
import { smoothAttribution, smoothParameters } from './shared/smooth.js';

/** Population variance of the base map over noisy copies of the input. */
export const vargrad = attributionMethod({
  id: 'vargrad',
  title: 'VarGrad',
  summary: 'Where does the sensitivity itself change most under noise?',
  citation:
    'Adebayo, Gilmer, Goodfellow, Kim 2018, Local Explanation Methods for Deep Neural Networks Lack Sensitivity to Parameter Values, arXiv:1810.03307',
  parameters: smoothParameters,
  group: 'pixels',
  needs: 'gradient',
  passes: { gradient: 'samples' },
  layer: 'optional',
  properties: { signed: false, complete: false, seeded: true, shape: 'channel' },
  run: (subject, request, context) => smoothAttribution(subject, request, context, 'variance'),
});
