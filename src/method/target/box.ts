import { LensError } from '../../base/errors.js';
import { labelOf } from '../../input/labels.js';
import {
  boxesOf,
  candidatesOf,
  classesAt,
  geometryOf,
  scoringOf,
  type BoxGeometry,
  type SampleValues,
} from '../output/detection/boxes.js';
import type { DetectionLayout } from '../output/layout.js';
import { factOf, sampleDims } from '../subject/samples.js';
import { sizeOf } from '../../base/tensor.js';
import { classIndex } from './class.js';
import { HeadBuilder, type Head, type Ref } from './head.js';
import type { Corners, TargetKind, TargetQuestion } from './kind.js';
import type { Target } from './target.js';

/**
 * `box:3`, the third box that a detector finds (the best is the first), or `person@120,80,180,140`, a class in a box of
 * one's own: two opposite corners x0, y0, x1, y1 in pixels of the model's input.
 *
 * What is explained is the largest product, over all candidates of the detector before suppression, of a candidate's
 * overlap with the box (intersection over union) and its score for the class, objectness included (the similarity of
 * D-RISE, Petsiuk et al. 2021, arXiv:2006.03204, with the score of the one class in place of the cosine of all). The
 * largest, not the sum: neighbouring candidates see the same thing, and a sum would count how many of them there are.
 */
export const box: TargetKind = {
  id: 'box',
  read: (text, question) => {
    const ranked = /^box:\s*(\d+)$/i.exec(text.trim());
    if (ranked !== null) return rankedBox(Number(ranked[1]), question, ...detectorOf(text, question));
    if (/^box:/i.test(text.trim()))
      throw refuse(`"${text.trim()}" is no box.`, 'Write box:1 for the best box, or CLASS@x0,y0,x1,y1.');
    const { layout } = question.subject.output;
    const written = writtenBox(text);
    if (written === undefined || (layout !== undefined && layout.kind !== 'detection')) return undefined;
    const [layoutOf, sample] = detectorOf(text, question);
    requireInside(written.box, question.subject.input);
    const index = classIndex(written.name, { ...question, scores: rankingOf(question, layoutOf, sample) });
    return boxTarget(layoutOf, sample, question, { index, box: written.box });
  },
};

/** The box of a rank, best first, as a prediction lists them. */
function rankedBox(rank: number, question: TargetQuestion, found: DetectionLayout, values: SampleValues): Target {
  const { labels, subject } = question;
  if (rank < 1) throw refuse('The boxes are counted from 1.', 'The best one is box:1.');
  const list = boxesOf(found, values, { labels, input: subject.input, most: rank });
  const chosen = list[rank - 1];
  if (chosen === undefined) {
    throw refuse(
      `There is no box ${rank}: the model finds ${list.length} in this picture.`,
      list.length === 0 ? 'Write CLASS@x0,y0,x1,y1 to ask for one of your own.' : `The last one is box:${list.length}.`,
    );
  }
  return boxTarget(found, values, question, { ...chosen, rank });
}

/** `NAME@x0,y0,x1,y1` */
export function writtenBox(text: string): { readonly name: string; readonly box: Corners } | undefined {
  const number = String.raw`\s*(-?\d+(?:\.\d+)?)\s*`;
  const found = new RegExp(`^(.+)@${number},${number},${number},${number}$`).exec(text.trim());
  if (found === null) return undefined;
  const [x0, y0, x1, y1] = found.slice(2).map(Number) as [number, number, number, number];
  if (x1 === x0 || y1 === y0) {
    throw refuse(
      `"${text.trim()}" is no box: it has no area.`,
      'Write CLASS@x0,y0,x1,y1: two opposite corners in pixels of the model’s input.',
    );
  }
  return { name: found[1]!, box: [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)] };
}

/** A box that the model does not see was meant in other pixels. */
export function requireInside(
  [x0, y0, x1, y1]: Corners,
  { height, width }: { readonly height: number; readonly width: number },
): void {
  if (x1 > 0 && y1 > 0 && x0 < width && y0 < height) return;
  throw refuse(
    `The box ${[x0, y0, x1, y1].join(', ')} lies outside of what the model sees, which is ${width}×${height} pixels.`,
    'Give its corners in pixels of the model’s input, not of the picture.',
  );
}

function detectorOf(text: string, { subject, sample }: TargetQuestion): [DetectionLayout, SampleValues] {
  const { layout, name, kind } = subject.output;
  if (layout?.kind !== 'detection') {
    throw refuse(
      `"${text.trim()}" asks for a box, but the output "${name}" is not read as boxes of a detector (${kind}).`,
      'Choose another target, another output with --output, or say what the output is in the settings file.',
    );
  }
  if (sample === undefined) throw new Error('The values of the boxes are needed');
  return [layout, sample];
}

