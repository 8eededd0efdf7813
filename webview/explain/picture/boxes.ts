import type { Explanation } from '../../../src/result/explanation.js';
import type { CanvasBox } from '../../shared/canvas/canvasBoxes.js';
import { formatNumber } from '../../shared/format.js';
import type { Asked } from '../asked.js';

/** Boxes that are drawn over the picture; the list beside it has as many. */
const MOST = 20;

/** What a detector found in the picture, to be chosen there. The same list as long as nothing of it changes. */
export class KnownBoxes {
  private explanation: Explanation | undefined;
  private target: string | undefined;
  private boxes: readonly CanvasBox[] = [];

  of({ shown, question }: Pick<Asked, 'shown' | 'question'>): readonly CanvasBox[] {
    const explanation = shown?.explanation;
    if (explanation === this.explanation && question?.target === this.target) return this.boxes;
    this.explanation = explanation;
    this.target = question?.target;
    return (this.boxes = boxesOf(explanation, question?.target));
  }
}

/** The boxes of an explanation, in pixels of what the model sees, which is what is drawn. */
export function boxesOf(explanation: Explanation | undefined, target: string | undefined): readonly CanvasBox[] {
  return (explanation?.found?.boxes ?? []).slice(0, MOST).map(({ box, label, score }, i) => {
    const said = `${label} ${formatNumber(score)}`;
    return { box, label: said, title: `Explain box ${i + 1}: ${said}`, chosen: target === `box:${i + 1}` };
  });
}
