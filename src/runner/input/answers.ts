import { fromErrorData, isCancelled, LensError, toErrorData } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import { asSentence } from '../../base/shorter.js';
import { mapClasses, namedByFolders } from '../../input/classMapping.js';
import type { Labels } from '../../input/labels.js';
import type { Ranking } from '../../method/activations/prediction.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { ModelAnswer } from '../../protocol/request.js';
import type { Outcome } from '../../result/explanation.js';
import type { LabelsSummary } from '../../result/settings.js';
import { outputLabels, outputNotes } from '../output/outputs.js';
import { recordOf } from '../overview/describe.js';
import { sha256Of } from '../model/stamp.js';
import { expandInputs, type ExpandedInput, type LoadedInput } from './inputs.js';
import type { OpenModel } from '../model/open.js';

/** What operations over inputs share: results or errors one by one, and what is said about the model beside them. */

/**
 * What every answer about a model carries.
 *
 * @param settings what is odd about how its inputs are prepared; answers that say their doubts leave that to them
 */
export async function answerOf(
  model: OpenModel,
  subject: ModelSubject,
  notes: readonly string[],
  settings: readonly string[] = model.resolved.warnings,
): Promise<ModelAnswer> {
  const report = subject.provider;
  return {
    sha256: await sha256Of(model.file.path),
    provider: report?.used ?? 'none',
    refusedProviders: report?.refused ?? [],
    preprocessing: recordOf(model.resolved.preprocessing),
    files: [...model.file.checkpoint.externalFiles, ...model.resolved.consulted.files].map(filePath),
    warnings: [
      ...new Set(
        [
          ...model.file.checkpoint.warnings,
          ...settings,
          ...subject.notes,
          ...outputNotes(model, subject),
          ...notes,
        ].map(asSentence),
      ),
    ],
  };
}

/** What the classes are called, and how the settings say it. */
export function labelsSummary(model: OpenModel, { names, origin }: Labels): LabelsSummary {
  return { count: names.length, origin, ...given({ said: model.resolved.saidLabels }) };
}

/** The names of the classes, and how the names of folders map to them. */
export function namesOf(
  model: OpenModel,
  subject: ModelSubject,
  inputs: readonly ExpandedInput[],
): { readonly labels: Labels; readonly notes: readonly string[]; truth(className: string): number | undefined } {
  const { labels, classes, notes } = outputLabels(model, subject);
  // Folders are classes only where the output holds some.
  const folders = classes === undefined ? [] : inputs.flatMap((input) => classNameOf(input) ?? []);
  const first = inputs.find((input) => 'load' in input && input.className !== undefined);
  const order = first !== undefined && 'load' in first ? first.classes : undefined;
  const mapping = mapClasses(folders, labels, classes, order);
  return {
    labels: namedByFolders(labels, mapping),
    notes: [...notes, ...mapping.notes],
    truth: (className) => mapping.indexOf(className),
  };
}

/** Name of the folder that stands for an input's class. */
export function classNameOf(input: ExpandedInput): string | undefined {
  return 'load' in input ? input.className : undefined;
}

/**
 * Reads an input; throws what went wrong when the inputs were listed.
 *
 * @param beside in the thread beside this one
 */
export async function loadInput(input: ExpandedInput, signal: AbortSignal, beside = false): Promise<LoadedInput> {
  if ('error' in input) throw fromErrorData(input.error);
  return input.load(signal, beside);
}

/** From so many inputs on the thread beside is worth its start. */
export const MANY = 8;

/** Reads inputs `from` to `to`, each or its error: of many in the thread beside, so that they are read while others are run. */
export function loadPart(
  inputs: readonly ExpandedInput[],
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<readonly Outcome<LoadedInput>[]> {
  const beside = inputs.length >= MANY;
  const loading = Promise.all(
    inputs.slice(from, to).map((input) => attempt(input.name, () => loadInput(input, signal, beside))),
  );
  // A cancel may be heard before anybody waits for them.
  loading.catch(() => undefined);
  return loading;
}

/**
 * The only input that a file holds, for what is shown of one at a time.
 *
 * @throws LensError `activations/one-input` for a folder or a stack of inputs
 */
export async function oneInput(model: OpenModel, file: string, signal: AbortSignal): Promise<ExpandedInput> {
  const [first, second] = await expandInputs(model, [file], signal);
  if (first !== undefined && second === undefined) return first;
  throw new LensError('usage', 'activations/one-input', 'Activations are shown for one picture at a time.', {
    hint: 'Name a picture or a .npy file that holds a single input.',
  });
}

/**
 * Throws where the scores of an input are no numbers or infinite: there is no best class then, no probability, and nothing to
 * explain. Minus infinity is what masks leave of a class that is out of the question.
 */
export function requireNumbers(input: LoadedInput, { logits }: Pick<Ranking, 'logits'>): void {
  const infinite = logits.indexOf(Infinity);
  // One score of minus infinity is a probability of zero; where all are, none is the best.
  const masked = logits.length > 1 && logits.every((v) => v === -Infinity);
  if (infinite < 0 && !masked && !logits.some(Number.isNaN)) return;
  if (input.tensor.data.some((v) => !Number.isFinite(v))) {
    throw new LensError('input', 'input/not-finite', 'The input holds values that are not finite numbers.', {
      hint: 'Save the array again without NaN and infinity.',
    });
  }
  if (infinite >= 0 && !logits.some(Number.isNaN)) {
    throw new LensError(
      'input',
      'model/infinite',
      `The model answers this input with an infinite score (number ${infinite} of its output): no probability can be made of it.`,
      {
        hint: 'Check how inputs are prepared; the activations and weights of its layers show where the infinity begins.',
      },
    );
  }
  if (masked) {
    throw new LensError(
      'input',
      'model/infinite',
      'The model answers this input with minus infinity for every score: no probability can be made of it.',
      { hint: 'Check the weights: the activations of its layers show where the infinity begins.' },
    );
  }
  throw new LensError('input', 'model/nan', 'The model answers this input with scores that are not numbers (NaN).', {
    hint: 'Check how inputs are prepared; the activations of its layers show where NaN begins.',
  });
}

/** The result for an input, or its error as data. Cancellation goes through. */
export async function attempt<T>(input: string, work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { input, result: await work() };
  } catch (error) {
    if (isCancelled(error)) throw error;
    return { input, error: toErrorData(error) };
  }
}
