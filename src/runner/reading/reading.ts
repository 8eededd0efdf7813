import { isCancelled, LensError, throwIfCancelled, toErrorData, type ErrorData } from '../../base/errors.js';
import type { FloatTensor } from '../../base/tensor.js';
import { predict } from '../../method/activations/prediction.js';
import { classLayoutOf } from '../../method/target/index.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import { concatBatches } from '../../session/batches.js';
import { attempt, loadInput, MANY } from '../input/answers.js';
import type { ExpandedInput, LoadedInput } from '../input/inputs.js';
import type { Contents } from './contents.js';
import { oneAhead } from './ahead.js';
import { Shortener, type LayerPlace } from './places.js';
import type { KeptRow } from './rows.js';

/** What is wanted of every picture of a data set. */
export interface Wanted {
  /** Scores of the classes, where the output holds some. */
  readonly scores: boolean;
  readonly layers: readonly LayerPlace[];
}

/** The column of the scores; those of layers are called as {@link columnOf} says. */
export const SCORES = 'scores';

/** One picture: rows by their columns, or why there are none. `content` tells equal pictures. */
export type Reading =
  | { readonly content: string | undefined; readonly rows: ReadonlyMap<string, Float32Array> }
  | {
      readonly content: string | undefined;
      readonly error: ErrorData;
      /** Those that are there all the same. */
      readonly rows: ReadonlyMap<string, Float32Array>;
    };

/** Readings that are there already, by what the inputs are. */
export interface KeptReadings {
  /** Rows of one column. */
  find(column: string, ids: readonly (string | undefined)[]): Promise<readonly (KeptRow | undefined)[]>;
  /** @param fresh which of the rows were not there before; an input without an id or a row is not kept */
  keep(
    column: string,
    ids: readonly (string | undefined)[],
    rows: readonly (KeptRow | undefined)[],
    fresh: readonly number[],
  ): Promise<void>;
}

export interface ReadOptions {
  readonly contents: Contents;
  readonly kept?: KeptReadings;
  readonly signal: AbortSignal;
  /** Which units are read; left out, all. */
  readonly mine?: (unit: number) => boolean;
}

/** Inputs of one unit: what is kept together, whatever the memory. A multiple of every batch on a processor. */
export const UNIT = 64;

export interface ReadUnit {
  /** Number of the unit, and of its first input. */
  readonly unit: number;
  readonly from: number;
  readonly readings: readonly Reading[];
}

export function columnOf({ value, reducedTo }: LayerPlace): string {
  return `layer ${value}${reducedTo === undefined ? '' : ` in ${reducedTo}`}`;
}

/** Whether a model's scores are of classes, each of which a picture can be taken for. */
export function hasClasses(subject: ModelSubject): boolean {
  return subject.classifier || classLayoutOf(subject) !== undefined;
}

/** A run of the model, or what need not be run. */
interface Step {
  readonly unit: Open;
  /** Places within the unit whose rows are missing. */
  readonly missing: readonly number[];
  readonly last: boolean;
}

interface Open {
  readonly unit: number;
  readonly from: number;
  readonly inputs: readonly ExpandedInput[];
  readonly ids: readonly (string | undefined)[];
  readonly contents: (string | undefined)[];
  readonly rows: readonly Map<string, Float32Array | ErrorData>[];
  /** Why an input has no rows at all. */
  readonly errors: (ErrorData | undefined)[];
  /** The inputs that lack a column, for each that some input lacks. */
  readonly lacking: Map<string, number[]>;
}

/**
 * Runs the model over all inputs and hands on what is wanted of them, unit by unit in their order: what is kept is not run
 * again. The pictures of the next batch are read while one runs.
 */
