/** Indices of the `k` largest scores, best first; of equal ones the lower index first. NaN comes last. */
export function rankOf(scores: ArrayLike<number>, k: number): number[] {
  const key = (i: number): number => (Number.isNaN(scores[i]!) ? -Infinity : scores[i]!);
  return Array.from({ length: scores.length }, (_, i) => i)
    .sort((a, b) => key(b) - key(a) || a - b)
    .slice(0, k);
}
