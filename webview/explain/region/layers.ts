import { readRegion, type Region } from '../../../src/base/region.js';
import type { ClassMap } from '../../../src/result/classMap.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { classColor, cssColor } from '../../shared/canvas/classColors.js';
import type { Display } from '../../shared/canvas/display.js';
import { outlineOf, type CanvasLayer } from '../../shared/canvas/layers.js';
import { canvasOf } from '../../shared/canvas/raster.js';
import type { Asked } from '../asked.js';
import type { RegionPainting } from './painting.js';

/** Of 255, so that the picture beneath is still seen. */
const FILLED = 150;
const TINTED = 90;
/** More classes than these get no outline of their own: their pieces are too small to be told apart. */
const OUTLINED = 24;
/** Boxes whose masks are drawn; as many are listed. */
const BOXES = 20;

/** What lies over the picture: classes, masks of boxes, what is painted. The same list as long as nothing of it changes. */
export class KnownLayers {
  private classes:
    { readonly map: ClassMap; readonly how: Display['classes']; readonly layer: CanvasLayer } | undefined;
  private masks:
    { readonly explanation: Explanation; readonly target: string; readonly layers: CanvasLayer[] } | undefined;
  private painted: { readonly region: Region; readonly layer: CanvasLayer } | undefined;
  private list: readonly CanvasLayer[] = [];

  of(
    { shown, question, display }: Pick<Asked, 'shown' | 'question' | 'display'>,
    painting: RegionPainting,
  ): readonly CanvasLayer[] {
    const { region } = painting;
    const explanation = shown?.explanation;
    const made = [
      ...(explanation?.classMap === undefined || display.classes === 'off'
        ? []
        : [this.ofClasses(explanation.classMap, display.classes)]),
      ...(explanation === undefined ? [] : this.ofMasks(explanation, question?.target ?? '')),
      ...(region === undefined ? [] : [this.ofRegion(region)]),
    ];
    const same = made.length === this.list.length && made.every((layer, i) => layer === this.list[i]);
    return same ? this.list : (this.list = made);
  }

  private ofClasses(map: ClassMap, how: Display['classes']): CanvasLayer {
    if (this.classes?.map !== map || this.classes.how !== how) this.classes = { map, how, layer: classLayer(map, how) };
    return this.classes.layer;
  }

  private ofMasks(explanation: Explanation, target: string): readonly CanvasLayer[] {
    if (this.masks?.explanation !== explanation || this.masks.target !== target)
      this.masks = { explanation, target, layers: maskLayers(explanation, target) };
    return this.masks.layers;
  }

  private ofRegion(region: Region): CanvasLayer {
    if (this.painted?.region !== region)
      this.painted = { region, layer: regionLayer(region, [255, 255, 255], '#fff', 2, TINTED) };
    return this.painted.layer;
  }
}

function classLayer({ width, height, winners, classes }: ClassMap, how: Display['classes']): CanvasLayer {
  const lines = classes
    .filter(({ label }) => !/^_*background_*$/i.test(label))
    .slice(0, OUTLINED)
    .map(({ index }) => ({
      path: outlineOf(width, height, (i) => winners[i] === index + 1),
      color: cssColor(index),
      width: 2,
    }));
  const common = { columns: width, rows: height, lines };
  if (how !== 'filled') return common;
  const colors = new Map(classes.map(({ index }) => [index + 1, classColor(index)]));
  return { ...common, fill: tinted(width, height, (i) => colors.get(winners[i]!), FILLED) };
}

/** The masks of boxes: that of the box that is explained is tinted, the others are outlines; it alone where there is one. */
function maskLayers({ found }: Explanation, target: string): CanvasLayer[] {
  const rank = /^(?:mask:)?box:\s*(\d+)$/i.exec(target.trim())?.[1];
  const boxes = found?.boxes?.slice(0, BOXES) ?? [];
  return boxes.flatMap(({ mask, index }, i) => {
    const chosen = rank !== undefined && Number(rank) === i + 1;
    if (mask === undefined || (rank !== undefined && !chosen)) return [];
    const region = readRegion(mask);
    return region === undefined
      ? []
      : [regionLayer(region, classColor(index), cssColor(index), 2, chosen ? TINTED : 0)];
  });
}

function regionLayer(
  { width, height, data }: Region,
  color: readonly [number, number, number],
  line: string,
  thick: number,
  alpha: number,
): CanvasLayer {
  const inside = (i: number): boolean => data[i] === 1;
  return {
    columns: width,
    rows: height,
    lines: [{ path: outlineOf(width, height, inside), color: line, width: thick }],
    ...(alpha === 0 ? {} : { fill: tinted(width, height, (i) => (inside(i) ? color : undefined), alpha) }),
  };
}

/** A canvas with a colour at some places, at one opacity. */
function tinted(
  width: number,
  height: number,
  colorAt: (place: number) => readonly [number, number, number] | undefined,
  alpha: number,
): HTMLCanvasElement {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const color = colorAt(i);
    if (color !== undefined) image.data.set([...color, alpha], 4 * i);
  }
  return canvasOf(image);
}
