import { LensError } from '../../base/errors.js';
import { isRegionText, readRegion, type Region } from '../../base/region.js';
import { labelOf } from '../../input/labels.js';
import type { MapLayout } from '../output/layout.js';
import { requireInside, writtenBox } from './box.js';
import { maskOfBox } from './boxMask.js';
import { classInRegions, classIndex } from './class.js';
import type { TargetKind, TargetQuestion } from './kind.js';
import type { Target } from './target.js';

/**
 * A part of a map that a model answers for every place of the picture: `mask:cat`, a class over the places that it wins;
 * `mask:FILE.png`, the places that are bright in a picture; `mask:64x48:3k,5,…`, painted places as {@link Region} writes
 * them; `mask:x0,y0,x1,y1`, a rectangle in pixels of the model's input. `cat@x0,y0,x1,y1` says the class as well; of a
 * detector that answers prototypes of masks `mask:box:1` is the mask of a box. Of painted places the mean is explained: of the map's numbers (depth), or of
 * the scores of the class that wins most of them (segmentation).
 */
export const mask: TargetKind = {
  id: 'mask',
  read: (text, question) => {
    const { subject, regions, painted } = question;
    const { layout, name, kind } = subject.output;
    const map = layout?.kind === 'segmentation' || layout?.kind === 'dense' ? layout : undefined;
    const found = /^mask:(.+)$/is.exec(text.trim());
    if (found === null) {
      const written = map?.kind === 'segmentation' ? writtenBox(text) : undefined;
      if (written === undefined) return undefined;
      const places = inRectangle(map!, subject.input, written.box);
      return overPlaces(map!, question, places, whereOf(written.box), classIndex(written.name, question));
    }
    const boxed = /^box:\s*(\d+)$/i.exec(found[1]!.trim());
    if (boxed !== null && layout?.kind === 'detection') return maskOfBox(Number(boxed[1]), question, layout);
    if (map === undefined) {
      throw refuse(
        `"${text.trim()}" asks for a part of a map, but the output "${name}" is not read as one (${kind}).`,
        layout?.kind === 'detection'
          ? `Choose a box, e.g. box:1${layout.masks?.prototypes === undefined ? '' : ' (its mask: mask:box:1)'}, or CLASS@x0,y0,x1,y1.`
          : 'Choose another target, another output with --output, or say what the output is in the settings file.',
      );
    }
    const what = found[1]!.trim();
    const picture = painted?.get(what);
    if (picture !== undefined) return overPlaces(map, question, inPicture(map, picture), `painted in ${what}`);
    if (isRegionText(what)) return overPlaces(map, question, inRegion(map, regionOf(what)), 'in the painted region');
    const written = /^[-\d.,\s]+$/.test(what) && what.includes(',') ? writtenBox(`map@${what}`) : undefined;
    if (written !== undefined)
      return overPlaces(map, question, inRectangle(map, subject.input, written.box), whereOf(written.box));
    if (map.kind === 'segmentation' && regions !== undefined) return classInRegions(regions.kind, what, question)!;
    throw refuse(
      `"${what}" is no part of the map "${name}", which has no classes.`,
      'Write mask:FILE.png with the places painted white, or mask:x0,y0,x1,y1 in pixels of the model’s input.',
    );
  },
};

/** The name of a picture with painted places that a text asks for; undefined where it asks for none. */
export function paintedFiles(text: string): string[] {
  return Array.from(
    text.matchAll(/mask:\s*((?:(?!\s[-−]\s+mask:).)+?\.(?:png|jpe?g|webp|gif|tiff?|avif))(?=\s+[-−]\s|\s*$)/gi),
    (m) => m[1]!,
  );
}

/** How a rectangle is said; one of a single pixel by its column and row. */
function whereOf([x0, y0, x1, y1]: readonly [number, number, number, number]): string {
  const pixel = x1 - x0 === 1 && y1 - y0 === 1 && Number.isInteger(x0) && Number.isInteger(y0);
  return pixel ? `at ${x0}, ${y0}` : `in ${[x0, y0, x1, y1].join(', ')}`;
}

