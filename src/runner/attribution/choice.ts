import { floatTensor } from '../../base/tensor.js';
import { chooseMethod, kindOf } from '../../method/choice/auto.js';
import { fitsOf } from '../../method/choice/fits.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { MethodChoice, MethodFit } from '../../result/method.js';

/** Seconds of a forward pass that is not made again for being sure. */
const SLOW = 0.2;

/** Seconds of a forward pass of one input. */
const forward = new WeakMap<ModelSubject, number>();
/** A choice holds for the model as long as it is open: pictures beside each other are explained alike. */
const choices = new WeakMap<ModelSubject, Map<boolean, MethodChoice>>();

/** What a method said when it could not be asked of the model after all. */
const ruledOut = new WeakMap<ModelSubject, Map<string, string>>();

/** A method that fitted on paper has been refused: `auto` takes another from now on. */
export function ruleOut(subject: ModelSubject, method: string, reason: string): void {
  ruledOut.set(subject, new Map([...(ruledOut.get(subject) ?? []), [method, reason]]));
  choices.delete(subject);
}

function fits(subject: ModelSubject, seconds?: number): readonly MethodFit[] {
  return fitsOf(subject, seconds).map((fit) => {
    const refused = ruledOut.get(subject)?.get(fit.id);
    return refused === undefined ? fit : { ...fit, refused };
  });
}

/**
 * Seconds of a forward pass. Where it is not known, one is run on zeros, after a first one that makes a session and takes
 * its memory, which the question needs as well; a model that is slow by then is not run again.
 */
async function secondsOf(subject: ModelSubject, signal: AbortSignal): Promise<number> {
  const { value } = subject.scoreValue('logit');
  const zeros = floatTensor([1, ...subject.inputDims]);
  let seconds = forward.get(subject);
  for (let k = 0; k < 2 && (seconds === undefined || (k > 0 && seconds < SLOW)); k++) {
    const start = performance.now();
    await subject.values(zeros, [value], signal);
    seconds = Math.min(seconds ?? Infinity, (performance.now() - start) / 1000);
  }
  forward.set(subject, seconds!);
  return seconds!;
}

/** Every method, and what a map costs here. */
export async function methodFits(subject: ModelSubject, signal: AbortSignal): Promise<readonly MethodFit[]> {
  return fits(subject, await secondsOf(subject, signal));
}

/** The method that `auto` stands for: the same as long as the model is open. */
export async function choiceFor(subject: ModelSubject, layer: boolean, signal: AbortSignal): Promise<MethodChoice> {
  const known = choices.get(subject) ?? new Map<boolean, MethodChoice>();
  choices.set(subject, known);
  const before = known.get(layer);
  if (before !== undefined) return before;
  const choice = chooseMethod({ fits: await methodFits(subject, signal), kind: kindOf(subject), layer });
  known.set(layer, choice);
  return choice;
}
