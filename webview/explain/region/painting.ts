import { paintedPlaces, type Region } from '../../../src/base/region.js';
import { classAt } from '../../../src/result/classMap.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { brushOf, type Brush, type BrushEvent } from '../../shared/canvas/brush.js';
import type { Pixel, Size } from '../../shared/canvas/geometry.js';
import type { PickEvent, StrokeEvent } from '../../shared/canvas/heatCanvas.js';
import type { Asked } from '../asked.js';
import {
  brushed,
  cornersBetween,
  emptyRegion,
  rectangle,
  rectangleTarget,
  regionOfTarget,
  regionTarget,
} from './shapes.js';

export type Tool = 'pick' | 'rectangle' | 'brush' | 'erase';

/** The brush to begin with, as a share of the picture's shorter side. */
const BRUSH = 1 / 10;
export const LARGEST_BRUSH = 1 / 2;

/** Whether the model answers a map over the picture, of which a part can be explained. */
export function isMap(explanation: Explanation | undefined): boolean {
  const kind = explanation?.outputs?.find((o) => o.chosen)?.kind;
  return kind === 'segmentation' || kind === 'dense';
}

/**
 * What is picked and painted on the picture as the target. The question's target is all that is kept: a region is read from
 * it, so that it comes back with a reload, the history and the recipe. Without a DOM.
 */
export class RegionPainting {
  private chosen: Tool = 'pick';
  private share = BRUSH;
  /** While a stroke is under way. */
  private draft: Region | undefined;
  /** The first corner of a rectangle, set by a key. */
  private anchor: Pixel | undefined;
  private known: { readonly text: string; readonly size: string; readonly region: Region | undefined } | undefined;

  constructor(
    private readonly asked: () => Pick<Asked, 'question' | 'shown' | 'ask'>,
    private readonly changed: () => void,
    private readonly say: (text: string) => void,
  ) {}

  get tool(): Tool {
    return this.available ? this.chosen : 'pick';
  }

  set tool(tool: Tool) {
    this.chosen = tool;
    this.anchor = undefined;
    this.changed();
  }

  /** Whether there is a map to paint on. */
  get available(): boolean {
    return isMap(this.asked().shown?.explanation);
  }

  /** Diameter of the brush, as a share of the picture's shorter side. */
  get size(): number {
    return this.share;
  }

  set size(share: number) {
    this.share = Math.min(LARGEST_BRUSH, Math.max(0, share));
    this.changed();
  }

  /** Drags that draw a rectangle: with the first tool those with Shift. */
  get strokes(): 'none' | 'shift' | 'all' {
    return this.available && this.tool === 'pick' ? 'shift' : this.tool === 'rectangle' ? 'all' : 'none';
  }

  /** The brush in hand; undefined with the other tools. */
  get brush(): Brush | undefined {
    const { picture, tool } = this;
    return picture === undefined || (tool !== 'brush' && tool !== 'erase')
      ? undefined
      : brushOf(picture, this.share, 'disc');
  }

  /** What is painted: of the question, or of the stroke that is under way. */
  get region(): Region | undefined {
    if (this.draft !== undefined) return this.draft;
    const { picture: size } = this;
    const text = this.asked().question?.target;
    if (size === undefined || text === undefined || !this.available) return undefined;
    const key = `${size.width}×${size.height}`;
    if (this.known?.text !== text || this.known.size !== key)
      this.known = { text, size: key, region: regionOfTarget(text, size) };
    return this.known.region;
  }

  private get picture(): Size | undefined {
    return this.asked().shown?.explanation.picture;
  }

  /** A rectangle is drawn. */
  stroke({ phase, begin, to }: StrokeEvent): void {
    const { picture } = this;
    if (picture === undefined || !this.available) return;
    this.draft = phase === 'cancel' ? undefined : rectangle(picture, cornersBetween(begin, to));
    if (phase === 'end') this.askRectangle(begin, to);
    else this.changed();
  }

  /** The brush paints or takes away. */
  brushed({ phase, from, to }: BrushEvent): void {
    const { picture, brush } = this;
    if (picture === undefined || brush === undefined || phase === 'over' || phase === 'leave') return;
    this.draft = brushed(this.region ?? emptyRegion(picture), brush, from, to, this.tool === 'brush');
    if (phase === 'end' || phase === 'stamp') this.askRegion(this.draft);
    else this.changed();
  }

  /** A click, or Enter at the crosshair: the pixel itself, or a corner. */
  pick({ pixel, shift }: PickEvent): void {
    if (!this.available) return;
    if (this.tool === 'rectangle' || shift) this.corner(pixel);
    else this.askPixel(pixel);
  }

  clear(): void {
    this.draft = undefined;
    this.anchor = undefined;
    this.say('The painted region is cleared.');
    this.asked().ask({ target: 'top1' });
  }

  private corner(pixel: Pixel): void {
    const { anchor } = this;
    if (anchor === undefined) {
      this.anchor = pixel;
      this.say(`First corner at ${pixel.x}, ${pixel.y}. Move to the opposite corner and press Enter.`);
      return;
    }
    this.anchor = undefined;
    this.askRectangle(anchor, pixel);
  }

  private askPixel({ x, y }: Pixel): void {
    const explanation = this.asked().shown?.explanation;
    const found = explanation?.classMap && classAt(explanation.classMap, explanation.picture, { x, y });
    const what = explanation?.classMap === undefined ? 'the value' : (found?.label ?? 'the score');
    this.say(`Picked ${x}, ${y}. Explaining ${what} there.`);
    this.asked().ask({ target: rectangleTarget([x, y, x + 1, y + 1]) });
  }

  private askRectangle(a: Pixel, b: Pixel): void {
    const corners = cornersBetween(a, b);
    const [x0, y0, x1, y1] = corners;
    this.draft = undefined;
    this.say(`Picked ${x1 - x0} by ${y1 - y0} pixels from ${x0}, ${y0}. Explaining what is in them.`);
    this.asked().ask({ target: rectangleTarget(corners) });
  }

  private askRegion(region: Region): void {
    const count = paintedPlaces(region);
    this.draft = undefined;
    if (count === 0) return this.clear();
    this.say(`${count} pixels are painted. Explaining what is in them.`);
    this.asked().ask({ target: regionTarget(region) });
  }
}
