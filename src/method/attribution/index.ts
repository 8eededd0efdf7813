import { LensError } from '../../base/errors.js';
import { closest } from '../../base/suggest.js';
import type { AttributionMethod } from '../method.js';
import { attentionRelevance } from './attentionRelevance.js';
import { attentionRollout } from './attentionRollout.js';
import { conductance } from './conductance.js';
import { deconvnet } from './deconvnet.js';
import { deeplift } from './deeplift.js';
import { expectedGradients } from './expectedGradients.js';
import { featureAblation } from './featureAblation.js';
import { gradcam } from './gradcam.js';
import { gradcamPp } from './gradcamPp.js';
import { gradient } from './gradient.js';
import { guidedBackprop } from './guidedBackprop.js';
import { guidedGradcam } from './guidedGradcam.js';
import { hirescam } from './hirescam.js';
import { inputXGradient } from './inputXGradient.js';
import { integratedGradients } from './integratedGradients.js';
import { kernelShap } from './kernelShap.js';
import { layercam } from './layercam.js';
import { lime } from './lime.js';
import { lrp } from './lrp.js';
import { occlusion } from './occlusion.js';
import { perturbation } from './perturbation.js';
import { rise } from './rise.js';
import { smoothgrad } from './smoothgrad.js';
import { smoothgradSquared } from './smoothgradSquared.js';
import { vargrad } from './vargrad.js';

/**
 * Every attribution method, in the order in which they are offered: group by group. A new one is a new file and a line here;
 * its id is its file's name with low lines between the words.
 */
export const attributionMethods: readonly AttributionMethod[] = [
  gradcam,
  gradcamPp,
  hirescam,
  layercam,
  gradient,
  inputXGradient,
  integratedGradients,
  smoothgrad,
  smoothgradSquared,
  vargrad,
  expectedGradients,
  conductance,
  guidedBackprop,
  deconvnet,
  guidedGradcam,
  deeplift,
  lrp,
  occlusion,
  rise,
  featureAblation,
  lime,
  kernelShap,
  perturbation,
  attentionRollout,
  attentionRelevance,
];

/**
 * The attribution method of that id.
 *
 * @throws LensError `method/unknown` that suggests near ids
 */
export function attributionMethodById(id: string): AttributionMethod {
  const found = attributionMethods.find((m) => m.id === id.replaceAll('-', '_'));
  if (found !== undefined) return found;
  const ids = attributionMethods.map((m) => m.id);
  const near = closest(id, ids, 2);
  throw new LensError('usage', 'method/unknown', `There is no method "${id}".`, {
    hint: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are ${ids.join(', ')}.`,
  });
}
