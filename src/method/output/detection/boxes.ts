import { labelOf, type Labels } from '../../../input/labels.js';
import type { Box } from '../../../result/output.js';
import type { BoxFormat, DetectionLayout, SampleValues } from '../layout.js';
import { softmax } from '../../softmax.js';
import { maskIn } from './masks.js';

/** The numbers of a detector as boxes with scores. */

export type { SampleValues } from '../layout.js';

/** How a sample's four numbers are meant: `[x0, y0, x1, y1]` in pixels of the input is made of them with this. */
export interface BoxGeometry {
  readonly format: BoxFormat;
  /** Pixels of one unit across and down: 1 where the numbers are pixels, the sides where they are shares of them. */
  readonly scale: readonly [x: number, y: number];
}

/** Shares of a side seldom leave the picture by more than half; no detector's boxes are all smaller than two pixels. */
const LARGEST_SHARE = 1.5;
/** Of numbers that are corners nearly every second one is larger than the first. */
const ORDERED = 0.99;

/** Candidates in a sample. */
export function candidatesOf(layout: DetectionLayout, values: SampleValues): number {
  return Math.floor(values.get(layout.boxes.value)!.length / layout.boxes.stride);
}

/** What the layout says of the four numbers, completed from the numbers themselves. */
export function geometryOf(
  layout: DetectionLayout,
  values: SampleValues,
  input: { readonly height: number; readonly width: number },
): BoxGeometry {
  const { boxes } = layout;
  const data = values.get(boxes.value)!;
  const count = candidatesOf(layout, values);
  let [largest, ordered] = [0, 0];
  for (let c = 0; c < count; c++) {
    const four = ([0, 1, 2, 3] as const).map((k) => data[boxes.at(c, k)]!);
    for (const v of four) if (Number.isFinite(v)) largest = Math.max(largest, Math.abs(v));
    if (four[2]! >= four[0]! && four[3]! >= four[1]!) ordered++;
  }
  const format = boxes.format ?? (ordered >= ORDERED * count ? 'xyxy' : 'cxcywh');
  const unit = boxes.unit ?? (largest <= LARGEST_SHARE ? 'share' : 'pixels');
  return { format, scale: unit === 'share' ? [input.width, input.height] : [1, 1] };
}

/** x0, y0, x1, y1 in pixels of the input. */
export function cornersOf(
  four: readonly [number, number, number, number],
  { format, scale }: BoxGeometry,
): [number, number, number, number] {
  const [sx, sy] = scale;
  const [a, b, c, d] = four;
  switch (format) {
    case 'xyxy':
      return [a * sx, b * sy, c * sx, d * sy];
    case 'yxyx':
      return [b * sx, a * sy, d * sx, c * sy];
    case 'xywh':
      return [a * sx, b * sy, (a + c) * sx, (b + d) * sy];
    case 'cxcywh':
      return [(a - c / 2) * sx, (b - d / 2) * sy, (a + c / 2) * sx, (b + d / 2) * sy];
  }
}

/** A score that is one already is no more than this beside 0 and 1. */
const SLACK = 1e-3;

/**
 * What has to be applied to the scores. The numbers themselves have the last word: what lies between 0 and 1 everywhere is no
 * logit, and what does not is no score.
 */
