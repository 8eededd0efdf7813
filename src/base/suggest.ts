/** The candidates most like a word: those that hold it first, then by edit distance; none where nothing is near. */
export function closest(word: string, candidates: Iterable<string>, count: number): string[] {
  const wanted = word.toLowerCase();
  const scored: [number, string][] = [];
  for (const candidate of new Set(candidates)) {
    const other = candidate.toLowerCase();
    const holds = wanted.length > 1 && (other.includes(wanted) || wanted.includes(other));
    const distance = holds ? Math.abs(other.length - wanted.length) / 100 : editDistance(wanted, other);
    if (holds || distance <= Math.max(2, wanted.length / 3)) scored.push([distance, candidate]);
  }
  scored.sort((a, b) => a[0] - b[0]);
  return scored.slice(0, count).map(([, c]) => c);
}

/** Levenshtein distance: the fewest insertions, deletions and substitutions that turn one word into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
