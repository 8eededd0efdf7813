import { attributionMethod } from '../method.js';
import { camAttribution, camParameters, weightedSum, type CamFormula } from './cam/cam.js';

/** Weights w_c = Σ_i (A_ci · g_ci) / Σ_i A_ci: their sum with the activations is Σ A · g, as the axioms ask. */
const formula: CamFormula = (activations, gradients, channels, places) => {
  const weights = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    let [products, total] = [0, 0];
    for (let i = c * places; i < (c + 1) * places; i++) {
      products += activations[i]! * gradients[i]!;
      total += activations[i]!;
    }
    weights[c] = total === 0 ? 0 : products / total;
  }
  return weightedSum(activations, weights, channels, places);
};

/** Grad-CAM with weights that keep what the score depends on: sensitivity and conservation. */
export const xgradcam = attributionMethod({
  id: 'xgradcam',
  title: 'XGrad-CAM',
  summary: 'In which regions does the network find what argues for the target, conserving the score?',
  citation: 'Fu, Hu, Dong, Guo, Gao, Li 2020, Axiom-based Grad-CAM, arXiv:2008.02312',
  parameters: camParameters,
  needs: 'gradient',
  layer: 'chosen',
  properties: { signed: false, complete: false, seeded: false, shape: 'pixel' },
  run: (subject, request, context) => camAttribution(subject, request, context, formula),
});
