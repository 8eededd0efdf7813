import type { Call } from '../../protocol/channel.js';
import type { EvaluateShare, ShareAnswer } from '../../protocol/job.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { DatasetRoom } from '../dataset/room.js';
import { answerOf } from '../input/answers.js';
import type { OpenModel } from '../model/open.js';
import { evaluateQuestion } from './question.js';
import { evaluateUnits } from './units.js';

/** Does the pictures of one share of an evaluation; nothing of them is kept but in the job's folder. */
export async function shareEvaluation(
  model: OpenModel,
  room: DatasetRoom,
  request: EvaluateShare,
  call: Call<WorkProgress>,
): Promise<ShareAnswer> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const question = await evaluateQuestion(model, room, request, signal);
  const of = question.inputs.length;
  let done = 0;
  for await (const _ of evaluateUnits(question, request, room, signal)) {
    done++;
    call.progress({ fraction: done / of, message: `picture ${done}, of ${of} in all shares` });
  }
  const { warnings } = await answerOf(model, question.subject, question.notes);
  return { done, of, warnings };
}
