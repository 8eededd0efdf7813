import path from 'node:path';
import { LensError, toErrorData } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { metricById, type Metric } from '../../method/benchmark/metrics.js';
import { stratified } from '../../method/dataset/draw.js';
import { parseParameters } from '../../method/parameters.js';
import { spaceOf } from '../../method/attribution/shared/answer.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { EvaluateRequest, MeasuredQuestion } from '../../protocol/benchmark.js';
import {
  BASELINES,
  metricOf,
  METRICS,
  type BaselineId,
  type EvaluatedMethod,
  type Evaluation,
} from '../../result/benchmark.js';
import type { ParameterValue } from '../../result/method.js';
import type { Labels } from '../../input/labels.js';
import { questionOf, type Question } from '../attribution/question.js';
import type { DatasetRoom } from '../dataset/room.js';
import { classNameOf, namesOf } from '../input/answers.js';
import { expandInputs, inputOf, type ExpandedInput, type PendingInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';

/** A row of the answer: a method that is asked, or a map that knows nothing of the model. */
export type Row = Pick<EvaluatedMethod, 'id' | 'title' | 'params' | 'layer'> &
  (
    | { readonly kind: 'method'; readonly question: Question; readonly seeds: number }
    | { readonly kind: 'baseline'; readonly baseline: BaselineId; readonly seeds: number }
  );

/** What is asked of a model, before anything is run. */
export interface EvaluateQuestion {
  readonly model: OpenModel;
  readonly subject: ModelSubject;
  readonly labels: Labels;
  readonly inputs: readonly PendingInput[];
  readonly omitted: Evaluation['omitted'];
  readonly of: number;
  readonly metric: Metric;
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly x: readonly number[];
  readonly rows: readonly Row[];
  readonly target: string | undefined;
  readonly seed: number;
  readonly place: string;
  readonly notes: readonly string[];
}

/** Random pixels are drawn at least so often: of few pictures one draw says little. */
const RANDOM_SEEDS = 3;

/** @throws LensError for what cannot be asked, before any picture is read */
export async function evaluateQuestion(
  model: OpenModel,
  room: DatasetRoom,
  request: EvaluateRequest,
  signal: AbortSignal,
): Promise<EvaluateQuestion> {
  const subject = await model.subject();
  const description = metricOf(request.metric ?? METRICS[0]!.id);
  const metric = metricById(description.id);
  const params = parseParameters(description.id, description.parameters, request.params);
  requireFit(subject, metric);
  if (metric.id === 'truth') requireMasks(params);
  const seeds = Number(params.seeds);
  const methods = await methodRows(model, subject, request, metric, seeds, signal);
  const pictures = await picturesOf(model, room, request, signal);
  const { labels, notes } = namesOf(model, subject, pictures.inputs);
  return {
    model,
    subject,
    labels,
    ...pictures,
    metric,
    params,
    x: metric.x(params, subject.input.height * subject.input.width),
    rows: [
      ...methods,
      ...BASELINES.map(({ id, title }): Row => ({
        id,
        title,
        kind: 'baseline',
        baseline: id,
        params: {},
        seeds: id === 'random' ? Math.max(RANDOM_SEEDS, seeds) : metric.draws ? seeds : 1,
      })),
    ],
    target: request.target,
    seed: request.seed ?? 0,
    notes: [...new Set([...notes, ...pictures.notes, ...methods.flatMap(({ notes: own }) => own)])],
  };
}

function requireMasks({ masks }: Readonly<Record<string, ParameterValue>>): void {
  if (masks !== '') return;
  throw new LensError('usage', 'benchmark/no-mask', 'The ground truth needs the marks of the pictures.', {
    hint: 'Name a folder, e.g. --param masks=marks: a .png of the same name for each picture, bright where the mark is.',
  });
}

/** What a metric cannot be made of is refused with the reason. */
function requireFit(subject: ModelSubject, metric: Metric): void {
  const { title } = metricOf(metric.id);
  if (metric.asks === 'probability' && !subject.makesProbabilities)
    throw new LensError(
      'usage',
      'benchmark/no-probability',
      `${title} follows the probability of a class, and nothing in the model makes one of "${subject.output.name}" (${subject.output.kind}).`,
      { hint: 'Sensitivity-n follows the value itself: --metric sensitivity_n.' },
    );
  const space = spaceOf(subject.input);
  if (metric.plane && space.length !== 2)
    throw new LensError(
      'usage',
      'benchmark/no-picture',
      `${title} takes a pixel's neighbours from rows and columns; this input is ${space.join('×')}.`,
      { hint: 'Deletion and insertion cover pixels of any shape.' },
    );
}

async function methodRows(
  model: OpenModel,
  subject: ModelSubject,
  { methods, target, score, seed }: EvaluateRequest,
  metric: Metric,
  seeds: number,
  signal: AbortSignal,
): Promise<(Extract<Row, { kind: 'method' }> & { readonly notes: readonly string[] })[]> {
  if (methods.length === 0)
    throw new LensError('usage', 'benchmark/no-method', 'No method was named.', {
      hint: 'Add --method, e.g. --method gradient,gradcam,integrated_gradients.',
    });
  const out: (Extract<Row, { kind: 'method' }> & { readonly notes: readonly string[] })[] = [];
  for (const asked of methods) {
    const question = await questionOf(model, subject, { ...asked, ...given({ target, score, seed }) }, signal);
    const { method } = question;
    out.push({
      id: idOf(method.id, asked, methods),
      title: method.title,
      kind: 'method',
      question,
      params: question.asked.params,
      ...given({ layer: asked.layer }),
      seeds: method.properties.seeded || metric.draws ? seeds : 1,
      notes: question.notes,
    });
  }
  return out;
}

/** The method's id, with what tells it from the same method asked otherwise. */
export function idOf(id: string, asked: MeasuredQuestion, all: readonly MeasuredQuestion[]): string {
  if (all.filter(({ method }) => method === asked.method).length < 2) return id;
  const words = [
    ...(asked.layer === undefined ? [] : [asked.layer]),
    ...Object.entries(asked.params ?? {}).map(([name, value]) => `${name}=${value}`),
  ];
  return words.length === 0 ? id : `${id} (${words.join(', ')})`;
}

type Pictures = Pick<EvaluateQuestion, 'inputs' | 'omitted' | 'of' | 'place' | 'notes'>;

async function picturesOf(
  model: OpenModel,
  room: DatasetRoom,
  { inputs, place, split, most }: EvaluateRequest,
  signal: AbortSignal,
): Promise<Pictures> {
  if (place !== undefined) {
    const part = await room.sets.part({ place, ...given({ split, most }) }, signal);
    return {
      inputs: part.examples.map((example) => inputOf(model, example, example.name, part.dataset.classes)),
      omitted: part.dataset.omitted.map(({ name, error }) => ({ name, error: toErrorData(error) })),
      of: part.of,
      place,
      notes: part.notes,
    };
  }
  const all = await expandInputs(model, inputs ?? [], signal);
  const found = all.filter((input): input is PendingInput => 'load' in input);
  const failed = all.filter((input): input is Exclude<ExpandedInput, PendingInput> => 'error' in input);
  const few = most === undefined || most >= found.length ? undefined : stratified(found.map(classNameOf), most);
  return {
    inputs: few === undefined ? found : few.map((i) => found[i]!),
    omitted: failed.map(({ name, error }) => ({ name, error })),
    of: found.length,
    place: (inputs ?? []).map((file) => path.basename(file)).join(', '),
    notes:
      few === undefined
        ? []
        : [`${few.length} of ${found.length} pictures, drawn by a fixed seed with the shares of the classes kept.`],
  };
}
