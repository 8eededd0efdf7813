import { given } from '../../base/given.js';
import { throwIfCancelled, toErrorData } from '../../base/errors.js';
import { labelOf } from '../../input/labels.js';
import type { Judged } from '../../method/activations/accuracy.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { PredictRequest } from '../../protocol/prediction.js';
import type { Outcome, Prediction } from '../../result/explanation.js';
import { classNameOf, loadPart, requireNumbers, type namesOf } from '../input/answers.js';
import { doubtsOf } from '../input/doubts.js';
import type { ExpandedInput, LoadedInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { classesOf, predictionOf } from '../output/prediction.js';
import { oneAhead } from '../reading/ahead.js';
import { Contents } from '../reading/contents.js';
import { contextOf } from '../reading/context.js';
import { JobUnits, unitKey } from '../reading/keptInJob.js';
import { UNIT } from '../reading/reading.js';
import { rank } from './rank.js';

/** The predictions of some inputs, and those whose true class is known. */
export interface Predicted {
  readonly from: number;
  readonly results: readonly Outcome<Prediction>[];
  readonly judged: readonly Judged[];
}

/** What is predicted, of what. */
export interface Question {
  readonly model: OpenModel;
  readonly subject: ModelSubject;
  readonly inputs: readonly ExpandedInput[];
  readonly names: ReturnType<typeof namesOf>;
}

type Part = readonly Outcome<LoadedInput>[];

interface Step {
  readonly from: number;
  /** Of a unit that need not be run. */
  readonly known?: Omit<Predicted, 'from'>;
  readonly loaded?: Promise<Part>;
  /** With the last step of a unit: the key under which it is kept. */
  readonly last?: { readonly key?: string };
}

/**
 * The predictions of all inputs, unit by unit, in their order. Units of a job that are there are not run again; others than
 * this process's share are passed over. The pictures of the next batch are read while one runs.
 */
export async function* predictUnits(
  question: Question,
  request: Pick<PredictRequest, 'top' | 'job'> & Parameters<typeof contextOf>[2],
  signal: AbortSignal,
): AsyncGenerator<Predicted> {
  const units = request.job === undefined ? undefined : new JobUnits(request.job);
  const top = request.top ?? 5;
  let unit: { from: number; results: Outcome<Prediction>[]; judged: Judged[] } | undefined;
  for await (const step of oneAhead(plan(question, units, request, signal))) {
    throwIfCancelled(signal);
    if (step.known !== undefined) {
      yield { from: step.from, ...step.known };
      continue;
    }
    unit ??= { from: step.from, results: [], judged: [] };
    await run(question, await step.loaded!, step.from, top, { ...unit, signal });
    if (step.last === undefined) continue;
    // What the machine could not do is no answer: it is tried again another time.
    const answered = unit.results.every((r) => 'result' in r || ['input', 'unsupported'].includes(r.error.kind));
    if (units !== undefined && step.last.key !== undefined && answered)
      await units.journal.write(step.last.key, encode({ results: unit.results, judged: unit.judged }));
    yield unit;
    unit = undefined;
  }
}

async function* plan(
  question: Question,
  units: JobUnits | undefined,
  request: Pick<PredictRequest, 'top'> & Parameters<typeof contextOf>[2],
  signal: AbortSignal,
): AsyncGenerator<Step> {
  const { model, subject, inputs, names } = question;
  const size = subject.batchSize('forward');
  const contents = new Contents();
  const context = units === undefined ? '' : await contextOf(model, subject, request);
  for (let number = 0, from = 0; from < inputs.length; number++, from += UNIT) {
    const to = Math.min(inputs.length, from + UNIT);
    let key: string | undefined;
    if (units !== undefined) {
      if (!units.mine(number)) continue;
      const part = inputs.slice(from, to);
      const ids = await Promise.all(part.map((input) => contents.of(input)));
      const truth = part.map((input) => [classNameOf(input) ?? null, names.truth(classNameOf(input) ?? '') ?? null]);
      const labels = [names.labels.names, names.labels.origin];
      const said = [part.map((input) => input.name), ids.map((id) => id ?? null), truth, labels];
      key = unitKey('predict', context, request.top ?? 5, said);
      // What cannot be read is not looked for: it is an error each time.
      const kept = ids.every((id) => id === undefined) ? undefined : await units.read(key);
      const known = kept === undefined ? undefined : decode(kept);
      if (known?.results.length === part.length) {
        yield { from, known };
        continue;
      }
    }
    for (let at = from; at < to; at += size) {
      const end = Math.min(to, at + size);
      const loaded = loadPart(inputs, at, end, signal);
      yield { from: at, loaded, ...(end < to ? {} : { last: given({ key }) }) };
    }
  }
}

interface Answered {
  readonly results: Outcome<Prediction>[];
  readonly judged: Judged[];
}

async function run(
  { model, subject, inputs, names: { labels, truth } }: Question,
  part: Part,
  from: number,
  top: number,
  { results, judged, signal }: Answered & { readonly signal: AbortSignal },
): Promise<void> {
  const takesPictures = model.resolved.preprocessing !== undefined;
  const loaded = part.flatMap((p) => ('result' in p ? [p.result] : []));
  const ranked = await rank(subject, labels, loaded, undefined, top, signal);
  part.forEach((outcome, i) => {
    if ('error' in outcome) return results.push(outcome);
    const ranking = ranked[loaded.indexOf(outcome.result)]!;
    if ('error' in ranking) return results.push({ input: outcome.input, error: ranking.error });
    try {
      requireNumbers(outcome.result, ranking);
    } catch (error) {
      return results.push({ input: outcome.input, error: toErrorData(error) });
    }
    const className = classNameOf(inputs[from + i]!);
    const index = className === undefined ? undefined : truth(className);
    if (index !== undefined && ranking.top.length > 0) judged.push({ truth: index, predicted: ranking.top[0]!.index });
    const label = index === undefined ? className : labelOf(labels, index);
    return results.push({
      input: outcome.input,
      result: {
        input: outcome.input,
        ...given({ label }),
        ...predictionOf(subject, ranking, outcome.result),
        ...given({ doubts: doubtsOf(outcome.result.doubts, classesOf(subject, ranking), takesPictures) }),
      },
    });
  });
}

/** JSON has no words for numbers that are not finite. */
function encode(answered: Answered): Uint8Array {
  const text = JSON.stringify(answered, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? { [NUMBER]: String(value) } : value,
  );
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): Answered | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes), (_key, value: unknown) =>
      typeof value === 'object' && value !== null && NUMBER in value ? Number(value[NUMBER]) : value,
    ) as Answered;
  } catch {
    return undefined;
  }
}

const NUMBER = 'number that is not finite';
