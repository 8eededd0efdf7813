import { attributionMethod } from '../method.js';
import { smoothAttribution, smoothParameters } from './shared/smooth.js';

/** Mean of the squared base map over noisy copies of the input. */
export const smoothgradSquared = attributionMethod({
  id: 'smoothgrad_squared',
  title: 'SmoothGrad squared',
  summary: 'Which pixels change the score strongly in whatever direction, over noisy copies?',
  citation:
    'Hooker, Erhan, Kindermans, Kim 2019, A Benchmark for Interpretability Methods in Deep Neural Networks, arXiv:1806.10758',
  parameters: smoothParameters,
  group: 'pixels',
  needs: 'gradient',
  passes: { gradient: 'samples' },
  layer: 'optional',
  properties: { signed: false, complete: false, seeded: true, shape: 'channel' },
  run: (subject, request, context) => smoothAttribution(subject, request, context, 'square'),
});
