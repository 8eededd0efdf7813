import { isCancelled, LensError, throwIfCancelled, toErrorData, type ErrorData } from '../../base/errors.js';
import { floatTensor, sizeOf, type FloatTensor } from '../../base/tensor.js';
import { lastLinear } from '../../graph/layers/heads.js';
import { labelOf, type Labels } from '../../input/labels.js';
import { rankOf } from '../../method/rankOf.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import { concatBatches } from '../../session/batches.js';
import { classNameOf, loadPart, namesOf } from '../input/answers.js';
import { expandInputs } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';

/** What one value of a model is on every picture of a data set. */
export interface Features {
  readonly layer: string;
  /** `[n, d]` */
  readonly rows: FloatTensor;
  readonly files: readonly string[];
  /** The true class of each: its name, '' where unknown, and its number, -1 where it has none. */
  readonly labels: readonly string[];
  readonly classes: Int32Array;
  /** What the model takes each for; absent where its output holds no classes. */
  readonly predicted?: readonly string[];
  readonly omitted: readonly { readonly file: string; readonly error: ErrorData }[];
  readonly notes: readonly string[];
}

/** Numbers of all features together: 1 GB, and as much again while they are centred. */
const MOST = 1 << 28;

/**
 * Runs the model over all pictures, in batches, and keeps one value of each. Pictures of the next batch are read while this
 * one runs.
 *
 * @param name a layer; by default the input of the last linear layer
 */
export async function featuresOf(
  model: OpenModel,
  name: string | undefined,
  paths: readonly string[],
  call: Call<WorkProgress>,
): Promise<Features> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const subject = await model.subject();
  const { layer, value } = placeOf(subject, name);
  const inputs = await expandInputs(model, paths, signal);
  const { labels, notes, truth } = namesOf(model, subject, inputs);
  const collected = new Rows(inputs.length, layer);
  const found: { file: string; label: string; index: number; predicted?: string }[] = [];
  const omitted: Features['omitted'][number][] = [];
  const step = subject.batchSize('forward');
  let next = loadPart(inputs, 0, step, signal);
  for (let from = 0; from < inputs.length; from += step) {
    throwIfCancelled(signal);
    const part = (await next).map((outcome, i) => ({ input: inputs[from + i]!, outcome }));
    next = loadPart(inputs, from + step, from + 2 * step, signal);
    for (const done of await run(subject, value, part, labels, signal)) {
      if ('error' in done) {
        omitted.push({ file: done.file, error: done.error });
        continue;
      }
      const className = classNameOf(done.input);
      const index = className === undefined ? undefined : truth(className);
      collected.add(done.row);
      found.push({
        file: done.input.name,
        label: index === undefined ? (className ?? '') : labelOf(labels, index),
        index: index ?? -1,
        ...(done.predicted === undefined ? {} : { predicted: done.predicted }),
      });
    }
    const done = Math.min(inputs.length, from + step);
    call.progress({ fraction: done / inputs.length, message: `${layer}: ${done} of ${inputs.length} pictures` });
  }
  const predicted = found.flatMap((f) => f.predicted ?? []);
  return {
    layer,
    rows: collected.tensor(),
    files: found.map((f) => f.file),
    labels: found.map((f) => f.label),
    classes: numbered(found),
    ...(predicted.length === found.length && predicted.length > 0 ? { predicted } : {}),
    omitted,
    notes,
  };
}

/**
 * The value that pictures are placed by: a layer's output, or what the last linear layer reads.
 *
 * @throws LensError `embed/no-linear`
 */
export function placeOf(subject: ModelSubject, name: string | undefined): { layer: string; value: string } {
  if (name !== undefined) {
    const layer = subject.layer(name);
    return { layer: layer.name, value: layer.output };
  }
  const head = lastLinear(subject.graph, subject.output.name);
  if (head === undefined) {
    throw new LensError(
      'usage',
      'embed/no-linear',
      'The model does not end in a linear layer whose input could be embedded.',
      {
        hint: 'Name a layer with --layer, as inspect prints them.',
      },
    );
  }
  const layer = subject.layers.find((l) => l.output === head.features);
  return { layer: layer?.name ?? `input of ${head.node}`, value: head.features };
}

