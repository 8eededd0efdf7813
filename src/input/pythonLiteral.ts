/**
 * Python literals, as exporters write them into metadata with `str()`: None, True, False, numbers, strings, tuples, lists,
 * sets and dicts. Nothing is evaluated. Untrusted text: the nesting is limited and dicts become Maps.
 */

export type PythonValue =
  null | boolean | number | string | readonly PythonValue[] | ReadonlyMap<PythonValue, PythonValue>;

const MAX_DEPTH = 64;

/** Parses one literal; undefined where the text is none. */
export function parsePythonLiteral(text: string): PythonValue | undefined {
  const reader = new Reader(text);
  try {
    const value = reader.value(0);
    reader.space();
    return reader.done ? value : undefined;
  } catch (error) {
    if (error instanceof NoLiteral) return undefined;
    throw error;
  }
}

class NoLiteral extends Error {}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};
const WORDS: Readonly<Record<string, PythonValue>> = { None: null, True: true, False: false, nan: NaN, inf: Infinity };
const NUMBER = /[+-]?(?:0[xX][\da-fA-F]+|inf|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y;
const WORD = /[A-Za-z_]\w*/y;
const STRING = /[bBuUrR]{0,2}('''|"""|'|")/y;

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  get done(): boolean {
    return this.at >= this.text.length;
  }

  space(): void {
    this.match(/(?:\s|#[^\n]*)*/y);
  }

  value(depth: number): PythonValue {
    if (depth > MAX_DEPTH) throw new NoLiteral();
    this.space();
    const next = this.text[this.at];
    if (next === '[') return this.list(']', depth);
    if (next === '(') return this.tuple(depth);
    if (next === '{') return this.braces(depth);
    const string = this.string();
    if (string !== undefined) return string;
    const number = this.match(NUMBER);
    if (number !== undefined) return Number(number.replaceAll('_', '').replace('inf', 'Infinity'));
    const word = this.match(WORD);
    if (word !== undefined && Object.hasOwn(WORDS, word)) return WORDS[word]!;
    throw new NoLiteral();
  }

  private list(end: string, depth: number): PythonValue[] {
    this.at++;
    const items: PythonValue[] = [];
    while (!this.take(end)) {
      items.push(this.value(depth + 1));
      if (!this.take(',')) {
        this.expect(end);
        break;
      }
    }
    return items;
  }

  /** `(1)` is a number in brackets, `(1,)` a tuple. */
  private tuple(depth: number): PythonValue {
    const start = this.at;
    const items = this.list(')', depth);
    const comma = /,\s*\)$/.test(this.text.slice(start, this.at));
    return items.length === 1 && !comma ? items[0]! : items;
  }

  private braces(depth: number): PythonValue {
    this.at++;
    const entries = new Map<PythonValue, PythonValue>();
    const items: PythonValue[] = [];
    while (!this.take('}')) {
      const key = this.value(depth + 1);
      if (this.take(':')) entries.set(key, this.value(depth + 1));
      else items.push(key);
      if (!this.take(',')) {
        this.expect('}');
        break;
      }
    }
    if (items.length > 0 && entries.size > 0) throw new NoLiteral();
    return items.length > 0 ? items : entries;
  }

  /** One string, or several that stand side by side and so are one. */
  private string(): string | undefined {
    let result: string | undefined;
    for (;;) {
      this.space();
      const opening = this.match(STRING);
      if (opening === undefined) return result;
      const quote = /['"]+$/.exec(opening)![0];
      const raw = /r/i.test(opening.slice(0, -quote.length));
      result = (result ?? '') + this.quoted(quote, raw);
    }
  }

  private quoted(quote: string, raw: boolean): string {
    let out = '';
    while (!this.text.startsWith(quote, this.at)) {
      const char = this.text[this.at++];
      if (char === undefined || (char === '\n' && quote.length === 1)) throw new NoLiteral();
      out += char === '\\' ? this.escape(raw) : char;
    }
    this.at += quote.length;
    return out;
  }

  private escape(raw: boolean): string {
    const char = this.text[this.at++];
    if (char === undefined) throw new NoLiteral();
    if (raw) return `\\${char}`;
    const digits = { x: 2, u: 4, U: 8 }[char];
    if (digits !== undefined) {
      const hex = this.text.slice(this.at, this.at + digits);
      if (hex.length !== digits || !/^[\da-fA-F]+$/.test(hex) || parseInt(hex, 16) > 0x10ffff) throw new NoLiteral();
      this.at += digits;
      return String.fromCodePoint(parseInt(hex, 16));
    }
    return ESCAPES[char] ?? `\\${char}`;
  }

  private take(char: string): boolean {
    this.space();
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private expect(char: string): void {
    if (!this.take(char)) throw new NoLiteral();
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return undefined;
    this.at += found[0].length;
    return found[0];
  }
}