export async function* readSet(
  subject: ModelSubject,
  inputs: readonly ExpandedInput[],
  wanted: Wanted,
  options: ReadOptions,
): AsyncGenerator<ReadUnit> {
  const { signal } = options;
  const runner = new Runner(subject, wanted, signal);
  for await (const { step, loaded } of oneAhead(loading(runner, inputs, options))) {
    throwIfCancelled(signal);
    await runner.run(step, await loaded);
    if (step.last) yield await close(step.unit, options);
  }
}

/** The steps, whose pictures begin to be read as soon as one is asked for. */
async function* loading(
  runner: Runner,
  inputs: readonly ExpandedInput[],
  options: ReadOptions,
): AsyncGenerator<{ readonly step: Step; readonly loaded: Promise<readonly Loaded[]> }> {
  const beside = inputs.length >= MANY;
  for await (const step of plan(runner, inputs, options)) {
    const loaded = runner.load(step, beside);
    // Looked at once it is awaited: a cancelled read is no stray rejection.
    loaded.catch(() => undefined);
    yield { step, loaded };
  }
}

async function* plan(runner: Runner, inputs: readonly ExpandedInput[], options: ReadOptions): AsyncGenerator<Step> {
  const { kept, mine = () => true, contents } = options;
  for (let unit = 0; unit * UNIT < inputs.length; unit++) {
    if (!mine(unit)) continue;
    const from = unit * UNIT;
    const part = inputs.slice(from, from + UNIT);
    const ids = await Promise.all(part.map((input) => contents.of(input)));
    const open: Open = {
      unit,
      from,
      inputs: part,
      ids,
      contents: ids.map((id, i) => ('part' in part[i]! ? undefined : id)),
      rows: part.map(() => new Map()),
      errors: part.map(() => undefined),
      lacking: new Map(),
    };
    for (const column of runner.columns) {
      const found = await kept?.find(column, ids);
      const lacking = part.flatMap((_, i) => {
        const known = found?.[i];
        if (known === undefined) return [i];
        open.contents[i] ??= known.content;
        open.rows[i]!.set(column, 'row' in known ? known.row : known.error);
        return [];
      });
      if (lacking.length > 0) open.lacking.set(column, lacking);
    }
    // Where nothing is asked of the model, pictures are read all the same: which ones are broken is worth knowing.
    const all = runner.columns.length === 0 ? part.map((_, i) => i) : [...open.lacking.values()].flat();
    const missing = [...new Set(all)].sort((x, y) => x - y);
    if (missing.length === 0) yield { unit: open, missing, last: true };
    for (let at = 0; at < missing.length; at += runner.step)
      yield { unit: open, missing: missing.slice(at, at + runner.step), last: at + runner.step >= missing.length };
  }
}

/** A unit whose inputs have all been run: what was missing is kept. */
async function close(open: Open, { kept }: ReadOptions): Promise<ReadUnit> {
  const { unit, from, inputs, ids, rows, contents, errors, lacking } = open;
  for (const [column, fresh] of lacking) {
    const found = inputs.map((_, i): KeptRow | undefined => {
      const value = errors[i] ?? rows[i]!.get(column);
      const content = contents[i] ?? ids[i];
      if (value === undefined || content === undefined) return undefined;
      if (value instanceof Float32Array) return { content, row: value };
      // An error of the machine's is none of the picture's: it is tried again another time.
      return value.kind === 'input' ? { content, error: value } : undefined;
    });
    await kept?.keep(column, ids, found, fresh);
  }
  return { unit, from, readings: inputs.map((_, i) => readingOf(open, i)) };
}

function readingOf({ contents, errors, rows }: Open, i: number): Reading {
  const content = contents[i];
  const all = [...rows[i]!];
  const error = errors[i] ?? all.flatMap(([, v]) => (v instanceof Float32Array ? [] : [v]))[0];
  const sound = new Map(all.flatMap(([c, v]) => (v instanceof Float32Array ? [[c, v] as const] : [])));
  return error === undefined ? { content, rows: sound } : { content, error, rows: sound };
}