type Loaded = {
  readonly input: Awaited<ReturnType<typeof expandInputs>>[number];
  readonly outcome: Awaited<ReturnType<typeof loadPart>>[number];
};

type Done =
  | { readonly input: Loaded['input']; readonly row: Float32Array; readonly predicted?: string }
  | { readonly file: string; readonly error: ErrorData };

/** Should a batch fail as a whole, each picture is tried by itself. */
async function run(
  subject: ModelSubject,
  value: string,
  part: readonly Loaded[],
  labels: Labels,
  signal: AbortSignal,
): Promise<Done[]> {
  const good = part.flatMap(({ input, outcome }) => ('result' in outcome ? [{ input, loaded: outcome.result }] : []));
  const bad = part.flatMap(({ input, outcome }) =>
    'error' in outcome ? [{ file: input.name, error: outcome.error }] : [],
  );
  if (good.length === 0) return bad;
  try {
    const { value: scored } = subject.scoreValue('logit');
    const names = subject.classifier ? [value, scored] : [value];
    const values = await subject.values(concatBatches(good.map((g) => g.loaded.tensor)), names, signal);
    const rows = values.get(value)!;
    const scores = subject.classifier ? subject.activated(values.get(scored)!).logits : undefined;
    const nth = (tensor: FloatTensor, k: number): Float32Array =>
      tensor.data.slice((k * tensor.data.length) / good.length, ((k + 1) * tensor.data.length) / good.length);
    return [
      ...good.map(({ input }, k): Done => {
        const row = nth(rows, k);
        if (row.some((v) => !Number.isFinite(v))) {
          const message = 'The layer answers this picture with values that are not finite numbers.';
          return { file: input.name, error: toErrorData(new LensError('input', 'model/nan', message)) };
        }
        const best = scores === undefined ? undefined : rankOf(nth(scores, k), 1)[0];
        return { input, row, ...(best === undefined ? {} : { predicted: labelOf(labels, best) }) };
      }),
      ...bad,
    ];
  } catch (error) {
    if (isCancelled(error)) throw error;
    if (good.length === 1) return [{ file: good[0]!.input.name, error: toErrorData(error) }, ...bad];
    const single: Done[] = [...bad];
    for (const one of part.filter((p) => 'result' in p.outcome))
      single.push(...(await run(subject, value, [one], labels, signal)));
    return single;
  }
}

/** Rows of one length, in one block that is cut to what came. */
class Rows {
  private data: Float32Array | undefined;
  private width = 0;
  private count = 0;

  constructor(
    private readonly most: number,
    private readonly layer: string,
  ) {}

  add(row: Float32Array): void {
    if (this.data === undefined) {
      this.width = row.length;
      if (this.most * row.length > MOST) {
        throw new LensError(
          'unsupported',
          'embed/too-large',
          `"${this.layer}" has ${row.length.toLocaleString('en')} numbers for each of ${this.most.toLocaleString('en')} pictures: more than fit the memory.`,
          { hint: 'Choose a later layer, or fewer pictures.' },
        );
      }
      this.data = new Float32Array(this.most * row.length);
    }
    if (row.length !== this.width) throw new Error(`A row of ${row.length} among rows of ${this.width}`);
    this.data.set(row, this.count++ * this.width);
  }

  tensor(): FloatTensor {
    const dims = [this.count, this.width];
    return floatTensor(dims, (this.data ?? new Float32Array()).subarray(0, sizeOf(dims)));
  }
}

/** Class numbers; names that are none of the model's classes are numbered after them, so that a probe can use them, too. */
function numbered(found: readonly { readonly label: string; readonly index: number }[]): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(found, ({ label }) => {
    if (label === '') return -1;
    const number = known.get(label) ?? known.size;
    known.set(label, number);
    return number;
  });
}
