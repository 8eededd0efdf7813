/** The strings of a Python list of strings as `repr` writes it: `['', 'layer1', "it's"]`. Anything else gives none. */
export function parsePythonStrings(text: string): string[] {
  const list = text.trim();
  if (!list.startsWith('[') || !list.endsWith(']')) return [];
  const out: string[] = [];
  for (const match of list.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)) {
    out.push((match[1] ?? match[2] ?? '').replace(/\\(['"\\])/g, '$1'));
  }
  return out;
}
