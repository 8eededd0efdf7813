import type { DetectionLayout } from '../layout.js';
import type { OutputQuestion, Told } from '../kind.js';

/**
 * Detectors with one output: a row for each candidate (or a column), that holds a box, perhaps an objectness, the scores
 * of the classes, and what the task adds. The rows are told by the number of labels, the task in the metadata, the
 * companions of the output, and the grids that a network of this input size has.
 */

type Head = DetectionLayout['head'];

/** How a row is divided. */
interface Plan {
  readonly head: Head;
  /** Scores of classes. */
  readonly classes: number;
  readonly objectness?: boolean;
  /** Numbers behind the scores: coefficients of masks, an angle, points. */
  readonly extra: number;
  readonly reason: string;
  readonly guessed?: boolean;
}

/** Two axes, one of candidates and one of numbers for each. */
interface Table {
  readonly numbers: number;
  readonly candidates: number;
  /** Whether the numbers of a candidate lie side by side. */
  readonly last: boolean;
}

const STRIDES = [4, 8, 16, 32, 64, 128];
/** Boxes of an anchor-based and an anchor-free head at each place of the grid. */
const ANCHORS = [1, 3] as const;

/** A list of candidates as one detector's output has it; undefined where no usual plan fits. */
export function rowsTold(q: OutputQuestion): Told | undefined {
  const real = q.dims.filter((d) => d !== 1);
  // A detector of one class with one candidate would lose its axes.
  const [a, b] = (q.dims.length === 2 ? q.dims : real) as [number, number];
  if (q.dims.length < 2 || a === undefined || b === undefined || (q.dims.length !== 2 && real.length !== 2))
    return undefined;
  if (q.ending.op === 'Softmax' || q.ending.op === 'LogSoftmax') return undefined;
  const tables: readonly Table[] = [
    { numbers: a, candidates: b, last: false },
    { numbers: b, candidates: a, last: true },
  ];
  for (const look of [finished, planned, unnamed])
    for (const table of tables) {
      const plan = look(q, table);
      if (plan !== undefined)
        return {
          reason: plan.reason,
          layout: layoutOf(q, table, plan),
          ...(plan.guessed === true ? { guessed: true } : {}),
        };
    }
  return undefined;
}

const detects = ({ task }: OutputQuestion): boolean => /detect|obb|pose|segment|keypoint/.test(task);

