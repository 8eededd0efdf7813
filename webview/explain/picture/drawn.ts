import type { Explanation } from '../../../src/result/explanation.js';
import type { Rgb } from '../../../src/base/picture.js';
import { differenceOf } from '../../shared/canvas/difference.js';
import { atSlice, wholeSceneOf, type Scene } from '../../shared/canvas/display.js';
import { Remade } from '../../shared/remade.js';
import type { ExplainController } from '../controller.js';

/** The scene of the panel: the same object as long as nothing of it changes, for the canvas draws when it gets another. */
export class DrawnScene {
  private readonly made = new Remade<Scene | undefined>();

  /** @param picking whether places of the picture are being picked or painted */
  of({ shown, display, difference, photographs }: ExplainController, picking: boolean): Scene | undefined {
    const explanation = shown?.explanation;
    const other = difference.explanation;
    const photo = display.photo ? photographs.of(shown) : undefined;
    return this.made.get([explanation, other, display, photo, picking], () =>
      sceneFrom({ explanation, other, display, photo, picking }),
    );
  }
}

interface Drawing {
  readonly explanation: Explanation | undefined;
  readonly other: Explanation | undefined;
  readonly display: ExplainController['display'];
  readonly photo: Rgb | undefined;
  readonly picking: boolean;
}

function sceneFrom({ explanation, other, display, photo, picking }: Drawing): Scene | undefined {
  if (explanation === undefined) return undefined;
  const own = wholeSceneOf(explanation, display);
  const whole =
    other === undefined
      ? own
      : differenceOf(own, explanation.attribution.unit, wholeSceneOf(other, display), other.attribution.unit, display);
  // Places are picked in the picture of all slices.
  const scene = atSlice(whole, explanation.slices, picking ? 0 : display.slice);
  return photo === undefined ? scene : { ...scene, photo };
}
