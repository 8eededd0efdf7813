/** Where a key stands in the text of a settings file. */

/** From an offset to the one behind its end. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** Line and column, from zero. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** Strings, and what gives them their place. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/**
 * The key of a setting as `checks.accuracy`, its quotes included. Where that is not written, the nearest above it that is;
 * else the first character. The text may be half written: what stands before a fault is found.
 */
export function settingPlace(text: string, setting: string): TextSpan {
  const wanted = setting.split('.');
  // One for each bracket that is open; the key that a value belongs to, where that is an object's.
  const open: { readonly object: boolean; key?: string }[] = [];
  let found: TextSpan = { start: 0, end: Math.min(1, text.length) };
  let depth = 0;
  let before = '';
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') open.push({ object: token === '{' });
    else if (token === '}' || token === ']') open.pop();
    else if (token.startsWith('"') && (before === '{' || before === ',')) {
      const inner = open.at(-1);
      if (inner?.object === true) {
        inner.key = token.slice(1, -1);
        const isOn = open.every(({ object, key }, i) => object && key === wanted[i]);
        if (isOn && open.length > depth) {
          depth = open.length;
          found = { start: index, end: index + token.length };
        }
      }
    }
    before = token;
  }
  return found;
}

export function placeAt(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length - 1, column: before.at(-1)!.length };
}
