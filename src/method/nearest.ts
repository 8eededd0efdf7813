/** The names most like a text, best first: names that contain it, then those few edits away. For "did you mean". */
export function nearest(text: string, names: readonly string[], count = 3): string[] {
  const wanted = text.toLowerCase();
  const scored = names.flatMap((name) => {
    const candidate = name.toLowerCase();
    if (wanted !== '' && candidate.includes(wanted)) return [{ name, cost: (candidate.length - wanted.length) / 100 }];
    const limit = Math.max(1, Math.floor(wanted.length / 3));
    if (Math.abs(candidate.length - wanted.length) > limit) return [];
    const cost = distance(wanted, candidate);
    return cost <= limit ? [{ name, cost }] : [];
  });
  return scored
    .sort((a, b) => a.cost - b.cost)
    .slice(0, count)
    .map((s) => s.name);
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