type Loaded = Awaited<ReturnType<typeof attempt<LoadedInput>>>;

class Runner {
  readonly columns: readonly string[];
  readonly step: number;
  private readonly shortener = new Shortener();

  constructor(
    private readonly subject: ModelSubject,
    private readonly wanted: Wanted,
    private readonly signal: AbortSignal,
  ) {
    this.columns = [...(wanted.scores ? [SCORES] : []), ...wanted.layers.map(columnOf)];
    this.step = subject.batchSize('forward');
  }

  load({ unit, missing }: Step, beside: boolean): Promise<readonly Loaded[]> {
    return Promise.all(
      missing.map((i) => attempt(unit.inputs[i]!.name, () => loadInput(unit.inputs[i]!, this.signal, beside))),
    );
  }

  /** Should a batch fail as a whole, each picture is tried by itself. */
  async run({ unit, missing }: Step, loaded: readonly Loaded[]): Promise<void> {
    const good: { readonly at: number; readonly tensor: FloatTensor }[] = [];
    loaded.forEach((outcome, k) => {
      const at = missing[k]!;
      if ('error' in outcome) return void (unit.errors[at] = outcome.error);
      unit.contents[at] = outcome.result.content ?? unit.contents[at];
      good.push({ at, tensor: outcome.result.tensor });
    });
    if (good.length === 0 || this.columns.length === 0) return;
    try {
      await this.batch(unit, good);
    } catch (error) {
      if (isCancelled(error)) throw error;
      for (const one of good) {
        try {
          await this.batch(unit, [one]);
        } catch (own) {
          if (isCancelled(own)) throw own;
          unit.errors[one.at] = toErrorData(own);
        }
      }
    }
  }

  private async batch(
    unit: Open,
    good: readonly { readonly at: number; readonly tensor: FloatTensor }[],
  ): Promise<void> {
    const { subject, signal, wanted } = this;
    const batch = concatBatches(good.map((g) => g.tensor));
    const plain = wanted.scores && subject.classifier;
    const { value: scored } = subject.scoreValue('logit');
    const names = [...new Set([...wanted.layers.map((l) => l.value), ...(plain ? [scored] : [])])];
    const values = names.length === 0 ? new Map<string, FloatTensor>() : await subject.values(batch, names, signal);
    const ranked =
      wanted.scores && !plain
        ? await predict(subject, { names: [], origin: { kind: 'default', detail: '' } }, batch, 1, signal)
        : undefined;
    good.forEach(({ at }, k) => {
      const nth = ({ data }: FloatTensor): Float32Array =>
        data.slice((k * data.length) / good.length, ((k + 1) * data.length) / good.length);
      if (plain) this.take(unit, at, SCORES, nth(values.get(scored)!));
      if (ranked !== undefined) this.take(unit, at, SCORES, layoutRow(ranked[k]!));
      for (const place of wanted.layers)
        this.take(unit, at, columnOf(place), this.shortener.of(place, nth(values.get(place.value)!)));
    });
  }

  private take(unit: Open, at: number, column: string, row: Float32Array): void {
    // What masks leave of a class that is out of the question is minus infinity.
    const odd = column === SCORES ? row.some((v) => Number.isNaN(v) || v === Infinity) : !row.every(Number.isFinite);
    if (!odd) return void unit.rows[at]!.set(column, row);
    const what = column === SCORES ? 'scores' : 'values';
    const message = `The ${column === SCORES ? 'model' : 'layer'} answers this picture with ${what} that are not finite numbers.`;
    unit.rows[at]!.set(column, toErrorData(new LensError('input', 'model/nan', message)));
  }
}

/** Of a map, boxes, or one number with two sides: what its classes are ranked by, and their shares. */
function layoutRow({ logits, probabilities }: { logits: Float32Array; probabilities?: Float64Array }): Float32Array {
  return Float32Array.from([...logits, ...(probabilities ?? [])]);
}
