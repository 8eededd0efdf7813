/** Python source as far as brackets, strings and comments go. Pure. */

/** The text with the insides of strings, and comments, as spaces: every bracket and name that is left is code. Columns stay. */
export function blankStrings(text: string): string {
  return text.replace(
    /#[^\n]*|("""|''')(?:[^\\]|\\[\s\S])*?\1|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/g,
    (match, triple: string | undefined) => {
      if (match.startsWith('#')) return ' '.repeat(match.length);
      const quotes = triple?.length ?? 1;
      const inside = match.slice(quotes, -quotes).replace(/[^\n]/g, ' ');
      return match.slice(0, quotes) + inside + match.slice(-quotes);
    },
  );
}

/** Where the bracket that opens at `at` closes, in blanked text; its end where it never does. */
export function closingAt(code: string, at: number): number {
  let depth = 0;
  for (let i = at; i < code.length; i++) {
    if ('([{'.includes(code[i]!)) depth++;
    else if (')]}'.includes(code[i]!) && --depth === 0) return i;
  }
  return code.length;
}

/** Places of the parts between commas within a bracket that opens at `at`. */
export function itemsWithin(code: string, at: number): readonly { readonly from: number; readonly to: number }[] {
  const end = closingAt(code, at);
  const items: { from: number; to: number }[] = [];
  let depth = 0;
  let from = at + 1;
  for (let i = at + 1; i <= end; i++) {
    const c = code[i] ?? ')';
    if (i === end || (c === ',' && depth === 0)) {
      if (code.slice(from, i).trim() !== '') items.push({ from, to: i });
      from = i + 1;
    } else if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c)) depth--;
  }
  return items;
}
