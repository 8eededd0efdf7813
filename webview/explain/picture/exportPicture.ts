import { lowest } from '../../../src/result/colormap.js';
import type { Explanation } from '../../../src/result/explanation.js';
import type { Drawing, SanitySummary } from '../../../src/result/recipe.js';
import { pngOf, rasterOf, scaleRaster } from '../../shared/canvas/raster.js';
import { paint, sliceWords, type Display, type Scene } from '../../shared/canvas/display.js';
import { svgOf } from './svg.js';
import { baseName, formatNumber, formatPercent, formatProbability } from '../../shared/format.js';

/** A picture to export, and what is said beside it. */
export interface ExportedPicture {
  readonly explanation: Explanation;
  readonly scene: Scene;
  readonly display: Display;
  /** Its title. */
  readonly method: string;
  /** What the check of the method has found, where it is known. */
  readonly sanity?: SanitySummary;
  /** Title of the run that is subtracted. */
  readonly reference?: string;
}

const MARGIN = 16;
const SIDE = 640;
const FONT = '13px sans-serif';
const LINE = 19;

/**
 * The picture as it is drawn, with its scale and everything that must be said beside it, as PNG. Its layout knows neither
 * the panel's size nor the theme: the same explanation and drawing give the same picture.
 */
export async function exportPicture(exported: ExportedPicture): Promise<Uint8Array> {
  const { explanation, scene, display } = exported;
  const painted = rasterOf(paint(scene, display));
  const { width: w, height: h } = scene.picture;
  const scale = Math.max(1, Math.round(SIDE / Math.max(w, h)));
  const [width, height] = [w * scale, h * scale];
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d')!;
  context.font = FONT;
  const lines = wrap(context, caption(exported), width);
  const withScale = display.mode !== 'original' && display.mode !== 'mask';
  canvas.width = width + 2 * MARGIN;
  canvas.height = height + 2 * MARGIN + (withScale ? 52 : 8) + lines.length * LINE;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = display.smooth || scene.photo !== undefined;
  context.drawImage(painted, MARGIN, MARGIN, width, height);
  let y = MARGIN + height + 12;
  context.font = FONT;
  context.textBaseline = 'top';
  if (withScale) {
    drawScale(context, explanation, scene, y, width);
    y += 44;
  }
  context.fillStyle = '#1f1f1f';
  context.textAlign = 'left';
  for (const [i, line] of lines.entries()) {
    context.font = i === 0 ? `bold ${FONT}` : FONT;
    context.fillText(line, MARGIN, y + i * LINE);
  }
  const png = await pngOf(canvas);
  if (png === undefined) throw new Error('The picture could not be encoded');
  return png;
}

/** The same as SVG: text stays text, the pixels are embedded as PNG. */
export function exportSvg(exported: ExportedPicture): Uint8Array {
  const { explanation, scene, display } = exported;
  const { limit } = scene.scaled;
  const picture = rasterOf(paint(scene, display));
  const svg = svgOf({
    width: scene.picture.width,
    height: scene.picture.height,
    picture: picture.toDataURL('image/png'),
    smooth: display.smooth || scene.photo !== undefined,
    ...(display.mode !== 'original' && display.mode !== 'mask'
      ? {
          scale: {
            picture: scaleRaster(scene.colors).toDataURL('image/png'),
            low: lowest(scene.colors, limit),
            high: limit,
            unit: scene.unit ?? explanation.attribution.unit,
          },
        }
      : {}),
    caption: caption(exported),
  });
  return new TextEncoder().encode(svg);
}

