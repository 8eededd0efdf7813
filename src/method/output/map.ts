import type { MapLayout } from './layout.js';
import { NAMED } from './names.js';
import type { OutputKind, OutputQuestion, Told } from './kind.js';

/** Outputs with a number, or one for each class, at every place: segmentation, and dense maps such as depth. */

/** A map coarser than this share of the input's side holds features rather than classes. */
const COARSEST = 1 / 16;
const MOST_CLASSES = 512;

interface Sides {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly first: boolean;
}

/** `[C, h, w]`, `[h, w, C]` or `[h, w]`: which axes are the picture's. */
function sidesOf(q: OutputQuestion): Sides | undefined {
  const dims = q.dims.length === 2 ? [1, ...q.dims] : q.dims;
  if (dims.length !== 3 || dims.some((d) => d < 1)) return undefined;
  const [a, b, c] = dims as [number, number, number];
  const { height: H, width: W } = q.input;
  const skew = (h: number, w: number): number => Math.abs(Math.log((h / w) * (W / H)));
  const along = q.ending.axis === undefined ? undefined : q.ending.axis + 3 - q.dims.length;
  const first =
    along === 0 || along === 2
      ? along === 0
      : q.labels.length > 0 && (q.labels.length === a) !== (q.labels.length === c)
        ? q.labels.length === a
        : skew(b, c) <= skew(a, b);
  const [channels, height, width] = first ? [a, b, c] : [c, a, b];
  if (height * width < 4 || height < 2 || width < 2) return undefined;
  return { channels, height, width, first };
}

/** How far the map's proportions are from the picture's. */
function fits({ height, width }: Sides, { input }: OutputQuestion): boolean {
  return Math.abs(Math.log((height / width) * (input.width / input.height))) < Math.log(1.3);
}

function layoutOf(q: OutputQuestion, kind: MapLayout['kind'], sides: Sides): MapLayout {
  const { channels, height, width, first } = sides;
  const made = q.ending.op === 'Softmax' || q.ending.op === 'Sigmoid';
  return {
    kind,
    value: q.value,
    channels,
    height,
    width,
    at: (k, y, x) => (first ? (k * height + y) * width + x : (y * width + x) * channels + k),
    activation: kind === 'dense' || made ? 'none' : channels === 1 ? 'sigmoid' : 'softmax',
  };
}

function kindOf(
  q: OutputQuestion,
  sides: Sides,
): { kind: MapLayout['kind']; reason: string; guessed?: boolean } | undefined {
  const { channels, height, width } = sides;
  const { ending, labels, name, title, input } = q;
  const each = `one for each of ${height}×${width} places`;
  if (ending.op === 'Softmax' || ending.op === 'LogSoftmax')
    return ending.axis === undefined || channels < 2 || !(ending.axis + 3 - q.dims.length === (sides.first ? 0 : 2))
      ? undefined
      : { kind: 'segmentation', reason: `It ends in ${ending.op} over ${channels} classes, ${each}.` };
  if (q.behind === 'ArgMax')
    return {
      kind: 'segmentation',
      reason: `The output is the best of ${channels} numbers at each of ${height}×${width} places (ArgMax): those are read.`,
    };
  if (channels > 1 && labels.length === channels)
    return { kind: 'segmentation', reason: `It has as many channels as there are labels (${channels}), ${each}.` };
  const mask = NAMED.mask(name);
  if (mask !== undefined) return { kind: 'segmentation', reason: `It is called "${name}".` };
  const dense = NAMED.dense(name);
  if (dense !== undefined) return { kind: 'dense', reason: `It is called "${name}".` };
  if (NAMED.embedding(name) !== undefined) return undefined;
  if (q.task.includes('segment') || q.task.includes('semantic'))
    return { kind: 'segmentation', reason: `The metadata says the task "${q.task}".` };
  if (!fits(sides, q) || channels > MOST_CLASSES) return undefined;
  if (NAMED.mask(title) !== undefined)
    return { kind: 'segmentation', reason: `The model is called "${title.trim()}".`, guessed: true };
  if (NAMED.dense(title) !== undefined)
    return { kind: 'dense', reason: `The model is called "${title.trim()}".`, guessed: true };
  if (channels === 1)
    return ending.op === 'Sigmoid'
      ? { kind: 'segmentation', reason: `It ends in Sigmoid, ${each}: a mask.` }
      : { kind: 'dense', reason: `It is one number at each of ${height}×${width} places.` };
  const image = channels === 3 || channels === input.channels;
  if (image && height >= input.height && width >= input.width && ending.op !== 'Sigmoid')
    return { kind: 'dense', reason: `It has the picture's channels at ${height}×${width}: a picture.`, guessed: true };
  if (ending.op === 'Sigmoid' && !image)
    return { kind: 'segmentation', reason: `It ends in Sigmoid over ${channels} channels, ${each}.` };
  if (image && height >= input.height)
    return { kind: 'dense', reason: `It has the picture's channels at ${height}×${width}: a picture.`, guessed: true };
  if (height >= input.height * COARSEST && width >= input.width * COARSEST)
    return {
      kind: 'segmentation',
      reason: `It has ${channels} channels, ${each}, as scores of classes are.`,
      guessed: true,
    };
  return undefined;
}

function map(id: MapLayout['kind']): OutputKind {
  return {
    id,
    tell: (q): Told | undefined => {
      const sides = sidesOf(q);
      if (sides === undefined) return undefined;
      if (q.said !== undefined) return { reason: '', layout: layoutOf(q, id, sides) };
      // A list of tokens or of boxes is no map: two axes are one only where they are the picture's.
      if (
        q.dims.length === 2 &&
        (!fits(sides, q) ||
          sides.height < 8 ||
          (q.behind === undefined &&
            NAMED.dense(q.name) === undefined &&
            NAMED.mask(q.name) === undefined &&
            sides.height < q.input.height / 4))
      )
        return undefined;
      const found = kindOf(q, sides);
      if (found?.kind !== id) return undefined;
      return {
        reason: found.reason,
        layout: layoutOf(q, id, sides),
        ...(found.guessed === true ? { guessed: true } : {}),
      };
    },
  };
}

export const segmentation = map('segmentation');
export const dense = map('dense');