/** Numbers that a task puts behind the scores. */
function extraOf(
  q: OutputQuestion,
): { readonly head: Head; readonly extra: number; readonly what: string } | undefined {
  const prototypes = prototypesOf(q);
  if (/pose|keypoint/.test(q.task)) {
    const shape = /\[?\(?(\d+)\s*,\s*([23])/.exec(q.metadata.get('kpt_shape') ?? '');
    const [points, each] = shape === null ? [17, 3] : [Number(shape[1]), Number(shape[2])];
    return { head: 'pose', extra: points * each, what: `${points} points` };
  }
  if (q.task === 'obb') return { head: 'obb', extra: 1, what: 'an angle' };
  if (prototypes !== undefined)
    return { head: 'segment', extra: prototypes.count, what: `${prototypes.count} coefficients of masks` };
  return undefined;
}

/** The other output that holds the prototypes of masks, `[count, height, width]`. */
export function prototypesOf(q: Pick<OutputQuestion, 'others'>):
  | {
      readonly value: string;
      readonly count: number;
      readonly height: number;
      readonly width: number;
      readonly name: string;
    }
  | undefined {
  const found = q.others.find(
    ({ dims }) => dims.length === 3 && dims.every((d) => d > 1) && Math.abs(Math.log(dims[1]! / dims[2]!)) < 1.5,
  );
  if (found === undefined) return undefined;
  const [count, height, width] = found.dims as [number, number, number];
  return { value: found.value, count, height, width, name: found.name };
}

/** End to end: box, score, class; what the task adds behind. */
function finished(q: OutputQuestion, { numbers, candidates, last }: Table): Plan | undefined {
  if (!last) return undefined;
  const said = q.said?.head === 'end2end' || /^(true|1|yes)$/i.test(q.metadata.get('end2end') ?? '');
  const ends = ['TopK', 'NonMaxSuppression'].some((op) => q.ending.tail.has(op));
  const more = extraOf(q);
  const extra = more?.extra ?? 0;
  if (q.said?.head !== undefined && q.said.head !== 'end2end') return undefined;
  if (numbers === 7 && q.ending.tail.has('NonMaxSuppression') && more === undefined)
    return {
      head: 'suppressed',
      classes: q.labels.length,
      extra: 0,
      reason: 'It ends in NonMaxSuppression, seven numbers for each box: picture, box, class, score.',
    };
  if (numbers !== 6 + extra) return undefined;
  // One class after box and objectness has six numbers, too.
  const labelled = q.labels.length === 1 && grid(q, candidates) !== undefined;
  if (!said && (labelled || q.labels.length === 2 - extra)) return undefined;
  if (
    !said &&
    !ends &&
    ((q.labels.length === 0 && grid(q, candidates) !== undefined) ||
      candidates > 1000 ||
      (q.labels.length === 0 && !detects(q)))
  )
    return undefined;
  const why = said
    ? q.said?.head === undefined
      ? 'The metadata says end2end'
      : 'The settings say end2end'
    : ends
      ? 'It ends in a choice of boxes'
      : `It has ${candidates} rows of ${numbers}`;
  return {
    head: 'end2end',
    classes: q.labels.length,
    extra,
    reason: `${why}: box, score and class${more === undefined ? '' : ` and ${more.what}`} of ${candidates} boxes.`,
    ...(said || ends ? {} : { guessed: true }),
  };
}

/** Rows that the labels account for. */
function planned(q: OutputQuestion, { numbers, candidates }: Table): Plan | undefined {
  const classes = q.labels.length;
  if (classes === 0 || candidates < 2) return undefined;
  const more = extraOf(q);
  const head = q.said?.head;
  const behind = more?.extra ?? 0;
  const rest = more === undefined ? '' : ` and ${more.what}`;
  const told = detects(q) ? `, and the metadata says the task "${q.task}"` : '';
  if (numbers === 4 + classes + behind && (head === undefined || head === (more?.head ?? 'v8')))
    return {
      head: more?.head ?? 'v8',
      classes,
      extra: behind,
      reason: `${numbers} numbers for each of ${candidates} candidates: a box, a score for each of ${classes} labels${rest}${told}.`,
    };
  if (numbers === 5 + classes + (more?.head === 'segment' ? behind : 0) && (head === undefined || head === 'v5'))
    return {
      head: 'v5',
      classes,
      objectness: true,
      extra: more?.head === 'segment' ? behind : 0,
      reason: `${numbers} numbers for each of ${candidates} candidates: a box, an objectness, a score for each of ${classes} labels${rest}${told}.`,
    };
  return undefined;
}

/** Rows that nobody has named the classes of: as many candidates as the grids of such a network have places. */
function unnamed(q: OutputQuestion, { numbers, candidates }: Table): Plan | undefined {
  const asked = q.said !== undefined || detects(q);
  if (q.labels.length > 0 && q.said === undefined) return undefined;
  const anchors = grid(q, candidates);
  if (numbers < 5 || candidates < 2 || (numbers > candidates && anchors === undefined)) return undefined;
  if (anchors === undefined && !asked) return undefined;
  // Scores that a Sigmoid makes stand beside boxes that it does not make.
  if (!asked && !(q.ending.tail.has('Sigmoid') && (q.ending.tail.has('Concat') || q.ending.op === 'Concat')))
    return undefined;
  const more = extraOf(q);
  const behind = more?.extra ?? 0;
  const objectness =
    q.said?.head === 'v5' ||
    (q.said?.head === undefined && more?.head !== 'obb' && more?.head !== 'pose' && anchors === 3);
  const front = objectness ? 5 : 4;
  const classes = numbers - front - behind;
  if (classes < 1) return undefined;
  const places =
    anchors === undefined
      ? ''
      : `, as the grids of a ${q.input.height}×${q.input.width} picture have${anchors === 3 ? ' with three anchors' : ''}`;
  return {
    head: objectness ? 'v5' : (more?.head ?? 'v8'),
    classes,
    objectness,
    extra: behind,
    reason: `${numbers} numbers for each of ${candidates} candidates${places}: a box, ${objectness ? 'an objectness, ' : ''}${classes} score${classes === 1 ? '' : 's'}${more === undefined ? '' : ` and ${more.what}`}; nobody names the classes.`,
    ...(q.said === undefined && !detects(q) ? { guessed: true } : {}),
  };
}

/** Boxes at each place, where the candidates are the places of one or several neighbouring grids; undefined where they are not. */
function grid({ input }: OutputQuestion, candidates: number): (typeof ANCHORS)[number] | undefined {
  const places = STRIDES.filter((s) => s <= Math.min(input.height, input.width)).map(
    (s) => Math.ceil(input.height / s) * Math.ceil(input.width / s),
  );
  for (const anchors of ANCHORS)
    for (let from = 0; from < places.length; from++) {
      let sum = 0;
      for (let to = from; to < places.length && to < from + 5; to++) {
        sum += places[to]! * anchors;
        if (sum === candidates && sum >= 9) return anchors;
      }
    }
  return undefined;
}

function layoutOf(q: OutputQuestion, { numbers, candidates, last }: Table, plan: Plan): DetectionLayout {
  const { value } = q;
  const { head, classes, extra } = plan;
  const offset = (candidate: number, n: number): number =>
    last ? candidate * numbers + n : n * candidates + candidate;
  const finishedRow = head === 'end2end' || head === 'suppressed';
  // Seven numbers: the picture stands in front, the score last.
  const [box, score, index] = head === 'suppressed' ? [1, 6, 5] : [0, 4, 5];
  const front = finishedRow ? 6 : plan.objectness === true ? 5 : 4;
  const behind = front + (finishedRow ? 0 : classes);
  const points = head === 'pose' || (finishedRow && /pose|keypoint/.test(q.task)) ? pointsOf(q, extra) : undefined;
  const prototypes = prototypesOf(q);
  return {
    kind: 'detection',
    head,
    classes,
    boxes: {
      value,
      stride: numbers,
      at: (candidate, coordinate) => offset(candidate, box + coordinate),
      format: finishedRow ? 'xyxy' : 'cxcywh',
    },
    scores: {
      value,
      stride: numbers,
      at: (candidate, k) => offset(candidate, finishedRow ? score : front + k),
      column: (candidate, k) => offset(candidate, finishedRow ? score : front + k),
      ...(plan.objectness === true ? { objectness: (candidate: number) => offset(candidate, 4) } : {}),
      activation: 'none',
      columns: finishedRow ? 1 : classes,
    },
    ...(finishedRow ? { index: { value, at: (candidate: number) => offset(candidate, index), first: 0 } } : {}),
    ...(head === 'obb' || (finishedRow && q.task === 'obb')
      ? { angle: (candidate: number) => offset(candidate, behind) }
      : {}),
    ...(points === undefined
      ? {}
      : {
          points: {
            ...points,
            at: (candidate: number, point: number, part: number) =>
              offset(candidate, behind + point * points.size + part),
          },
        }),
    ...(extra > 1 && points === undefined
      ? {
          masks: {
            count: extra,
            at: (candidate: number, k: number) => offset(candidate, behind + k),
            ...(prototypes?.count === extra
              ? { prototypes: { value: prototypes.value, height: prototypes.height, width: prototypes.width } }
              : {}),
          },
        }
      : {}),
    suppressed: finishedRow,
  };
}

function pointsOf(q: OutputQuestion, extra: number): { readonly count: number; readonly size: 2 | 3 } {
  const shape = /\[?\(?(\d+)\s*,\s*([23])/.exec(q.metadata.get('kpt_shape') ?? '');
  const size = shape === null ? (extra % 3 === 0 ? 3 : 2) : (Number(shape[2]) as 2 | 3);
  return { count: Math.floor(extra / size), size };
}
