import type { Explanation } from '../../../src/result/explanation.js';
import type { Rgb } from '../../../src/base/picture.js';
import { differenceOf } from '../../shared/canvas/difference.js';
import { sceneOf, type Scene } from '../../shared/canvas/display.js';
import { Remade } from '../../shared/remade.js';
import type { ExplainController } from '../controller.js';

/** The scene of the panel: the same object as long as nothing of it changes, for the canvas draws when it gets another. */
export class DrawnScene {
  private readonly made = new Remade<Scene | undefined>();

  of({ shown, display, difference, photographs }: ExplainController): Scene | undefined {
    const explanation = shown?.explanation;
    const other = difference.explanation;
    const photo = display.photo ? photographs.of(shown) : undefined;
    return this.made.get([explanation, other, display, photo], () => sceneFrom(explanation, other, display, photo));
  }
}

function sceneFrom(
  explanation: Explanation | undefined,
  other: Explanation | undefined,
  display: ExplainController['display'],
  photo: Rgb | undefined,
): Scene | undefined {
  if (explanation === undefined) return undefined;
  const own = sceneOf(explanation, display);
  const scene =
    other === undefined
      ? own
      : differenceOf(own, explanation.attribution.unit, sceneOf(other, display), other.attribution.unit, display);
  return photo === undefined ? scene : { ...scene, photo };
}
