import { isFloating } from '../../../base/tensor.js';
import type { OutputQuestion, Told } from '../kind.js';
import type { BoxFormat, DetectionLayout } from '../layout.js';
import { NAMED } from '../names.js';

/**
 * Detectors whose boxes and scores are outputs of their own: SSD and DETR with a score for each class, and those that have
 * suppressed already, with one score and the index of a class for each box.
 */

type Part = Omit<OutputQuestion, 'others' | 'said'>;

/** The output as a part of a detector that has several; undefined where its companions are missing. */
export function pairTold(q: OutputQuestion): Told | undefined {
  const all: readonly Part[] = [q, ...q.others];
  const boxes = boxesOf(all);
  if (boxes === undefined) return undefined;
  const scores = scoresOf(all, boxes);
  if (scores === undefined) return undefined;
  const index = scores.columns === 1 ? indexOf(all, boxes, scores.part) : undefined;
  if (scores.columns === 1 && index === undefined && scores.part.dims.length <= 1) return undefined;
  const reason = (what: string): string =>
    `${what} of ${count(boxes) || 'the'} boxes: "${boxes.name}" has their four numbers, "${scores.part.name}" their scores${index === undefined ? '' : `, "${index.name}" their classes`}.`;
  if (q.said === undefined && OFFSETS.test(boxes.name) && (q.name === boxes.name || q.name === scores.part.name))
    return {
      kind: 'unknown',
      reason: `"${boxes.name}" holds offsets from anchors by its name, and the graph does not hold the anchors: without them there are no boxes.`,
    };
  if (q.name === boxes.name) return { reason: reason('The places'), partOf: scores.part.name };
  if (index !== undefined && q.name === index.name) return { reason: reason('The classes'), partOf: scores.part.name };
  if (q.name !== scores.part.name) return undefined;
  const { layout, guessed } = layoutOf(q, boxes, scores.columns, index);
  return { reason: reason('The scores'), layout, ...(guessed ? { guessed } : {}) };
}

/** What heads before their anchors are called. */
const OFFSETS = /(^|[^a-z])(locs?|offsets?|deltas?|reg|regression)([^a-z]|$)/i;

const squeezed = (dims: readonly number[]): number[] => dims.filter((d) => d !== 1);
const count = (boxes: Part): number => boxes.dims.reduce((a, b) => a * b, 1) / 4;

/** `[K, 4]` (`[K, 1, 4]`), with a name that says so where several have four. */
function boxesOf(all: readonly Part[]): Part | undefined {
  const fit = all.filter(
    ({ name, dims, type }) =>
      (dims.length === 2 || dims.length === 3 || (dims.length === 1 && NAMED.boxes(name) !== undefined)) &&
      dims.at(-1) === 4 &&
      dims.slice(0, -1).filter((d) => d !== 1).length <= 1 &&
      type !== undefined &&
      isFloating(type),
  );
  return fit.find((o) => NAMED.boxes(o.name) !== undefined) ?? (fit.length === 1 ? fit[0] : undefined);
}

/** `[K, C]` or `[K]` beside the boxes. */
function scoresOf(all: readonly Part[], boxes: Part): { readonly part: Part; readonly columns: number } | undefined {
  const candidates = count(boxes);
  const fit = all.flatMap((part) => {
    if (part === boxes || part.type === undefined || !isFloating(part.type)) return [];
    const dims = part.dims;
    if (dims.length <= 1 && (dims[0] ?? 1) === candidates) return [{ part, columns: 1 }];
    const columns = dims.at(-1)!;
    return dims.length >= 2 && dims.slice(0, -1).reduce((a, b) => a * b, 1) === candidates && squeezed(dims).length <= 2
      ? [{ part, columns }]
      : [];
  });
  const named = fit.filter(({ part }) => NAMED.scores(part.name) !== undefined);
  // "detection_classes" is a name of scores, too; the scores themselves say so best.
  return (
    named.find(({ part }) => /score|conf|prob|logit/i.test(part.name)) ??
    named[0] ??
    (fit.length === 1 ? fit[0] : undefined)
  );
}

/** `[K]`: the index of each box's class. */
function indexOf(all: readonly Part[], boxes: Part, scores: Part): Part | undefined {
  const candidates = count(boxes);
  return all.find(
    (o) =>
      o !== boxes &&
      o !== scores &&
      squeezed(o.dims).length <= 1 &&
      o.dims.reduce((a, b) => a * b, 1) === candidates &&
      NAMED.indices(o.name) !== undefined,
  );
}

function layoutOf(
  q: OutputQuestion,
  boxes: Part,
  columns: number,
  index: Part | undefined,
): { readonly layout: DetectionLayout; readonly guessed: boolean } {
  const tensorflow = /^(.*\/)?detection_/i.test(q.name);
  const detr = /logit/i.test(q.name) || q.said?.head === 'detr';
  const { labels, ending } = q;
  const made = ending.op === 'Softmax' || ending.op === 'Sigmoid';
  // One column more than there are labels stands for "nothing there"; a Softmax needs such a column, a Sigmoid none.
  const own = labels.findIndex((label) => /^_*(background|no[-_ ]?object|nothing)_*$/i.test(label.trim()));
  const more = labels.length > 0 && columns === labels.length + 1;
  const softmax = ending.op === 'Softmax' || ((more || own >= 0 || columns === 92) && !made);
  const background =
    index !== undefined
      ? undefined
      : own >= 0
        ? own
        : more || (softmax && labels.length !== columns)
          ? detr
            ? columns - 1
            : 0
          : undefined;
  const activation = made || index !== undefined ? 'none' : softmax ? 'softmax' : detr ? 'sigmoid' : 'none';
  const format: { readonly format?: BoxFormat; readonly unit?: 'share' } = tensorflow
    ? { format: 'yxyx', unit: 'share' }
    : detr && index === undefined
      ? { format: 'cxcywh' }
      : {};
  const classes = index !== undefined ? labels.length : columns - (background === undefined || own >= 0 ? 0 : 1);
  // Columns of classes: behind a background that stands first.
  const shift = background === 0 && own !== 0 ? 1 : 0;
  return {
    guessed: !made && index === undefined && labels.length === 0,
    layout: {
      kind: 'detection',
      head: index !== undefined ? 'suppressed' : detr ? 'detr' : 'ssd',
      classes,
      boxes: { value: boxes.value, stride: 4, at: (candidate, coordinate) => 4 * candidate + coordinate, ...format },
      scores: {
        value: q.value,
        stride: index === undefined ? columns : 1,
        at: (candidate, k) => (index !== undefined ? candidate : candidate * columns + k + shift),
        column: (candidate, k) => candidate * columns + k,
        activation,
        columns,
        ...(background === undefined ? {} : { background }),
      },
      ...(index === undefined
        ? {}
        : {
            index: { value: index.value, at: (candidate: number) => candidate, first: tensorflow && own < 0 ? 1 : 0 },
          }),
      suppressed: index !== undefined,
    },
  };
}