/** Classes by their best boxes, for `top1@…`. */
function rankingOf({ regions }: TargetQuestion, layout: DetectionLayout, sample: SampleValues): ArrayLike<number> {
  if (regions !== undefined) return regions.ranking;
  const scoring = scoringOf(layout, sample);
  const best: number[] = Array.from({ length: layout.classes }, () => 0);
  for (let candidate = 0; candidate < candidatesOf(layout, sample); candidate++)
    for (const { index, score } of classesAt(layout, sample, candidate, scoring)) {
      // Where nobody has named the classes, those that the model chose are known.
      for (let k = best.length; k <= index; k++) best.push(0);
      best[index] = Math.max(best[index]!, score);
    }
  return best;
}

interface Chosen {
  readonly index: number;
  readonly box: Corners;
  readonly rank?: number;
}

function boxTarget(layout: DetectionLayout, sample: SampleValues, question: TargetQuestion, chosen: Chosen): Target {
  const { index, box: corners, rank } = chosen;
  const name = labelOf(question.labels, index);
  const place = (question.inPicture?.(corners) ?? corners).map((v) => Math.round(v)).join(', ');
  return {
    index,
    label: rank === undefined ? `${name} in ${place}` : `box ${rank}: ${name} in ${place}`,
    measure: 'score of the box',
    head: boxHead(layout, sample, question.subject, chosen),
    box: corners,
  };
}

/** Corners are rounded over this share of the box's side, see {@link smoothAbs}. */
const ROUND = 1e-3;

/** max over candidates of IoU(candidate, box) × score of the class */
export function boxHead(
  layout: DetectionLayout,
  sample: SampleValues,
  { facts, input }: Pick<TargetQuestion['subject'], 'facts' | 'input'>,
  { index, box: corners }: Pick<Chosen, 'index' | 'box'>,
): Head {
  const count = candidatesOf(layout, sample);
  requireFixed(layout, sample, facts);
  const [width, height] = [corners[2] - corners[0], corners[3] - corners[1]];
  if (!(width > 0) || !(height > 0)) throw refuse('The box has no area: nothing overlaps it.', 'Choose another box.');
  const geometry = geometryOf(layout, sample, input);
  const scoring = scoringOf(layout, sample);
  const what = JSON.stringify([
    'box',
    scoring,
    layout.boxes.value,
    layout.scores,
    geometry,
    index,
    corners,
    count,
    layout.head,
  ]);
  const b = new HeadBuilder(facts, layout.boxes.value, what);
  const candidates = candidateCorners(b, layout, geometry, count);
  const overlap = overlapOf(b, candidates, corners);
  return b.done(b.reduce('ReduceMax', b.weighed(overlap, scoreOf(b, layout, scoring, { index, count }))));
}

/** A list whose length follows from the picture cannot be gathered by offsets. */
function requireFixed(layout: DetectionLayout, sample: SampleValues, facts: TargetQuestion['subject']['facts']): void {
  for (const value of [
    layout.boxes.value,
    layout.scores.value,
    ...(layout.index === undefined ? [] : [layout.index.value]),
  ]) {
    if (sizeOf(sampleDims(factOf(facts, value), facts)) === sample.get(value)!.length) continue;
    throw new LensError(
      'unsupported',
      'target/boxes-vary',
      `How many boxes "${value}" holds depends on the picture (NonMaxSuppression or NonZero chooses them in the graph): a single one cannot be followed from picture to picture.`,
      { hint: 'Export the detector without suppression (nms=False), or explain a layer’s channel: LAYER#CHANNEL.' },
    );
  }
}

/** x0, y0, x1, y1 of every candidate, `[n, candidates]` each, in pixels of the input; of turned boxes the upright ones around them. */
function candidateCorners(
  b: HeadBuilder,
  { boxes, angle }: DetectionLayout,
  { format, scale: [sx, sy] }: BoxGeometry,
  count: number,
): [Ref, Ref, Ref, Ref] {
  const rows = b.rows(boxes.value);
  const all = Array.from({ length: count }, (_, c) => c);
  const four = ([0, 1, 2, 3] as const).map((k) => {
    const taken = b.take(
      rows,
      all.map((c) => boxes.at(c, k)),
    );
    const scale = (k % 2 === 0) === (format !== 'yxyx') ? sx : sy;
    return scale === 1 ? taken : b.mul(taken, scale);
  }) as [Ref, Ref, Ref, Ref];
  const [p, q, r, s] = format === 'yxyx' ? ([four[1], four[0], four[3], four[2]] as const) : four;
  if (format === 'xyxy' || format === 'yxyx') return [p, q, r, s];
  if (format === 'xywh') return [p, q, b.add(p, r), b.add(q, s)];
  let [dx, dy] = [b.mul(r, 0.5), b.mul(s, 0.5)];
  if (angle !== undefined) {
    const turned = b.take(rows, all.map(angle));
    const cos = b.op('Abs', [b.op('Cos', [turned])]);
    const sin = b.op('Abs', [b.op('Sin', [turned])]);
    [dx, dy] = [b.add(b.mul(dx, cos), b.mul(dy, sin)), b.add(b.mul(dx, sin), b.mul(dy, cos))];
  }
  return [b.sub(p, dx), b.sub(q, dy), b.add(p, dx), b.add(q, dy)];
}

