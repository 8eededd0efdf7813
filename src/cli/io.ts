/** What a program has around it; a test gives its own. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Whether stderr is a terminal that can show running progress. */
  readonly terminal: boolean;
  readonly signal: AbortSignal;
}

/** What a terminal obeys instead of showing it, or what turns, hides or breaks the text around it; joiners of letters stay. */
const COMMANDS =
  /(?![\t\n])\p{Cc}|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Cs}/gu;

/**
 * A text with everything that a terminal would obey written out: names in files may hold ESC. In JSON, where this is how
 * such a character is written, the document stays the same.
 */
export function shown(text: string): string {
  return text.replace(COMMANDS, escaped);
}

/** The same on one line, for a name within a line of ours. */
export function onOneLine(text: string): string {
  return shown(text).replace(/[\t\n]/g, escaped);
}

function escaped(letters: string): string {
  return Array.from({ length: letters.length }, (_, i) => {
    const code = letters.charCodeAt(i);
    return code === 9 ? '\\t' : code === 10 ? '\\n' : `\\u${code.toString(16).padStart(4, '0')}`;
  }).join('');
}

/** The one way out: nothing of a file reaches the terminal as a command. */
export function guarded(io: Io): Io {
  return { ...io, out: (text) => io.out(shown(text)), err: (text) => io.err(shown(text)) };
}

/** Progress on one line of the terminal, rewritten in place; silent where stderr is a file. */
export class ProgressLine {
  private shown = 0;

  /** @param io as it is: the line is rewritten by a control character of ours */
  constructor(private readonly io: Io) {}

  show(fraction: number | undefined, message: string): void {
    if (!this.io.terminal) return;
    const percent = fraction === undefined ? '' : `${Math.floor(100 * fraction)} % `.padStart(6);
    const text = onOneLine(`${percent}${message}`).slice(0, 100);
    this.io.err(`\r${text.padEnd(this.shown)}`);
    this.shown = text.length;
  }

  clear(): void {
    if (this.shown > 0) this.io.err(`\r${' '.repeat(this.shown)}\r`);
    this.shown = 0;
  }
}

/** Columns of text, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head.map(onOneLine), ...rows.map((row) => row.map((cell) => onOneLine(String(cell))))];
  const widths = head.map((_, c) => Math.max(...cells.map((row) => (row[c] ?? '').length)));
  const right = head.map((_, c) => rows.length > 0 && rows.every((row) => typeof row[c] === 'number'));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, c) => (right[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)))
      .join('  ')
      .trimEnd();
  return cells.map((row) => `${line(row)}\n`).join('');
}

/** Three significant digits. */
export function digits(value: number): string {
  return value === 0
    ? '0'
    : Math.abs(value) >= 1000 || Math.abs(value) < 0.001
      ? value.toExponential(2)
      : value.toPrecision(3);
}

/** A time as people say it: "40 s", "3 min", "2 h 5 min". */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** JSON for machines: indented, and numbers that JSON has no word for as null. */
export function json(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
