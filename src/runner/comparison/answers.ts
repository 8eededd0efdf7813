import type { ErrorData } from '../../base/errors.js';
import type { Side } from '../../result/comparison.js';
import { columnOf, readSet, SCORES, UNIT, type Reading, type Wanted } from '../reading/reading.js';
import { scoreReader } from '../reading/scores.js';
import type { KeptComparison } from './kept.js';
import type { OpenSide } from './side.js';

/** What a model says of one picture; what it does not say is left out. */
export interface Rows {
  readonly scores?: Float32Array;
  readonly features?: Float32Array;
}

/** What both say of one picture, or why it is left out. */
export type Outcome = { readonly example: number } & (
  { readonly a: Rows; readonly b: Rows } | { readonly error: ErrorData }
);

/** What both models make of one picture. */
export interface Seen {
  /** Its place in the data set. */
  readonly example: number;
  readonly a: Answer;
  readonly b: Answer;
}

export interface Answer {
  /** The class; -1 where the model's output is no list of classes, or no number came out. */
  readonly predicted: number;
  readonly confidence: number;
  /** Absent where they are not finite numbers. */
  readonly features?: Float32Array;
}

/** Reads what a model says of a picture. */
export function answerReader({ subject }: OpenSide): (rows: Rows) => Answer {
  const said = scoreReader(subject);
  return ({ scores, features }) => {
    const finite = features?.every(Number.isFinite) === true ? { features } : {};
    const sound =
      scores !== undefined && !scores.some((v) => Number.isNaN(v) || v === Infinity) && scores.some(Number.isFinite);
    if (!sound) return { predicted: -1, confidence: NaN, ...finite };
    const { predicted, confidence } = said(scores);
    return { predicted, confidence, ...finite };
  };
}

/** Pictures of which nothing is asked but their predictions and features, and which number their first unit has. */
export interface PlainOptions {
  readonly sides: Readonly<Record<Side, OpenSide>>;
  /** Places in the data set, rising. */
  readonly examples: readonly number[];
  readonly firstUnit: number;
}

export function plainCount({ examples }: PlainOptions): number {
  return Math.ceil(examples.length / UNIT);
}

/** Both models on the same pictures, unit by unit; what is kept of either is not run again. */
export async function* plainUnits(
  { sides, examples, firstUnit }: PlainOptions,
  kept: KeptComparison,
  signal: AbortSignal,
): AsyncGenerator<readonly Outcome[]> {
  const read = (side: Side): ReturnType<typeof readSet> => {
    const { subject, inputs } = sides[side];
    const readings = kept.readings[side];
    return readSet(
      subject,
      examples.map((example) => inputs[example]!),
      wantedOf(sides[side]),
      {
        contents: kept.contents,
        ...(readings === undefined ? {} : { kept: readings }),
        signal,
        mine: (unit) => kept.mine(firstUnit + unit),
      },
    );
  };
  const others = read('b');
  try {
    for await (const { from, readings } of read('a')) {
      const other = await others.next();
      if (other.done === true) return;
      yield readings.map((own, k) => outcomeOf(examples[from + k]!, sides, own, other.value.readings[k]!));
    }
  } finally {
    await others.return(undefined);
  }
}

function wantedOf({ subject, embedding }: OpenSide): Wanted {
  return { scores: subject.classifier, layers: embedding === undefined ? [] : [embedding] };
}

function outcomeOf(example: number, sides: Readonly<Record<Side, OpenSide>>, a: Reading, b: Reading): Outcome {
  for (const reading of [a, b]) {
    // A picture that is answered with what is no number was seen all the same.
    if ('error' in reading && reading.error.code !== 'model/nan') return { example, error: reading.error };
  }
  return { example, a: rowsOf(sides.a, a), b: rowsOf(sides.b, b) };
}

function rowsOf({ embedding }: OpenSide, { rows }: Reading): Rows {
  const scores = rows.get(SCORES);
  const features = embedding === undefined ? undefined : rows.get(columnOf(embedding));
  return { ...(scores === undefined ? {} : { scores }), ...(features === undefined ? {} : { features }) };
}