/** Intersection over union with one box, `[n, candidates]`. */
function overlapOf(b: HeadBuilder, [x0, y0, x1, y1]: readonly [Ref, Ref, Ref, Ref], corners: Corners): Ref {
  const along = (low: Ref, high: Ref, from: number, to: number): { common: Ref; length: Ref } => {
    const eps = ROUND * (to - from);
    const edge = (a: Ref, at: number): { least: Ref; most: Ref } => {
      const sum = b.add(a, b.number(at));
      const apart = smoothAbs(b, b.sub(a, b.number(at)), eps);
      return { least: b.mul(b.sub(sum, apart), 0.5), most: b.mul(b.add(sum, apart), 0.5) };
    };
    return {
      common: b.op('Relu', [b.sub(edge(high, to).least, edge(low, from).most)]),
      length: b.op('Relu', [b.sub(high, low)]),
    };
  };
  const across = along(x0, x1, corners[0], corners[2]);
  const down = along(y0, y1, corners[1], corners[3]);
  const common = b.mul(across.common, down.common);
  const area = b.number((corners[2] - corners[0]) * (corners[3] - corners[1]));
  return b.div(common, b.sub(b.add(b.mul(across.length, down.length), area), common));
}

/**
 * √(d² + ε²) − ε in place of |d|. The box of a candidate overlaps itself wholly, and a kink of |d| stands exactly there: a
 * corner that the last bit moves would turn the gradient round. Over a thousandth of the side it has none instead, and the
 * overlap is the same within a thousandth.
 */
function smoothAbs(b: HeadBuilder, d: Ref, eps: number): Ref {
  return b.sub(b.op('Sqrt', [b.add(b.mul(d, d), b.number(eps * eps))]), b.number(eps));
}

/** Score of a class in every candidate, `[n, candidates]`, objectness included. */
function scoreOf(
  b: HeadBuilder,
  { scores, index: chosen }: DetectionLayout,
  scoring: DetectionLayout['scores']['activation'],
  { index, count }: { readonly index: number; readonly count: number },
): Ref {
  const rows = b.rows(scores.value);
  const all = Array.from({ length: count }, (_, c) => c);
  const taken = (offset: (candidate: number) => number): Ref => {
    const raw = b.take(rows, all.map(offset));
    return scoring === 'sigmoid' ? b.op('Sigmoid', [raw]) : raw;
  };
  if (chosen !== undefined) {
    // One score for each box, which counts where the model chose this class. What it chose is no number that slopes.
    const picks = b.take(
      b.rows(chosen.value),
      all.map((c) => chosen.at(c)),
    );
    const apart = b.op('Abs', [b.sub(b.op('Round', [picks]), b.number(index + chosen.first))]);
    return b.weighed(
      b.op('Relu', [b.sub(b.number(1), apart)], [count]),
      taken((c) => scores.at(c, 0)),
    );
  }
  const { objectness } = scores;
  const own = scoring === 'softmax' ? softmaxOf(b, scores, index, count) : taken((c) => scores.at(c, index));
  return objectness === undefined ? own : b.weighed(taken(objectness), own);
}

/** Share of a class among all columns of scores, `[n, candidates]`. */
function softmaxOf(b: HeadBuilder, scores: DetectionLayout['scores'], index: number, count: number): Ref {
  const { columns } = scores;
  const all = Array.from({ length: count }, (_, c) => c);
  const within = Array.from({ length: columns }, (_, k) => k);
  const table = b.take(
    b.rows(scores.value),
    all.flatMap((c) => within.map((k) => scores.column(c, k))),
  );
  const shares = b.op('Softmax', [b.reshape(table, [count, columns])], [count, columns], { axis: -1 });
  const column = within.findIndex((k) => scores.column(0, k) === scores.at(0, index));
  return b.take(
    b.reshape(shares, [count * columns]),
    all.map((c) => c * columns + column),
  );
}

function refuse(sentence: string, hint: string): LensError {
  return new LensError('usage', 'target/box', sentence, { hint });
}
