import type { Call } from '../../protocol/channel.js';
import type { PicturesShare, ShareAnswer } from '../../protocol/job.js';
import type { WorkProgress } from '../../protocol/request.js';
import { featureQuestion } from '../embedding/features.js';
import { answerOf } from '../input/answers.js';
import type { OpenModel } from '../model/open.js';
import { predictQuestion } from '../prediction/predict.js';
import { predictUnits } from '../prediction/units.js';
import { readSet, UNIT } from '../reading/reading.js';

/** Does the units of one share of a job; nothing of them is kept but in the job's folder. */
export async function share(model: OpenModel, request: PicturesShare, call: Call<WorkProgress>): Promise<ShareAnswer> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const { parts, count } = await partsOf(model, request, signal);
  const of = Math.ceil(count / UNIT);
  let done = 0;
  for await (const _ of parts) {
    done++;
    call.progress({ fraction: done / of, message: `unit ${done}, of ${of} in all shares` });
  }
  const { warnings } = await answerOf(model, await model.subject(), []);
  return { done, of, warnings };
}

async function partsOf(
  model: OpenModel,
  request: PicturesShare,
  signal: AbortSignal,
): Promise<{ readonly parts: AsyncGenerator; readonly count: number }> {
  if (request.work === 'predict') {
    const question = await predictQuestion(model, request, signal);
    return { parts: predictUnits(question, request, signal), count: question.inputs.length };
  }
  const { subject, inputs, wanted, kept } = await featureQuestion(model, request, signal);
  return { parts: readSet(subject, inputs, wanted, { ...kept, signal }), count: inputs.length };
}
