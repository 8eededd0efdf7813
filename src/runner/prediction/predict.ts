import { given } from '../../base/given.js';
import { isCancelled, throwIfCancelled, toErrorData, type ErrorData } from '../../base/errors.js';
import type { FloatTensor } from '../../base/tensor.js';
import { labelOf, type Labels } from '../../input/labels.js';
import { judge, type Judged } from '../../method/activations/accuracy.js';
import { predict as predictBatch, type Ranking } from '../../method/activations/prediction.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { Call } from '../../protocol/channel.js';
import type { PredictAnswer, PredictRequest } from '../../protocol/prediction.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Outcome, Prediction } from '../../result/explanation.js';
import { concatBatches } from '../../session/batches.js';
import { answerOf, classNameOf, loadPart, namesOf, requireNumbers } from '../input/answers.js';
import { summariesOf } from '../output/outputs.js';
import { classesOf, predictionOf } from '../output/prediction.js';
import { doubtsOf, settingWarnings } from '../input/doubts.js';
import { editedInputs } from '../input/edited.js';
import { expandInputs, type LoadedInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';

/** The best classes of every input, read and run in batches; accuracy where the folders name classes. */
export async function predictInputs(
  model: OpenModel,
  request: PredictRequest,
  call: Call<WorkProgress>,
): Promise<PredictAnswer> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const subject = await model.subject();
  const takesPictures = model.resolved.preprocessing !== undefined;
  const inputs = editedInputs(model, await expandInputs(model, request.inputs, signal), request.edit);
  const { labels, notes, truth } = namesOf(model, subject, inputs);
  const results: Outcome<Prediction>[] = [];
  const judged: Judged[] = [];
  const step = subject.batchSize('forward');
  let next = loadPart(inputs, 0, step, signal);
  for (let from = 0; from < inputs.length; from += step) {
    throwIfCancelled(signal);
    const part = await next;
    next = loadPart(inputs, from + step, from + 2 * step, signal);
    const loaded = part.flatMap((p) => ('result' in p ? [p.result] : []));
    const ranked = await rank(subject, labels, loaded, undefined, request.top ?? 5, signal);
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
      if (index !== undefined && ranking.top.length > 0)
        judged.push({ truth: index, predicted: ranking.top[0]!.index });
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
    const done = Math.min(inputs.length, from + step);
    call.progress({ fraction: done / inputs.length, message: `predicted ${done} of ${inputs.length}` });
  }
  const outputs = summariesOf(subject.outputs, subject.output);
  const about = await answerOf(model, subject, notes, settingWarnings(model.resolved));
  return { ...about, outputs, results, ...judge(judged, labels) };
}

/**
 * Predictions of a batch. Should the batch fail as a whole, each input is tried by itself, so that one does not take the
 * others along.
 *
 * @param joined their tensors as one, where somebody has joined them
 */
export async function rank(
  subject: ModelSubject,
  labels: Labels,
  loaded: readonly LoadedInput[],
  joined: FloatTensor | undefined,
  top: number,
  signal: AbortSignal,
): Promise<readonly (Ranking | { readonly error: ErrorData })[]> {
  if (loaded.length === 0) return [];
  try {
    const batch = joined ?? concatBatches(loaded.map((l) => l.tensor));
    return await predictBatch(subject, labels, batch, top, signal);
  } catch (error) {
    if (isCancelled(error)) throw error;
    if (loaded.length === 1) return [{ error: toErrorData(error) }];
    const single: (Ranking | { readonly error: ErrorData })[] = [];
    for (const one of loaded) single.push(...(await rank(subject, labels, [one], undefined, top, signal)));
    return single;
  }
}
