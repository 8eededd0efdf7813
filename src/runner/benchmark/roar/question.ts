import { LensError, toErrorData } from '../../../base/errors.js';
import { given } from '../../../base/given.js';
import { canonical } from '../../../base/canonical.js';
import { channelMeans, removalOf, type Removal } from '../../../method/benchmark/roar.js';
import { parseParameters } from '../../../method/parameters.js';
import type { RoarRequest } from '../../../protocol/benchmark.js';
import type { WorkProgress } from '../../../protocol/request.js';
import type { Call } from '../../../protocol/channel.js';
import { BASELINES, type BaselineId } from '../../../result/benchmark.js';
import { NOTHING, ROAR_PARAMETERS, type Roar, type RoarParameters, type RoarRow } from '../../../result/roar.js';
import type { Normalisation, TrainingPictures } from '../../../training/pictures.js';
import { questionOf, type Question } from '../../attribution/question.js';
import type { DatasetRoom } from '../../dataset/room.js';
import type { OpenModel } from '../../model/open.js';
import { contextOf } from '../../reading/context.js';
import { unitKey } from '../../reading/keptInJob.js';
import { decodeSet, normalisationOf } from '../../training/decode.js';
import { trainingQuestion, type TrainingQuestion } from '../../training/question.js';
import { idOf } from '../question.js';

/** What is removed by: a method, or what knows nothing of the model. */
export type Row = RoarRow & { readonly by: { readonly question: Question } | { readonly baseline: BaselineId } };

/** One training: of a row and a fraction, or with nothing removed. */
export interface Cell {
  /** Place in `rows`; undefined where nothing is removed. */
  readonly row: number | undefined;
  readonly id: string;
  /** Place in `fractions`. */
  readonly level: number;
  readonly seed: number;
}

/** All that is asked; pictures are decoded, nothing is run. */
export interface RoarQuestion {
  readonly model: OpenModel;
  readonly training: TrainingQuestion;
  readonly params: RoarParameters;
  readonly removal: Removal;
  readonly rows: readonly Row[];
  readonly cells: readonly Cell[];
  readonly seeds: readonly number[];
  readonly pictures: TrainingPictures;
  readonly test: TrainingPictures;
  readonly normalise: Normalisation;
  readonly means: Uint8Array;
  readonly omitted: Roar['omitted'];
  /** Tells model, pictures and whatever all maps depend on from others; the second with the recipe of the trainings. */
  readonly context: { readonly maps: string; readonly trainings: string };
  readonly notes: readonly string[];
}

/** How networks are trained where nobody says otherwise: from random weights. */
const FROM_NOTHING = { preset: 'scratch' } as const;

/** @throws LensError for what cannot be asked: of the training, of a method, of the set */
export async function roarQuestion(
  model: OpenModel,
  room: DatasetRoom,
  request: RoarRequest,
  call: Pick<Call<WorkProgress>, 'signal' | 'progress'>,
): Promise<RoarQuestion> {
  const { signal } = call;
  const params = parseParameters('roar', ROAR_PARAMETERS, request.params);
  const removal = removalOf(params);
  const base = request.seed ?? 0;
  const training = await trainingQuestion(
    model,
    room.sets,
    // Whatever is said of the start: a network that has seen the pictures whole has not learned from what is left.
    { ...request, params: { ...FROM_NOTHING, ...request.training, from: 'random', patience: 0 }, seed: base },
    signal,
  );
  requireTest(training);
  const rows = [...(await methodRows(model, training, request, signal)), ...baselineRows()];
  const { set, plan, classifier, recipe } = training;
  const { classes } = set.about;
  const all = set.trained.length + set.heldOut.length;
  const decoded = (done: number): void => call.progress({ fraction: 0, message: `reading ${done} of ${all} pictures` });
  // What a method removes takes as much again, and lies in memory.
  const options = { signal, beyond: 'refuse' } as const;
  const trained = await decodeSet(set.trained, classes.length, plan, { ...options, progress: decoded });
  const before = set.trained.length;
  const held = await decodeSet(set.heldOut, classes.length, plan, { ...options, progress: (n) => decoded(before + n) });
  const omitted = [
    ...set.omitted.map(({ name, error }) => ({ name, error: toErrorData(error) })),
    ...trained.omitted,
    ...held.omitted,
  ];
  if (trained.pictures.count === 0 || held.pictures.count === 0)
    throw new LensError(
      'input',
      'roar/unreadable',
      `None of the pictures can be read. ${omitted[0]?.error.message ?? ''}`,
    );
  const maps = unitKey(
    await contextOf(model, training.subject, request),
    trained.sha256,
    held.sha256,
    canonical(removal),
  );
  const seeds = Array.from({ length: params.seeds }, (_, s) => base + s);
  return {
    model,
    training,
    params,
    removal,
    rows,
    cells: cellsOf(rows, removal.fractions, seeds),
    seeds,
    pictures: trained.pictures,
    test: held.pictures,
    normalise: normalisationOf(plan),
    means: channelMeans(trained.pictures),
    omitted,
    context: { maps, trainings: unitKey(maps, canonical(recipe), classifier.logits, set.about.newHead) },
    notes: training.notes,
  };
}

function requireTest({ set }: TrainingQuestion): void {
  if (set.heldOut.length > 0) return;
  throw new LensError(
    'input',
    'roar/no-test',
    'No pictures are left to test on: every class has too few, or none are held out.',
    {
      hint: 'Use a data set with a split "test", or hold some out: --param train.validation=0.2.',
    },
  );
}

async function methodRows(
  model: OpenModel,
  { subject }: TrainingQuestion,
  { methods, seed }: RoarRequest,
  signal: AbortSignal,
): Promise<Row[]> {
  const out: Row[] = [];
  for (const asked of methods) {
    const question = await questionOf(model, subject, { ...asked, ...given({ seed }) }, signal);
    const { method, mask } = question;
    if (mask !== undefined)
      throw new LensError('usage', 'roar/mask', 'One mask does not fit all pictures of a data set.', {
        hint: 'Choose other parts than "mask".',
      });
    out.push({
      id: idOf(method.id, asked, methods),
      title: method.title,
      kind: 'method',
      params: question.asked.params,
      ...given({ layer: asked.layer }),
      by: { question },
    });
  }
  return out;
}

function baselineRows(): Row[] {
  return BASELINES.map(({ id, title }) => ({ id, title, kind: 'baseline', params: {}, by: { baseline: id } }));
}

/** Seeds come last: all of a plot is there once, before any of it is there twice. */
function cellsOf(rows: readonly Row[], fractions: readonly number[], seeds: readonly number[]): Cell[] {
  return seeds.flatMap((seed) => [
    { row: undefined, id: NOTHING, level: -1, seed },
    ...rows.flatMap(({ id }, row) => fractions.map((_, level) => ({ row, id, level, seed }))),
  ]);
}
