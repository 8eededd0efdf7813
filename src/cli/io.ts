/** What a program has around it; a test gives its own. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Whether stderr is a terminal that can show running progress. */
  readonly terminal: boolean;
  readonly signal: AbortSignal;
}

/** Progress on one line of the terminal, rewritten in place; silent where stderr is a file. */
export class ProgressLine {
  private shown = 0;

  constructor(private readonly io: Io) {}

  show(fraction: number | undefined, message: string): void {
    if (!this.io.terminal) return;
    const percent = fraction === undefined ? '' : `${Math.floor(100 * fraction)} % `.padStart(6);
    const text = `${percent}${message}`.slice(0, 100);
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
  const cells = [head, ...rows.map((row) => row.map(String))];
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

/** JSON for machines: indented, and numbers that JSON has no word for as null. */
export function json(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
