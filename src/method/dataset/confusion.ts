import type { Confusion } from '../../result/dataset.js';

/** Rows of a matrix that a person or a page can still hold. */
const MOST = 1000;

/**
 * How often each true class was taken for each, over the classes that occur; -1 is no class and counts nowhere.
 *
 * @returns at most a thousand classes, those with the most mistakes
 */
export function confusionOf(truth: ArrayLike<number>, predicted: ArrayLike<number>, most = MOST): Confusion {
  const mistakes = new Map<number, number>();
  for (let i = 0; i < truth.length; i++) {
    const [a, b] = [truth[i]!, predicted[i]!];
    if (a < 0 || b < 0) continue;
    const wrong = Number(a !== b);
    mistakes.set(a, (mistakes.get(a) ?? 0) + wrong);
    mistakes.set(b, (mistakes.get(b) ?? 0) + wrong);
  }
  const byMistakes = [...mistakes].sort(([a, m], [b, n]) => n - m || a - b);
  const indices = byMistakes
    .slice(0, most)
    .map(([index]) => index)
    .sort((a, b) => a - b);
  const m = indices.length;
  const row = new Map(indices.map((index, k) => [index, k]));
  const counts = new Int32Array(m * m);
  for (let i = 0; i < truth.length; i++) {
    const [a, b] = [row.get(truth[i]!), row.get(predicted[i]!)];
    if (a !== undefined && b !== undefined) counts[a * m + b]!++;
  }
  return { indices, counts, order: clustered(counts, m), left: mistakes.size - m };
}

/**
 * An order in which classes that are taken for one another stand together: the leaves of average-linkage clustering by the
 * share of the examples of two classes that were exchanged. The larger group of two that are joined stands first.
 */
function clustered(counts: Int32Array, m: number): number[] {
  const support = Array.from({ length: m }, (_, a) => {
    let sum = 0;
    for (let b = 0; b < m; b++) sum += counts[a * m + b]!;
    return sum;
  });
  const alike = new Float64Array(m * m);
  for (let a = 0; a < m; a++)
    for (let b = 0; b < m; b++)
      alike[a * m + b] =
        a === b ? -1 : (counts[a * m + b]! + counts[b * m + a]!) / Math.max(1, support[a]! + support[b]!);
  const groups = new Map(Array.from({ length: m }, (_, k) => [k, [k]]));
  // Chains of nearest neighbours: two that are each other's nearest are joined, in quadratic time in all.
  const chain: number[] = [];
  while (groups.size > 1) {
    if (chain.length === 0) chain.push(groups.keys().next().value!);
    const last = chain.at(-1)!;
    const before = chain.at(-2);
    let best = before ?? -1;
    let most = before === undefined ? -1 : alike[last * m + before]!;
    for (const other of groups.keys())
      if (other !== last && alike[last * m + other]! > most) [best, most] = [other, alike[last * m + other]!];
    if (best !== before) {
      chain.push(best);
      continue;
    }
    chain.length -= 2;
    const [kept, gone] = [Math.min(last, best), Math.max(last, best)];
    const [a, b] = [groups.get(kept)!, groups.get(gone)!];
    for (const other of groups.keys()) {
      if (other === kept || other === gone) continue;
      const mean = (alike[kept * m + other]! * a.length + alike[gone * m + other]! * b.length) / (a.length + b.length);
      alike[kept * m + other] = alike[other * m + kept] = mean;
    }
    groups.set(kept, a.length >= b.length ? [...a, ...b] : [...b, ...a]);
    groups.delete(gone);
  }
  return [...groups.values()].flat();
}
