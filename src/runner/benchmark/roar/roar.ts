import path from 'node:path';
import { svgToPng } from '../../../input/encode.js';
import type { Call } from '../../../protocol/channel.js';
import type { RoarAnswer, RoarProgress, RoarRequest } from '../../../protocol/benchmark.js';
import type { RoarShare, ShareAnswer } from '../../../protocol/job.js';
import type { WorkProgress } from '../../../protocol/request.js';
import { roarSvg } from '../../../report/benchmark.js';
import type { Roar, RoarCell } from '../../../result/roar.js';
import type { TrainingPictures } from '../../../training/pictures.js';
import type { DatasetRoom } from '../../dataset/room.js';
import { answerOf } from '../../input/answers.js';
import { recipeOf } from '../../input/recipe.js';
import type { OpenModel } from '../../model/open.js';
import { recordOf } from '../../overview/describe.js';
import { roarQuestion, type RoarQuestion } from './question.js';
import { roarUnits } from './units.js';

/** Remove and retrain, beside random pixels and edges. */
export async function roar(
  model: OpenModel,
  room: DatasetRoom,
  request: RoarRequest,
  call: Call<RoarProgress>,
): Promise<RoarAnswer> {
  call.progress({ message: 'opening the model' });
  const question = await roarQuestion(model, room, request, call);
  const cells: RoarCell[] = [];
  const running: Call<RoarProgress> = {
    ...call,
    progress: (progress) => call.progress({ ...progress, cells: [...cells] }),
  };
  for await (const cell of roarUnits(question, request.job, running)) cells.push(cell);
  const { training, params, removal, rows, seeds, pictures, test, omitted } = question;
  const notes = [...question.notes, ...removalNotes(question)];
  const about = await answerOf(model, training.subject, question.notes);
  const recipe = await recipeOf(model, {
    preprocessing: recordOf(training.plan),
    method: 'roar',
    params: {
      ...params,
      methods: rows
        .filter(({ kind }) => kind === 'method')
        .map(({ id }) => id)
        .join(', '),
      set: path.basename(request.place),
      ...Object.fromEntries(Object.entries(training.recipe).map(([name, value]) => [`train.${name}`, value])),
    },
    seed: request.seed ?? 0,
    provider: 'cpu',
    notes,
  });
  const result: Roar = {
    params,
    training: training.recipe,
    place: request.place,
    rows: rows.map(({ by: _by, ...row }) => row),
    fractions: removal.fractions,
    seeds,
    cells,
    classes: training.set.about.classes,
    trained: pictures.count,
    tested: test.count,
    majority: majorityOf(test),
    omitted,
    notes,
    recipe,
  };
  const svg = roarSvg(path.basename(request.model), result);
  return { ...about, roar: result, svg, png: await svgToPng(svg) };
}

/** Does one share of the trainings; nothing of them is kept but in the job's folder. */
export async function shareRoar(
  model: OpenModel,
  room: DatasetRoom,
  request: RoarShare,
  call: Call<WorkProgress>,
): Promise<ShareAnswer> {
  call.progress({ message: 'opening the model' });
  const question = await roarQuestion(model, room, request, call);
  let done = 0;
  for await (const _ of roarUnits(question, request.job, call)) done++;
  const { warnings } = await answerOf(model, question.training.subject, question.notes);
  return { done, of: question.cells.length, warnings };
}

/** How it was done, where the paper leaves it open or this differs. */
function removalNotes({ params, seeds, training, means, pictures }: RoarQuestion): string[] {
  const [height, width] = training.plan.size.value;
  const { about } = training.set;
  return [
    `Networks of ${width}×${height} pixels were trained on ${pictures.count} pictures from random weights, ${training.recipe.epochs} ${training.recipe.epochs === 1 ? 'epoch' : 'epochs'}; the last epoch counts.`,
    `Tested on ${about.by === 'split' ? `the split "${about.split ?? ''}"` : 'a share of each class that is held out'}, with as much removed as in training.`,
    `Ranked ${params.rank === 'values' ? 'are all values, each channel by itself' : 'are pixels, all channels together'}, ${params.map === 'squared' ? 'by squares where a map has channels' : 'with their signs'}; maps of one value for each pixel by their values. Explained is the class that the model itself gives.`,
    `What is removed becomes the mean of its channel over the training pictures (${[...means].join(', ')} of 255).${params.keep ? ' The least relevant is removed first: what a method points at is kept.' : ''}`,
    `Bars: the lowest and the highest of ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}.`,
  ];
}

function majorityOf(pictures: TrainingPictures): number {
  const counts = new Map<number, number>();
  for (let i = 0; i < pictures.count; i++) counts.set(pictures.label(i), (counts.get(pictures.label(i)) ?? 0) + 1);
  return Math.max(...counts.values()) / pictures.count;
}
