import { LensError } from '../../base/errors.js';
import type { Call } from '../../protocol/channel.js';
import type { ComparisonShare, ShareAnswer } from '../../protocol/job.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Side } from '../../result/comparison.js';
import type { SessionProducts } from '../../session/products.js';
import type { DatasetRoom } from '../dataset/room.js';
import { answerOf } from '../input/answers.js';
import type { OpenModel } from '../model/open.js';
import { isMine } from '../../job/shard.js';
import { predictionsOf } from './predictions.js';
import { pictureUnits, setQuestion, unitCount, type SetQuestion } from './question.js';
import { drawnOf, reasonUnits } from './reasons.js';
import { seenOf } from './set.js';

/** Does the units of one share of a comparison; nothing of them is kept but in the job's folder. */
export async function shareComparison(
  models: Readonly<Record<Side, OpenModel>>,
  request: ComparisonShare,
  rooms: { readonly products: SessionProducts; readonly datasets: DatasetRoom },
  call: Call<WorkProgress>,
): Promise<ShareAnswer> {
  const { signal } = call;
  call.progress({ message: 'opening the models' });
  const question = await setQuestion(models, request.place, request, rooms, signal);
  let of = unitCount(question);
  let done = 0;
  for await (const _ of pictureUnits(question, signal)) {
    done++;
    call.progress({ fraction: done / of, message: `unit ${done}, of ${of} in all shares` });
  }
  const warnings: string[] = [];
  if (question.reasons !== undefined) {
    const reasons = await shareReasons(models, { ...request, of }, question.reasons, rooms, call);
    if (reasons === undefined) warnings.push(LATER);
    else [done, of] = [done + reasons.done, of + reasons.of];
  }
  for (const { model, subject, notes } of [question.sides.a, question.sides.b])
    warnings.push(...(await answerOf(model, subject, notes)).warnings);
  return { done, of, warnings: [...new Set(warnings)] };
}

const LATER =
  'Which reasons are compared follows from all predictions, and other shares are not done: run this share again when they are, or leave the reasons to merge.';

/** Explains this share's own of the pictures; nothing while other shares have not done theirs. */
async function shareReasons(
  models: Readonly<Record<Side, OpenModel>>,
  request: ComparisonShare & { readonly of: number },
  reasons: NonNullable<SetQuestion['reasons']>,
  rooms: { readonly products: SessionProducts; readonly datasets: DatasetRoom },
  call: Call<WorkProgress>,
): Promise<{ readonly done: number; readonly of: number } | undefined> {
  const { signal } = call;
  const { folder, shard } = request.job;
  const whole = await setQuestion(models, request.place, { ...request, job: { folder, merge: true } }, rooms, signal);
  let seen: Awaited<ReturnType<typeof seenOf>>['seen'];
  try {
    ({ seen } = await seenOf(whole, undefined, { ...call, progress: () => undefined }));
  } catch (error) {
    if (error instanceof LensError && error.code === 'job/missing') return undefined;
    throw error;
  }
  const { predictions } = predictionsOf(whole.sides, seen);
  if (predictions === undefined) return { done: 0, of: 0 };
  const { drawn } = drawnOf(predictions, reasons.asked);
  let done = 0;
  for await (const _ of reasonUnits(whole, reasons, seen, drawn, signal, (at) => isMine(at, shard))) {
    done++;
    call.progress({ message: `${reasons.questions.a.method.id}: ${done}, of ${drawn.length} in all shares` });
  }
  return { done, of: drawn.length };
}
