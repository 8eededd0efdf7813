import type { Judged } from '../../method/activations/accuracy.js';
import { judge } from '../../method/activations/accuracy.js';
import type { Call } from '../../protocol/channel.js';
import type { PredictAnswer, PredictRequest } from '../../protocol/prediction.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Outcome, Prediction } from '../../result/explanation.js';
import { settingWarnings } from '../input/doubts.js';
import { answerOf, labelsSummary, namesOf } from '../input/answers.js';
import { editedInputs } from '../input/edited.js';
import { expandInputs } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { summariesOf } from '../output/outputs.js';
import { predictUnits, type Question } from './units.js';

/** What is predicted of which inputs. */
export async function predictQuestion(
  model: OpenModel,
  request: Pick<PredictRequest, 'inputs' | 'edit'>,
  signal: AbortSignal,
): Promise<Question> {
  const subject = await model.subject();
  const inputs = editedInputs(model, await expandInputs(model, request.inputs, signal), request.edit);
  return { model, subject, inputs, names: namesOf(model, subject, inputs) };
}

/** The best classes of every input, read and run in batches; accuracy where the folders name classes. */
export async function predictInputs(
  model: OpenModel,
  request: PredictRequest,
  call: Call<WorkProgress>,
): Promise<PredictAnswer> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const question = await predictQuestion(model, request, signal);
  const { subject, inputs, names } = question;
  const results: Outcome<Prediction>[] = [];
  const judged: Judged[] = [];
  for await (const part of predictUnits(question, request, signal)) {
    results.push(...part.results);
    judged.push(...part.judged);
    const fraction = results.length / inputs.length;
    call.progress({ fraction, message: `predicted ${results.length} of ${inputs.length}` });
  }
  const outputs = summariesOf(subject.outputs, subject.output);
  const about = await answerOf(model, subject, names.notes, settingWarnings(model.resolved));
  return { ...about, outputs, labels: labelsSummary(model, names.labels), results, ...judge(judged, names.labels) };
}
