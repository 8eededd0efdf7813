import type { ErrorData } from '../../base/errors.js';
import { floatTensor, sizeOf, type FloatTensor } from '../../base/tensor.js';
import { labelOf } from '../../input/labels.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { Call } from '../../protocol/channel.js';
import type { JobRequest, ModelRequest, WorkProgress } from '../../protocol/request.js';
import { classNameOf, namesOf } from '../input/answers.js';
import { expandInputs, type ExpandedInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { Contents } from '../reading/contents.js';
import { contextOf } from '../reading/context.js';
import { JobUnits, keptInJob } from '../reading/keptInJob.js';
import { fitting, layerPlace, reducedNote, type LayerPlace } from '../reading/places.js';
import { columnOf, readSet, SCORES, type ReadOptions, type Wanted } from '../reading/reading.js';
import { scoreReader } from '../reading/scores.js';

/** What one value of a model is on every picture of a data set. */
export interface Features {
  readonly layer: string;
  /** `[n, d]` */
  readonly rows: FloatTensor;
  readonly files: readonly string[];
  /** What each row is of; nothing of weights. */
  readonly inputs: readonly ExpandedInput[];
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

/** The pictures whose features are asked for, and what of the model is taken. */
export interface FeatureQuestion {
  readonly subject: ModelSubject;
  readonly place: LayerPlace;
  readonly inputs: readonly ExpandedInput[];
  readonly wanted: Wanted;
  /** Of a job. */
  readonly units?: JobUnits;
  readonly kept: Pick<ReadOptions, 'contents' | 'kept' | 'mine'>;
}

/**
 * What is asked of a model where its features on pictures are wanted.
 *
 * @throws LensError `embed/no-linear` where no layer is named and there is no last linear one
 */
export async function featureQuestion(
  model: OpenModel,
  request: ModelRequest & JobRequest & { readonly inputs: readonly string[]; readonly layer?: string },
  signal: AbortSignal,
): Promise<FeatureQuestion> {
  const subject = await model.subject();
  const place = layerPlace(subject, request.layer);
  const inputs = await expandInputs(model, request.inputs, signal);
  const common = {
    subject,
    place: fitting(place, inputs.length, MOST),
    inputs,
  };
  const wanted: Wanted = { scores: subject.classifier, layers: [common.place] };
  const contents = new Contents();
  if (request.job === undefined) return { ...common, wanted, kept: { contents } };
  const units = new JobUnits(request.job);
  const kept = keptInJob(units, await contextOf(model, subject, request));
  return { ...common, wanted, units, kept: { contents, kept, mine: (unit) => units.mine(unit) } };
}

/**
 * Runs the model over all pictures, in batches, and keeps one value of each. Pictures of the next batch are read while this
 * one runs. Units of a job that are there are not run again.
 */
export async function featuresOf(
  model: OpenModel,
  request: ModelRequest & JobRequest & { readonly inputs: readonly string[]; readonly layer?: string },
  call: Call<WorkProgress>,
): Promise<Features> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const { subject, place, inputs, wanted, kept } = await featureQuestion(model, request, signal);
  const { labels, notes, truth } = namesOf(model, subject, inputs);
  const said = scoreReader(subject);
  const width = place.reducedTo ?? place.width;
  let data = new Float32Array(inputs.length * width);
  const found: { input: ExpandedInput; file: string; label: string; index: number; predicted?: string }[] = [];
  const omitted: Features['omitted'][number][] = [];
  for await (const { from, readings } of readSet(subject, inputs, wanted, { ...kept, signal })) {
    readings.forEach((reading, k) => {
      const input = inputs[from + k]!;
      if ('error' in reading) return void omitted.push({ file: input.name, error: reading.error });
      const className = classNameOf(input);
      const index = className === undefined ? undefined : truth(className);
      const row = reading.rows.get(columnOf(place))!;
      if (found.length === 0 && row.length !== width) data = new Float32Array(inputs.length * row.length);
      data.set(row, found.length * row.length);
      const scores = reading.rows.get(SCORES);
      found.push({
        input,
        file: input.name,
        label: index === undefined ? (className ?? '') : labelOf(labels, index),
        index: index ?? -1,
        ...(scores === undefined ? {} : { predicted: labelOf(labels, said(scores).predicted) }),
      });
    });
    const done = from + readings.length;
    call.progress({ fraction: done / inputs.length, message: `${place.layer}: ${done} of ${inputs.length} pictures` });
  }
  const predicted = found.flatMap((f) => f.predicted ?? []);
  const dims = [found.length, data.length / Math.max(1, inputs.length)];
  return {
    layer: place.layer,
    rows: { ...floatTensor([0]), dims, data: data.subarray(0, sizeOf(dims)) },
    files: found.map((f) => f.file),
    inputs: found.map((f) => f.input),
    labels: found.map((f) => f.label),
    classes: numbered(found),
    ...(predicted.length === found.length && predicted.length > 0 ? { predicted } : {}),
    omitted,
    notes: [...notes, ...reducedNote(place)],
  };
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
