import { labelOf, type Labels } from '../../input/labels.js';

/** One answer whose true class is known. */
export interface Judged {
  readonly truth: number;
  readonly predicted: number;
}

/** How often a model was right, and what it took for what. */
export interface Judgement {
  readonly accuracy: number;
  /** Rows are true classes, columns predicted ones. */
  readonly confusion: { readonly labels: readonly string[]; readonly counts: readonly (readonly number[])[] };
}

/** Share of right answers, and how often each true class (row) was taken for each class (column). Only classes that occur are listed; without any answer there is nothing to say. */
export function judge(judged: readonly Judged[], labels: Labels): Partial<Judgement> {
  if (judged.length === 0) return {};
  const classes = [...new Set(judged.flatMap((j) => [j.truth, j.predicted]))].sort((a, b) => a - b);
  const place = new Map(classes.map((c, i) => [c, i]));
  const counts = classes.map(() => classes.map(() => 0));
  let right = 0;
  for (const { truth, predicted } of judged) {
    counts[place.get(truth)!]![place.get(predicted)!]!++;
    if (truth === predicted) right++;
  }
  return { accuracy: right / judged.length, confusion: { labels: classes.map((c) => labelOf(labels, c)), counts } };
}
