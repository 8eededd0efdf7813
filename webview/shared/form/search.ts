/** One entry of a searchable list. */
export interface Entry {
  readonly value: string;
  readonly label: string;
  /** Beside the label, dimmed: a class index, an operator. */
  readonly detail?: string;
}

/**
 * The entries that a person may mean by a text, best first: equal, beginning with it, a word beginning with it, holding
 * it; by number where the text is one. Order within a rank is kept.
 */
export function searchEntries(entries: readonly Entry[], text: string): readonly Entry[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return entries;
  const ranks: Entry[][] = [[], [], [], [], []];
  for (const entry of entries) {
    const rank = rankOf(entry, wanted);
    if (rank >= 0) ranks[rank]!.push(entry);
  }
  return ranks.flat();
}

function rankOf({ label, detail, value }: Entry, wanted: string): number {
  if (value === wanted || detail === wanted) return 0;
  const text = label.toLowerCase();
  const at = text.indexOf(wanted);
  if (at < 0) return detail?.startsWith(wanted) === true ? 4 : -1;
  if (text === wanted) return 0;
  if (at === 0) return 1;
  return /\b/.test(text.slice(at - 1, at + 1)) && /[^\p{L}\p{N}]/u.test(text[at - 1]!) ? 2 : 3;
}

/** Which rows of a list lie in sight, and a few on both sides. */
export function visibleRows(
  count: number,
  rowHeight: number,
  scrollTop: number,
  height: number,
  margin = 4,
): readonly [first: number, end: number] {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - margin);
  return [first, Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + margin)];
}
