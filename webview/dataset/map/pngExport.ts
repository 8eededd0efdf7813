import { scaleRaster } from '../../shared/canvas/raster.js';
import { formatNumber } from '../../shared/format.js';
import { scaleWords } from './scores.js';
import type { LegendEntry, LegendScale } from './scene.js';

/** Around what is written, and between its lines, in CSS pixels. */
export const MARGIN = 16;
export const LINE = 18;

/** Classes that are named below a picture; of more, how many they are. */
const NAMED = 60;

interface Colours {
  readonly entries: readonly LegendEntry[];
  readonly scale?: LegendScale;
}

/** A picture with its caption below, on white, and between them what its colours say: classes, or the scale of a number. */
export function captioned(
  image: HTMLCanvasElement,
  caption: readonly string[],
  colours: Colours = { entries: [] },
): HTMLCanvasElement {
  const ratio = window.devicePixelRatio;
  const { scale } = colours;
  const out = document.createElement('canvas');
  const context = out.getContext('2d')!;
  const font = (bold = false): string => `${bold ? 'bold ' : ''}${12 * ratio}px sans-serif`;
  context.font = font();
  const width = image.width - 2 * MARGIN * ratio;
  const legend =
    scale === undefined
      ? legendOf(colours.entries, width / ratio, (text) => context.measureText(text).width / ratio)
      : [];
  const bar = scale === undefined ? rowsOf(legend) * LINE + (legend.length === 0 ? 0 : MARGIN) : 2 * LINE + MARGIN;
  const foot = (bar + caption.length * LINE + 2 * MARGIN) * ratio;
  [out.width, out.height] = [image.width, image.height + foot];
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, out.width, out.height);
  context.drawImage(image, 0, 0);
  context.fillStyle = '#1f1f1f';
  context.textBaseline = 'top';
  if (scale !== undefined) {
    const [left, top, length] = [MARGIN * ratio, image.height + MARGIN * ratio, 256 * ratio];
    context.drawImage(scaleRaster(scale.colors), left, top, length, 10 * ratio);
    context.font = font();
    for (const [k, words] of scaleNumbers(scale).entries()) {
      context.textAlign = (['left', 'center', 'right'] as const)[k]!;
      context.fillText(words, left + (k * length) / 2, top + 14 * ratio);
    }
    context.textAlign = 'left';
    context.fillText(scaleCaption(scale), left + length + MARGIN * ratio, top);
  }
  for (const { text, colour, x, row } of legend) {
    const [left, top] = [(MARGIN + x) * ratio, image.height + (MARGIN + row * LINE) * ratio];
    if (colour !== undefined) {
      context.fillStyle = `rgb(${colour.join(',')})`;
      context.beginPath();
      context.arc(left + 5 * ratio, top + 6 * ratio, 5 * ratio, 0, 2 * Math.PI);
      context.fill();
    }
    context.fillStyle = '#1f1f1f';
    context.font = font();
    context.fillText(text, left + (colour === undefined ? 0 : SWATCH * ratio), top, width);
  }
  for (const [k, line] of caption.entries()) {
    context.font = font(k === 0);
    context.fillText(line, MARGIN * ratio, image.height + (bar + MARGIN + k * LINE) * ratio, width);
  }
  return out;
}

/** Room for a dot before a name, and between two names. */
const SWATCH = 16;
const GAP = 18;

interface Placed {
  readonly text: string;
  readonly colour?: LegendEntry['colour'];
  readonly x: number;
  readonly row: number;
}

/**
 * Where the names of classes stand: one after the other, in as many lines as they need.
 *
 * @param width of a line, and `measure` of a text, in CSS pixels
 */
export function legendOf(
  entries: readonly LegendEntry[],
  width: number,
  measure: (text: string) => number,
): readonly Placed[] {
  const texts = [
    ...entries.slice(0, NAMED).map(({ name, count, colour }) => ({ text: `${name} (${count})`, colour })),
    ...(entries.length > NAMED ? [{ text: `and ${entries.length - NAMED} more` }] : []),
  ];
  let [x, row] = [0, 0];
  return texts.map((entry) => {
    const wide = measure(entry.text) + ('colour' in entry ? SWATCH : 0);
    if (x > 0 && x + wide > width) [x, row] = [0, row + 1];
    const placed = { ...entry, x, row };
    x += wide + GAP;
    return placed;
  });
}

const rowsOf = (legend: readonly Placed[]): number => (legend.at(-1)?.row ?? -1) + 1;

/** The numbers at the ends of a scale and in its middle. */
export function scaleNumbers({ low, high }: LegendScale): readonly string[] {
  return [low, (low + high) / 2, high].map(formatNumber);
}

export function scaleCaption(scale: LegendScale): string {
  return `${scaleWords(scale)}${scale.without === 0 ? '' : `; grey: ${scale.without} without`}`;
}