function regionOf(text: string): Region {
  const region = readRegion(text);
  if (region !== undefined) return region;
  throw refuse(
    `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}" is no painted region: its runs do not fit its grid.`,
    'Copy the text whole, or write mask:FILE.png with the places painted white.',
  );
}

type Place = readonly [y: number, x: number];

/** Places whose middle is painted; where the strokes are thinner than places, all places that they touch. */
function inRegion(map: MapLayout, { width, height, data }: Region): Place[] {
  const found = placesWhere(map, (x, y) => data[Math.floor(y * height) * width + Math.floor(x * width)] === 1);
  if (found.length > 0) return found;
  const touched = new Set<number>();
  for (const [i, painted] of data.entries()) {
    if (painted === 0) continue;
    const [x, y] = [((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height];
    touched.add(Math.floor(y * map.height) * map.width + Math.floor(x * map.width));
  }
  return [...touched].sort((a, b) => a - b).map((i) => [Math.floor(i / map.width), i % map.width]);
}

function placesWhere({ height, width }: MapLayout, inside: (x: number, y: number) => boolean): Place[] {
  const out: Place[] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if (inside((x + 0.5) / width, (y + 0.5) / height)) out.push([y, x]);
  return out;
}

const inPicture = (map: MapLayout, picture: { at(x: number, y: number): boolean }): Place[] =>
  placesWhere(map, (x, y) => picture.at(x, y));

/** Places whose middle lies in the rectangle; where it is smaller than a place, the place that its middle lies in. */
function inRectangle(
  map: MapLayout,
  { height, width }: { readonly height: number; readonly width: number },
  [x0, y0, x1, y1]: readonly [number, number, number, number],
): Place[] {
  requireInside([x0, y0, x1, y1], { height, width });
  const found = placesWhere(map, (x, y) => x * width >= x0 && x * width < x1 && y * height >= y0 && y * height < y1);
  if (found.length > 0) return found;
  const [y, x] = [Math.floor(((y0 + y1) / 2 / height) * map.height), Math.floor(((x0 + x1) / 2 / width) * map.width)];
  return y >= 0 && x >= 0 && y < map.height && x < map.width ? [[y, x]] : [];
}

/** The mean over places, of all channels or of one class. */
function overPlaces(
  map: MapLayout,
  question: TargetQuestion,
  places: readonly Place[],
  where: string,
  asked?: number,
): Target {
  const { channels, height, width, at, kind } = map;
  if (places.length === 0)
    throw refuse(
      'No place of the map is meant: nothing is painted in what the model sees.',
      'Paint more, or elsewhere.',
    );
  const index = asked ?? (kind === 'segmentation' ? winnerOf(map, question, places) : 0);
  const used = kind === 'segmentation' ? [index] : Array.from({ length: channels }, (_, c) => c);
  const weights = new Float32Array(channels * height * width);
  for (const [y, x] of places) for (const c of used) weights[at(c, y, x)] = 1 / (places.length * used.length);
  const name = kind === 'segmentation' ? labelOf(question.labels, index) : question.subject.output.name;
  return { index, label: `${name} ${where} (${places.length} of ${height * width} places)`, weights };
}

/** The class that wins most of the places; a single map is one class against nothing. */
function winnerOf({ value, channels, at }: MapLayout, { sample }: TargetQuestion, places: readonly Place[]): number {
  if (channels === 1) return 0;
  const row = sample?.get(value);
  if (row === undefined) throw new Error('The values of the map are needed');
  const votes = new Float64Array(channels);
  for (const [y, x] of places) {
    let best = 0;
    for (let k = 1; k < channels; k++) if (row[at(k, y, x)]! > row[at(best, y, x)]!) best = k;
    votes[best]!++;
  }
  return votes.reduce((best, v, k) => (v > votes[best]! ? k : best), 0);
}

function refuse(sentence: string, hint: string): LensError {
  return new LensError('usage', 'target/mask', sentence, { hint });
}
