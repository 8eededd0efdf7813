import { given } from '../../base/given.js';
import type { ErrorData } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { likenessOf } from '../../method/comparison/reasons.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { ComparedPredictions, ComparedReasons, ReasonRow, Side } from '../../result/comparison.js';
import { canonical } from '../../base/canonical.js';
import type { Explanation, Outcome } from '../../result/explanation.js';
import { overlayPng } from '../attribution/artifacts.js';
import { answerCells } from '../attribution/cells.js';
import { questionOf, type Question } from '../attribution/question.js';
import type { Asking } from '../../protocol/attribution.js';
import type { Seen } from './answers.js';
import { decodeAnswer, encodeAnswer } from '../reading/answers.js';
import type { KeptComparison } from './kept.js';
import { unitKey } from '../reading/keptInJob.js';
import type { OpenSide } from './side.js';

/** Pictures that are explained where nobody says how many. */
const EXPLAINED = 32;
/** Of so many, the least alike, the maps are drawn. */
const DRAWN = 12;

export interface ReasonsAsked extends Asking {
  readonly explained?: number;
}

/** The questions for both models: a method that is left to us is chosen for the first and asked of the second, too. */
export async function reasonQuestions(
  sides: Readonly<Record<Side, OpenSide>>,
  { explained: _explained, ...asking }: ReasonsAsked,
  signal: AbortSignal,
): Promise<Readonly<Record<Side, Question>>> {
  const a = await questionOf(sides.a.model, sides.a.subject, asking, signal);
  const b = await questionOf(sides.b.model, sides.b.subject, { ...asking, method: a.method.id }, signal);
  return { a, b };
}

/** How alike the reasons for one picture are, and both maps over it. */
type Reasoned =
  | { readonly likeness: Omit<ReasonRow, 'example' | 'heat'>; readonly heat: NonNullable<ReasonRow['heat']> }
  | { readonly error: ErrorData };

/** Pictures that both take for the same, and those of them that are explained, drawn by the seed. */
export function drawnOf(
  { a, b }: Pick<ComparedPredictions, Side>,
  { explained = EXPLAINED, seed = 0 }: ReasonsAsked,
): { readonly same: number; readonly drawn: readonly number[] } {
  const same = [...a.keys()].filter((i) => a[i]! >= 0 && a[i] === b[i]);
  const drawn = new Random(seed)
    .shuffle([...same])
    .slice(0, explained)
    .sort((x, y) => x - y);
  return { same: same.length, drawn };
}

/** Pictures with the same prediction, and how alike the reasons for it are. */
export async function reasonsOf(
  place: ReasonsPlace,
  { asked, questions }: Reasons,
  seen: readonly Seen[],
  predictions: ComparedPredictions,
  call: Call<WorkProgress>,
): Promise<ComparedReasons> {
  const { same, drawn } = drawnOf(predictions, asked);
  const { method } = questions.a;
  const found: { readonly example: number; readonly reasoned: Reasoned }[] = [];
  for await (const { at, reasoned } of reasonUnits(place, { asked, questions }, seen, drawn, call.signal)) {
    found.push({ example: drawn[at]!, reasoned });
    const message = `${method.id} ${found.length} / ${drawn.length}`;
    call.progress({ fraction: found.length / drawn.length, message });
  }
  await place.kept.settle();
  const errors = found.flatMap(({ reasoned }) => ('error' in reasoned ? [reasoned.error] : []));
  const rows = found
    .flatMap(({ example, reasoned }) => ('error' in reasoned ? [] : [{ example, ...reasoned }]))
    .sort((x, y) => x.likeness.spearman - y.likeness.spearman || x.example - y.example)
    .map(({ example, likeness, heat }, at): ReasonRow => ({ example, ...likeness, ...(at < DRAWN ? { heat } : {}) }));
  return {
    method: method.id,
    rows,
    explained: drawn.length,
    of: same,
    failed: errors.length,
    ...given({ error: errors[0] }),
  };
}

interface ReasonsPlace {
  readonly sides: Readonly<Record<Side, OpenSide>>;
  readonly kept: KeptComparison;
}

interface Reasons {
  readonly asked: ReasonsAsked;
  readonly questions: Readonly<Record<Side, Question>>;
}

/**
 * One picture after the other, so that an answer does not depend on what else is asked: what is kept is not explained again.
 *
 * @param drawn places in `seen`
 * @param mine which of them are this process's own
 */
export async function* reasonUnits(
  { sides, kept }: ReasonsPlace,
  { asked, questions }: Reasons,
  seen: readonly Seen[],
  drawn: readonly number[],
  signal: AbortSignal,
  mine: (at: number) => boolean = () => true,
): AsyncGenerator<{ readonly at: number; readonly reasoned: Reasoned }> {
  for (const [at, place] of drawn.entries()) {
    if (!mine(at)) continue;
    const { example } = seen[place]!;
    const id = kept.later === undefined ? undefined : await kept.contents.of(sides.a.inputs[example]!);
    const key =
      id === undefined
        ? undefined
        : unitKey('reasons', kept.contexts, questions.a.method.id, canonical(asked.params), asked.seed ?? 0, id);
    const known = key === undefined ? undefined : decodeAnswer<Reasoned>(await kept.later!.read(key));
    if (known !== undefined) {
      yield { at, reasoned: known };
      continue;
    }
    const own = await explained(sides.a, questions.a, example, signal);
    const other = 'error' in own ? own : await explained(sides.b, questions.b, example, signal);
    const reasoned = await reasonedOf(own, other);
    // What the machine could not do is tried again another time.
    const answered = !('error' in reasoned) || ['input', 'unsupported'].includes(reasoned.error.kind);
    if (key !== undefined && answered) await kept.later!.write(key, encodeAnswer(reasoned));
    yield { at, reasoned };
  }
}

async function explained(
  { model, subject, labels, inputs }: OpenSide,
  question: Question,
  example: number,
  signal: AbortSignal,
): Promise<Outcome<Explanation>> {
  let found: Outcome<Explanation> | undefined;
  await answerCells(
    { model, subject, labels },
    { questions: [question], inputs: [inputs[example]!], cells: [{ input: 0, question: 0 }] },
    { signal, working: () => undefined, ended: (_at, outcome) => void (found = outcome) },
  );
  return found!;
}

async function reasonedOf(a: Outcome<Explanation>, b: Outcome<Explanation>): Promise<Reasoned> {
  if ('error' in a) return { error: a.error };
  if ('error' in b) return { error: b.error };
  const likeness = likenessOf(a.result.attribution, b.result.attribution);
  if (likeness === undefined)
    return {
      error: { kind: 'runtime', code: 'compare/map', message: 'A map holds values that are not finite numbers.' },
    };
  return { likeness, heat: { a: await overlayPng(a.result), b: await overlayPng(b.result) } };
}
