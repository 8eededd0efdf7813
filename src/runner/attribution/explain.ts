import path from 'node:path';
import type { Call } from '../../protocol/channel.js';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import type { CellsProgress, ExplainAnswer, ExplainCellsRequest, ExplainRequest } from '../../protocol/attribution.js';
import type { ModelAnswer, WorkProgress } from '../../protocol/request.js';
import type { Explanation, Outcome } from '../../result/explanation.js';
import { answerOf, namesOf } from '../input/answers.js';
import { settingWarnings } from '../input/doubts.js';
import { editedInputs } from '../input/edited.js';
import { expandInputs, type ExpandedInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { answerCells } from './cells.js';
import { ruleOut } from './choice.js';
import { questionOf, type Question } from './question.js';

/** One attribution of every input. */
export async function explainInputs(
  model: OpenModel,
  request: ExplainRequest,
  call: Call<WorkProgress>,
): Promise<ExplainAnswer> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const subject = await model.subject();
  const question = await questionOf(model, subject, request, signal);
  const inputs = editedInputs(model, await expandInputs(model, request.inputs, signal), request.edit);
  const { labels } = namesOf(model, subject, inputs);
  const results: Outcome<Explanation>[] = [];
  let done = 0;
  await answerCells(
    { model, subject, labels },
    { questions: [question], inputs, cells: inputs.map((_, input) => ({ input, question: 0 })) },
    {
      signal,
      working: (i, { fraction = 0, message, partial }) => {
        const { length } = inputs;
        const many = length > 1 ? `${path.basename(inputs[i]!.name)} (${i + 1} of ${length}): ` : '';
        const what = message === '' ? question.method.id : message;
        call.progress({ fraction: (done + fraction) / length, message: many + what, ...given({ partial }) });
      },
      ended: (i, outcome) => {
        results[i] = outcome;
        done++;
      },
    },
  );
  if (ruledOut(question, results)) {
    const [first] = results;
    if (first !== undefined && 'error' in first) ruleOut(subject, question.method.id, first.error.message);
    return explainInputs(model, request, call);
  }
  const about = await answerOf(model, subject, question.notes, settingWarnings(model.resolved));
  return { ...naming(about, question), results };
}

/** What is said of the model beside an answer to a question, which depends on the files that are named there as well. */
function naming(about: ModelAnswer, { files }: Question): ModelAnswer {
  return { ...about, files: [...about.files, ...files.map(filePath)] };
}

/** The method that was chosen for the model cannot be asked of it after all: another is chosen. */
function ruledOut({ choice }: Question, results: readonly Outcome<Explanation>[]): boolean {
  if (choice === undefined || results.length === 0) return false;
  return results.every((outcome) => 'error' in outcome && outcome.error.kind === 'unsupported');
}

/** Attributions of a grid, each told of as soon as it is there. */
export async function explainCells(
  model: OpenModel,
  request: ExplainCellsRequest,
  call: Call<CellsProgress>,
): Promise<ModelAnswer> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const subject = await model.subject();
  const { cells } = request;
  const questions = await Promise.all(request.questions.map((asking) => questionOf(model, subject, asking, signal)));
  const inputs = await Promise.all(request.inputs.map((file) => firstOf(model, file, signal)));
  const { labels } = namesOf(model, subject, inputs);
  const notes = [...new Set(questions.flatMap((question) => question.notes))];
  const said = (): Promise<ModelAnswer> => answerOf(model, subject, notes, settingWarnings(model.resolved));
  let known: ModelAnswer | undefined;
  let done = 0;
  await answerCells(
    { model, subject, labels },
    { questions, inputs, cells },
    {
      signal,
      working: (cell, { fraction, message }) => call.progress({ cell, message, ...given({ fraction }) }),
      ended: async (at, outcome) => {
        // What runs is known when something has run.
        if (known === undefined || known.provider === 'none') known = await said();
        const about = naming(known, questions[cells[at]!.question]!);
        const message = `${++done} of ${cells.length}`;
        call.progress({ cell: at, outcome, about, fraction: done / cells.length, message });
      },
    },
  );
  return said();
}

/** Of a file that holds several inputs the first one; it says so. */
async function firstOf(model: OpenModel, file: string, signal: AbortSignal): Promise<ExpandedInput> {
  const found = await expandInputs(model, [file], signal);
  const [first] = found;
  if (first === undefined) {
    const message = 'There is nothing in it to explain.';
    return { name: file, error: { kind: 'input', code: 'explain/empty', message } };
  }
  if (found.length === 1 || 'error' in first) return first;
  const note = `The file holds ${found.length} inputs; the first is shown.`;
  const load: typeof first.load = async (s, beside) => {
    const loaded = await first.load(s, beside);
    return { ...loaded, notes: [...loaded.notes, note] };
  };
  return { ...first, load };
}