function drawScale(
  context: CanvasRenderingContext2D,
  explanation: Explanation,
  scene: Scene,
  y: number,
  width: number,
): void {
  const bar = scaleRaster(scene.colors);
  context.imageSmoothingEnabled = true;
  context.drawImage(bar, MARGIN, y, width, 12);
  context.strokeStyle = '#888';
  context.lineWidth = 1;
  context.strokeRect(MARGIN + 0.5, y + 0.5, width - 1, 11);
  const { limit } = scene.scaled;
  const low = lowest(scene.colors, limit);
  context.fillStyle = '#1f1f1f';
  const texts = [
    formatNumber(low),
    `${formatNumber((low + limit) / 2)}   ${scene.unit ?? explanation.attribution.unit}`,
    formatNumber(limit),
  ];
  for (const [i, align] of (['left', 'center', 'right'] as const).entries()) {
    context.textAlign = align;
    context.fillText(texts[i]!, MARGIN + (width * i) / 2, y + 16);
  }
}

/** How a picture is drawn, for the recipe. */
export function drawingOf({ colors, channels, photo, slices }: Scene, display: Display): Drawing {
  const { mode, opacity, level, top, reduction, sign, percentile, smooth } = display;
  return {
    mode,
    colours: colors.name,
    ...(mode === 'blend' ? { opacity } : mode === 'outline' ? { level } : mode === 'mask' ? { top } : {}),
    ...(channels ? { reduction } : {}),
    sign,
    percentile,
    smooth,
    ...(slices === undefined || slices.shown === 0 ? {} : { slice: { index: slices.shown, of: slices.count } }),
    ...(photo === undefined ? {} : { photograph: [photo.width, photo.height] as const }),
  };
}

/** The caption, its first line the title. */
export function caption(exported: ExportedPicture): readonly string[] {
  const { explanation, scene, display, method, sanity, reference } = exported;
  const { target, score, value, probability, recipe, layer, attribution } = explanation;
  const params = Object.entries(recipe.params)
    .filter(([name]) => name !== 'reduce')
    .map(([name, v]) => `${name} ${v}`);
  const reduction = { l1: 'L1 over channels', l2: 'L2 over channels', max: 'largest channel', sum: 'sum of channels' }[
    display.reduction
  ];
  const slice = sliceWords(scene);
  const drawn = [
    ...(scene.channels ? [reduction] : []),
    ...(scene.signed && display.sign !== 'both' ? [display.sign] : []),
    ...(attribution.resolution === undefined ? [] : [`map ${attribution.resolution[1]}×${attribution.resolution[0]}`]),
    display.percentile >= 100
      ? 'scale to the largest value'
      : `clipped at the ${formatNumber(display.percentile)}th percentile`,
    ...(slice === undefined ? [] : [`${slice}${scene.slices?.shown === 0 ? '' : ', on the scale of all'}`]),
    ...(display.mode === 'outline' ? [`outline at ${formatPercent(display.level)} of the scale`] : []),
    ...(display.mode === 'mask' ? [`the top ${formatPercent(display.top)} of the map`] : []),
    ...(scene.photo === undefined
      ? []
      : [`over the photograph; the model sees ${scene.picture.width}×${scene.picture.height}`]),
  ];
  return [
    `${target.label}: ${method}${layer === undefined ? '' : ` at ${layer}`}${reference === undefined ? '' : ` minus ${reference}`}`,
    `${baseName(explanation.input)} · ${baseName(recipe.model.file)} · ${recipe.provider}`,
    `${score} ${formatNumber(value)}${score === 'probability' || probability === undefined ? '' : ` · probability ${formatProbability(probability)}`}${params.length === 0 ? '' : ` · ${params.join(', ')}`}`,
    drawn.join(' · '),
    ...(sanity === undefined ? [] : [sanity.sentence]),
    ...recipe.notes,
  ];
}

function wrap(context: CanvasRenderingContext2D, lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) => {
    const out: string[] = [];
    for (const word of line.split(' ')) {
      const longer = out.length === 0 ? word : `${out[out.length - 1]} ${word}`;
      if (out.length === 0 || context.measureText(longer).width <= width) out.splice(-1, 1, longer);
      else out.push(word);
    }
    return out;
  });
}
