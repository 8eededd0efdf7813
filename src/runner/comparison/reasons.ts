import { given } from '../../base/given.js';
import type { ErrorData } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { likenessOf } from '../../method/comparison/reasons.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { ComparedPredictions, ComparedReasons, ReasonRow, Side } from '../../result/comparison.js';
import type { Explanation, Outcome } from '../../result/explanation.js';
import { overlayPng } from '../attribution/artifacts.js';
import { answerCells } from '../attribution/cells.js';
import { questionOf, type Question } from '../attribution/question.js';
import type { Asking } from '../../protocol/attribution.js';
import type { Seen } from './pass.js';
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

/** Pictures with the same prediction, and how alike the reasons for it are. */
export async function reasonsOf(
  sides: Readonly<Record<Side, OpenSide>>,
  questions: Readonly<Record<Side, Question>>,
  seen: readonly Seen[],
  { a, b }: ComparedPredictions,
  { explained = EXPLAINED, seed = 0 }: ReasonsAsked,
  call: Call<WorkProgress>,
): Promise<ComparedReasons> {
  const same = [...seen.keys()].filter((i) => a[i]! >= 0 && a[i] === b[i]);
  const drawn = new Random(seed)
    .shuffle([...same])
    .slice(0, explained)
    .sort((x, y) => x - y);
  const { method } = questions.a;
  const maps = async (side: Side): Promise<readonly Outcome<Explanation>[]> => {
    const { model, subject, labels, inputs } = sides[side];
    const out: Outcome<Explanation>[] = [];
    await answerCells(
      { model, subject, labels },
      {
        questions: [questions[side]],
        inputs: drawn.map((i) => inputs[seen[i]!.example]!),
        cells: drawn.map((_, input) => ({ input, question: 0 })),
      },
      {
        signal: call.signal,
        working: () => undefined,
        ended: (at, outcome) => {
          out[at] = outcome;
          const done = Object.keys(out).length + (side === 'b' ? drawn.length : 0);
          call.progress({ fraction: done / (2 * drawn.length), message: `${method.id} ${done} / ${2 * drawn.length}` });
        },
      },
    );
    return out;
  };
  const [own, others] = [await maps('a'), await maps('b')];
  const rows: (ReasonRow & { readonly at: number })[] = [];
  let [failed, error]: [number, ErrorData | undefined] = [0, undefined];
  for (const [at, example] of drawn.entries()) {
    const [first, second] = [own[at]!, others[at]!];
    if ('error' in first || 'error' in second) {
      failed++;
      error ??= 'error' in first ? first.error : (second as { readonly error: ErrorData }).error;
      continue;
    }
    const likeness = likenessOf(first.result.attribution, second.result.attribution);
    if (likeness === undefined) {
      failed++;
      error ??= { kind: 'runtime', code: 'compare/map', message: 'A map holds values that are not finite numbers.' };
    } else rows.push({ at, example, ...likeness });
  }
  rows.sort((x, y) => x.spearman - y.spearman || x.example - y.example);
  const finished = await Promise.all(
    rows.map(async ({ at, ...row }, place): Promise<ReasonRow> => {
      const [first, second] = [own[at]!, others[at]!];
      if (place >= DRAWN || 'error' in first || 'error' in second) return row;
      return { ...row, heat: { a: await overlayPng(first.result), b: await overlayPng(second.result) } };
    }),
  );
  return { method: method.id, rows: finished, explained: drawn.length, of: same.length, failed, ...given({ error }) };
}
