import { attributionMethod } from '../method.js';
import { smoothAttribution, smoothParameters } from './shared/smooth.js';

/** Mean of the base map over noisy copies of the input; the target stays that of the clean input. */
export const smoothgrad = attributionMethod({
  id: 'smoothgrad',
  title: 'SmoothGrad',
  summary: 'Which pixels change the score, averaged over noisy copies of the picture?',
  citation:
    'Smilkov, Thorat, Kim, Viégas, Wattenberg 2017, SmoothGrad: removing noise by adding noise, arXiv:1706.03825',
  parameters: smoothParameters,
  group: 'pixels',
  needs: 'gradient',
  passes: { gradient: 'samples' },
  layer: 'optional',
  properties: { signed: true, complete: false, seeded: true, linear: true, shape: 'channel' },
  run: (subject, request, context) => smoothAttribution(subject, request, context, 'mean'),
});
