import { attributionMethod } from '../method.js';
import { camAttribution, camParameters, weightedSum, type CamFormula } from './cam/cam.js';

const EPSILON = 1e-6;

/**
 * Weights of Grad-CAM++: positive gradients, each weighted by α = g² / (2g² + ΣA · g³), so that several instances of a
 * class count alike. As in jacobgil/pytorch-grad-cam.
 */
const formula: CamFormula = (activations, gradients, channels, places) => {
  const weights = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    let total = 0;
    for (let i = 0; i < places; i++) total += activations[c * places + i]!;
    for (let i = 0; i < places; i++) {
      const g = gradients[c * places + i]!;
      if (g <= 0) continue;
      weights[c]! += (g * g * g) / (2 * g * g + total * g * g * g + EPSILON);
    }
  }
  return weightedSum(activations, weights, channels, places);
};

/** Grad-CAM with weights that do not favour the largest instance. */
export const gradcamPp = attributionMethod({
  id: 'gradcam_pp',
  title: 'Grad-CAM++',
  summary: 'In which regions, several instances alike, does the network find what argues for the target?',
  citation: 'Chattopadhyay, Sarkar, Howlader, Balasubramanian 2018, Grad-CAM++, arXiv:1710.11063',
  parameters: camParameters,
  group: 'where',
  needs: 'gradient',
  passes: { gradient: 1 },
  layer: 'chosen',
  properties: { signed: false, complete: false, seeded: false, shape: 'pixel' },
  run: (subject, request, context) => camAttribution(subject, request, context, formula),
});
