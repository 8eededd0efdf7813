import { fromErrorData, LensError } from '../../base/errors.js';
import type { Call } from '../../protocol/channel.js';
import type { HeatAnswer, HeatRequest, SetProgress } from '../../protocol/dataset.js';
import { AUTO } from '../../result/method.js';
import type { Explanation, Outcome } from '../../result/explanation.js';
import { answerCells } from '../attribution/cells.js';
import { questionOf } from '../attribution/question.js';
import { answerOf, namesOf } from '../input/answers.js';
import { inputOf } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import type { DatasetRoom } from './room.js';

/** Why the model takes one picture of a data set for what it does, by a method that answers soon on this model. */
export async function heat(
  model: OpenModel,
  room: DatasetRoom,
  { place, name }: HeatRequest,
  call: Call<SetProgress>,
): Promise<HeatAnswer> {
  const { signal } = call;
  const [example] = await room.sets.examples(place, [name], signal);
  if (example === undefined)
    throw new LensError('input', 'dataset/example', `The data set has no picture "${name}" any more.`);
  const subject = await model.subject();
  const input = inputOf(model, example, example.name, undefined);
  const { labels, notes } = namesOf(model, subject, [input]);
  const question = await questionOf(model, subject, { method: AUTO }, signal);
  let outcome: Outcome<Explanation> | undefined;
  await answerCells(
    { model, subject, labels },
    { questions: [question], inputs: [input], cells: [{ input: 0, question: 0 }] },
    {
      signal,
      working: (_cell, { fraction, message }) =>
        call.progress({ message, ...(fraction === undefined ? {} : { fraction }) }),
      ended: (_cell, ended) => void (outcome = ended),
    },
  );
  if (outcome === undefined || 'error' in outcome) throw fromErrorData(outcome!.error);
  const about = await answerOf(model, subject, notes);
  return { ...about, explanation: outcome.result, title: question.method.title };
}
