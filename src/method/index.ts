import { LensError } from '../base/errors.js';
import { closest } from '../base/suggest.js';
import type { MethodDescription } from '../result/method.js';
import { deeplift } from './attribution/deeplift.js';
import { expectedGradients } from './attribution/expectedGradients.js';
import { conductance } from './attribution/conductance.js';
import { deconvnet } from './attribution/deconvnet.js';
import { guidedBackprop } from './attribution/guidedBackprop.js';
import { inputXGradient } from './attribution/inputXGradient.js';
import { integratedGradients } from './attribution/integratedGradients.js';
import { smoothgrad } from './attribution/smoothgrad.js';
import { smoothgradSquared } from './attribution/smoothgradSquared.js';
import { vargrad } from './attribution/vargrad.js';
import { gradcam } from './attribution/gradcam.js';
import { gradcamPlusPlus } from './attribution/gradcamPlusPlus.js';
import { hirescam } from './attribution/hirescam.js';
import { layercam } from './attribution/layercam.js';
import { guidedGradcam } from './attribution/guidedGradcam.js';
import { gradient } from './attribution/gradient.js';
import { lrp } from './attribution/lrp.js';
import { occlusion } from './attribution/occlusion.js';
import { perturbation } from './attribution/perturbation.js';
import { rise } from './attribution/rise.js';
import type { AttributionMethod } from './method.js';

/** Every attribution method. A new one is a new file and a line here. */
export const attributionMethods: readonly AttributionMethod[] = [
  occlusion,
  rise,
  perturbation,
  gradient,
  inputXGradient,
  integratedGradients,
  smoothgrad,
  smoothgradSquared,
  vargrad,
  guidedBackprop,
  deconvnet,
  gradcam,
  gradcamPlusPlus,
  hirescam,
  layercam,
  guidedGradcam,
  expectedGradients,
  conductance,
  deeplift,
  lrp,
];

/** The attribution method of that id; throws a LensError that suggests near ids. */
export function attributionMethodById(id: string): AttributionMethod {
  const found = attributionMethods.find((m) => m.id === id);
  if (found !== undefined) return found;
  const ids = attributionMethods.map((m) => m.id);
  const near = closest(id, ids, 2);
  throw new LensError('usage', 'method/unknown', `There is no method "${id}".`, {
    hint: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are ${ids.join(', ')}.`,
  });
}

/** What every method says about itself. */
export function describeMethods(): readonly MethodDescription[] {
  return attributionMethods.map(({ id, title, chapter, summary, citation, parameters, needs, layer, properties }) => ({
    id,
    title,
    chapter,
    summary,
    citation,
    parameters,
    needs,
    layer,
    properties,
  }));
}
