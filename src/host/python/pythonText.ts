/** Python source as far as brackets, strings and comments go. Pure. */

/**
 * The text with the insides of strings, and comments, as spaces: every bracket and name that is left is code. Columns stay.
 * Read once from front to back, whatever is in it: the source of a file that is being typed in is rarely well formed.
 */
export function blankStrings(text: string): string {
  const out: string[] = [];
  let kept = 0;
  const blank = (from: number, to: number): void => {
    out.push(text.slice(kept, from), text.slice(from, to).replace(/[^\n]/g, ' '));
    kept = to;
  };
  // Quotes that nothing closes up to there: later ones of the kind are not tried again.
  const unclosed = new Map<string, number>();
  const opens = (quotes: string, at: number): boolean =>
    text.startsWith(quotes, at) && !((unclosed.get(quotes) ?? -1) > at);
  for (let at = 0; at < text.length;) {
    const c = text[at]!;
    if (c === '#') {
      const end = orEnd(text.indexOf('\n', at), text);
      blank(at, end);
      at = end;
    } else if (c === '"' || c === "'") {
      const quotes = [c.repeat(3), c].find((each) => opens(each, at));
      if (quotes === undefined) {
        at++;
        continue;
      }
      const { end, closed } = endOfString(text, at + quotes.length, quotes);
      if (closed) {
        blank(at + quotes.length, end);
        at = end + quotes.length;
      } else unclosed.set(quotes, end);
    } else at++;
  }
  out.push(text.slice(kept));
  return out.join('');
}

/** Places of what stands between the quotes of the strings of one line, as far as they are closed on it. */
export function stringsIn(line: string): readonly { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  const unclosed = new Set<string>();
  for (let at = 0; at < line.length; at++) {
    const quote = line[at]!;
    if ((quote !== '"' && quote !== "'") || unclosed.has(quote)) continue;
    const { end, closed } = endOfString(line, at + 1, quote);
    if (closed) {
      found.push({ from: at + 1, to: end });
      at = end;
    } else unclosed.add(quote);
  }
  return found;
}

/** Where a string ends: at the quotes that close it, or where it would have had to (its line, or the text). */
function endOfString(text: string, from: number, quotes: string): { readonly end: number; readonly closed: boolean } {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '\n' && quotes.length === 1) return { end: at, closed: false };
    else if (text.startsWith(quotes, at)) return { end: at, closed: true };
  }
  return { end: text.length, closed: false };
}

function orEnd(at: number, text: string): number {
  return at < 0 ? text.length : at;
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

/** Whether a text is what an f-string makes, each of whose braces is filled in with something: `epoch_{i}.onnx`. */
export function couldBe(pattern: string, text: string): boolean {
  const parts = pattern.split(/\{[^{}]*\}/);
  if (parts.length === 1) return pattern === text;
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  // The leftmost place is as good as any for what stands between, so nothing is tried twice.
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at + 1);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length > at;
}