export function scoringOf(layout: DetectionLayout, values: SampleValues): DetectionLayout['scores']['activation'] {
  const { scores, index, boxes } = layout;
  const { activation } = scores;
  const data = values.get(scores.value)!;
  const count = Math.floor(
    data.length / (index === undefined ? scores.stride : boxes.value === scores.value ? boxes.stride : 1),
  );
  let inside = true;
  for (let c = 0; c < count && inside; c++)
    for (let k = 0; k < scores.columns; k++) {
      const v = data[scores.column(c, k)]!;
      if (v < -SLACK || v > 1 + SLACK) inside = false;
    }
  if (inside) return 'none';
  return activation === 'none' ? 'sigmoid' : activation;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Scores of one candidate between 0 and 1: `[classes]`. */
export function classScores(
  layout: DetectionLayout,
  values: SampleValues,
  candidate: number,
  scoring = scoringOf(layout, values),
): Float64Array {
  const { scores, classes } = layout;
  const data = values.get(scores.value)!;
  const made = (v: number): number => (scoring === 'sigmoid' ? sigmoid(v) : v);
  const factor = scores.objectness === undefined ? 1 : made(data[scores.objectness(candidate)]!);
  const out = new Float64Array(classes);
  if (scoring === 'softmax') {
    const shares = softmax(Array.from({ length: scores.columns }, (_, k) => data[scores.column(candidate, k)]!));
    const first = scores.column(candidate, 0);
    const step = scores.columns > 1 ? scores.column(candidate, 1) - first : 1;
    for (let k = 0; k < classes; k++) out[k] = shares[(scores.at(candidate, k) - first) / step]!;
  } else for (let k = 0; k < classes; k++) out[k] = factor * made(data[scores.at(candidate, k)]!);
  return out;
}

/** Overlap of two boxes: intersection over union. */
export function overlap(a: readonly number[], b: readonly number[]): number {
  const width = Math.min(a[2]!, b[2]!) - Math.max(a[0]!, b[0]!);
  const height = Math.min(a[3]!, b[3]!) - Math.max(a[1]!, b[1]!);
  if (!(width > 0) || !(height > 0)) return 0;
  const area = (r: readonly number[]): number => (r[2]! - r[0]!) * (r[3]! - r[1]!);
  return (width * height) / (area(a) + area(b) - width * height);
}

/** Boxes of a class that overlap a better one by more than this are the same thing seen twice. */
const SAME = 0.45;
/** Candidates that are compared with each other. */
const MOST_COMPARED = 3000;

/** A box that scores less is not shown where another scores more. */
const LEAST = 0.1;
/** Where none scores more than that, so many are shown. */
const BEST_OF_NONE = 3;

export interface BoxOptions {
  readonly labels: Labels;
  readonly input: { readonly height: number; readonly width: number };
  /** Boxes to answer at most. */
  readonly most: number;
}

/**
 * What a detector has found, best first: of every candidate its best class, and others that score well; without boxes that
 * overlap a better one of their class.
 */
export function boxesOf(layout: DetectionLayout, values: SampleValues, options: BoxOptions): Box[] {
  const { labels, input, most } = options;
  const { boxes, suppressed } = layout;
  const data = values.get(boxes.value)!;
  const geometry = geometryOf(layout, values, input);
  const found: { readonly candidate: number; readonly index: number; readonly score: number }[] = [];
  const scoring = scoringOf(layout, values);
  for (let candidate = 0; candidate < candidatesOf(layout, values); candidate++)
    for (const { index, score } of classesAt(layout, values, candidate, scoring))
      found.push({ candidate, index, score });
  found.sort((a, b) => b.score - a.score || a.candidate - b.candidate);
  const enough = found.findIndex(({ score }) => !(score >= LEAST));
  const good = enough < 0 ? found.length : enough;
  const shown = found.slice(0, good > 0 ? Math.min(good, MOST_COMPARED) : MOST_COMPARED);
  const all = shown.flatMap(({ candidate, index, score }): Box[] => {
    const four = ([0, 1, 2, 3] as const).map((k) => data[boxes.at(candidate, k)]!) as [number, number, number, number];
    if (!four.every(Number.isFinite)) return [];
    const turned = layout.angle === undefined ? undefined : data[layout.angle(candidate)]!;
    const corners = cornersOf(four, geometry);
    return [
      {
        candidate,
        index,
        label: labelOf(labels, index),
        score,
        box: turned === undefined ? corners : around(corners, turned),
        ...(turned === undefined ? {} : { angle: turned }),
        ...pointsAt(layout, data, candidate, geometry),
      },
    ];
  });
  const limit = good > 0 ? most : Math.min(most, BEST_OF_NONE);
  const kept = suppressed ? all.slice(0, limit) : suppress(all, limit);
  return kept.map((one) => ({ ...one, ...maskIn(layout, values, one, input) }));
}

/** The class that means that nothing is there, where a label names it; undefined where it has none. */
export function nothingOf({ classes, scores }: DetectionLayout): number | undefined {
  return classes === scores.columns ? scores.background : undefined;
}

/** The class that a candidate is taken for, and others that it may be taken for as well. */
export function classesAt(
  layout: DetectionLayout,
  values: SampleValues,
  candidate: number,
  scoring: DetectionLayout['scores']['activation'],
): readonly { readonly index: number; readonly score: number }[] {
  const { index, scores, classes } = layout;
  if (index !== undefined) {
    const raw = values.get(scores.value)![scores.at(candidate, 0)]!;
    const score = scoring === 'sigmoid' ? sigmoid(raw) : raw;
    const chosen = Math.round(values.get(index.value)![index.at(candidate)]!) - index.first;
    // Rows that are left over are filled with zeros.
    return score > 0 && chosen >= 0 ? [{ index: chosen, score }] : [];
  }
  const all = classScores(layout, values, candidate, scoring);
  const nothing = nothingOf(layout);
  let best = nothing === 0 ? 1 : 0;
  for (let k = best + 1; k < classes; k++) if (k !== nothing && !(all[k]! <= all[best]!)) best = k;
  const out: { index: number; score: number }[] = [];
  for (let k = 0; k < classes; k++)
    if (k !== nothing && (k === best || all[k]! >= LEAST) && Number.isFinite(all[k]!))
      out.push({ index: k, score: all[k]! });
  return out;
}

/** Non-maximum suppression within each class; `found` best first. */
function suppress(found: readonly Box[], most: number): Box[] {
  const kept: Box[] = [];
  for (const box of found) {
    if (kept.length >= most) break;
    if (!kept.some((better) => better.index === box.index && overlap(better.box, box.box) > SAME)) kept.push(box);
  }
  return kept;
}

/** The upright box around one that is turned by an angle about its middle. */
function around(
  [x0, y0, x1, y1]: readonly [number, number, number, number],
  angle: number,
): [number, number, number, number] {
  const [cx, cy, w, h] = [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0];
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  const [dx, dy] = [(w * cos + h * sin) / 2, (w * sin + h * cos) / 2];
  return [cx - dx, cy - dy, cx + dx, cy + dy];
}

function pointsAt(
  layout: DetectionLayout,
  data: ArrayLike<number>,
  candidate: number,
  { scale }: BoxGeometry,
): Pick<Box, 'points'> {
  const { points } = layout;
  if (points === undefined) return {};
  return {
    points: Array.from({ length: points.count }, (_, p) => {
      const part = (k: number): number => data[points.at(candidate, p, k)]!;
      const [x, y] = [part(0) * scale[0], part(1) * scale[1]];
      return points.size === 3 ? ([x, y, part(2)] as const) : ([x, y] as const);
    }),
  };
}
