import { html, nothing, type TemplateResult } from 'lit';
import { pointAt, type Point, type Rect, type Size, type View } from './geometry.js';

/** A box over a picture that can be chosen. */
export interface CanvasBox {
  /** x0, y0, x1, y1 in pixels of the picture. */
  readonly box: readonly [x0: number, y0: number, x1: number, y1: number];
  readonly label: string;
  /** Said and shown of it in full. */
  readonly title: string;
  readonly chosen: boolean;
}

/** Share of a better box's area under which a box within it is meant. */
const SMALLER = 0.8;

/** Which box was chosen, by its place in the list. */
export interface BoxEvent {
  readonly index: number;
}

/**
 * Boxes as buttons over a canvas: for the keyboard and for their labels. The pointer goes through them, so that what lies
 * beneath is still read, dragged and zoomed: the canvas tells which box a click meant by {@link boxAt}.
 */
export function boxButtons(boxes: readonly CanvasBox[], onBox: (index: number) => void): TemplateResult {
  return html`<div class="boxes" role="group" aria-label="Boxes, best first" ?hidden=${boxes.length === 0}>
    ${boxes.map(
      (b, i) =>
        html`<button
          class="box"
          aria-pressed=${b.chosen ? 'true' : 'false'}
          aria-label=${b.title}
          @click=${() => onBox(i)}
        >
          <span title=${b.title || nothing}>${b.label}</span>
        </button>`,
    )}
  </div>`;
}

/** Puts the buttons where the boxes are now. */
export function placeBoxes(elements: ArrayLike<Element>, boxes: readonly CanvasBox[], rect: Rect, picture: Size): void {
  boxes.forEach(({ box: [x0, y0, x1, y1] }, i) => {
    const element = elements[i];
    if (!(element instanceof HTMLElement)) return;
    const [sx, sy] = [rect.width / picture.width, rect.height / picture.height];
    // A box that reaches over the edge of the picture ends there.
    const [left, top] = [Math.max(0, x0), Math.max(0, y0)];
    const [right, bottom] = [Math.min(picture.width, x1), Math.min(picture.height, y1)];
    Object.assign(element.style, {
      left: `${rect.left + left * sx}px`,
      top: `${rect.top + top * sy}px`,
      width: `${Math.max(0, right - left) * sx}px`,
      height: `${Math.max(0, bottom - top) * sy}px`,
    });
  });
}

/**
 * The box below a point of the canvas: of those that hold it the smallest, and of those that are about as large the best.
 *
 * @param at in pixels of the canvas
 */
export function boxAt(
  boxes: readonly CanvasBox[],
  picture: Size,
  canvas: Size,
  view: View,
  at: Point,
): number | undefined {
  const { x, y } = pointAt(picture, canvas, view, at);
  const area = ({ box: [x0, y0, x1, y1] }: CanvasBox): number => (x1 - x0) * (y1 - y0);
  let found: number | undefined;
  for (const [i, b] of boxes.entries()) {
    const [x0, y0, x1, y1] = b.box;
    if (x < x0 || x > x1 || y < y0 || y > y1) continue;
    if (found === undefined || area(b) < SMALLER * area(boxes[found]!)) found = i;
  }
  return found;
}
