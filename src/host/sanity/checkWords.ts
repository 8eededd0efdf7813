import { checkOf, type CheckEvidence, type CheckResult, type CheckTable } from '../../result/check.js';

/** What a check found, in the words of the Test Explorer. */

/** Rows of a table that a message shows: the rest is on the command line's page. */
const ROWS = 12;

/** The sentence, the numbers behind it, and what must be said beside them. */
export function failureText({ sentence, evidence }: CheckResult): string {
  const { tables = [], notes = [] } = evidence;
  return [sentence, ...tables.map(tableText), ...notes].join('\n\n');
}

/** Columns below one another, as a fixed pitch shows them. */
function tableText({ title, head, rows }: CheckTable): string {
  const shown = [head, ...rows.slice(0, ROWS).map((row) => row.map(cellText))];
  const widths = head.map((_, c) => Math.max(...shown.map((row) => row[c]?.length ?? 0)));
  const lines = shown.map((row) =>
    row
      .map((cell, c) => cell.padEnd(widths[c] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const more = rows.length - ROWS;
  return [title, ...lines, ...(more > 0 ? [`and ${more.toLocaleString('en')} more`] : [])].join('\n');
}

function cellText(cell: string | number): string {
  return typeof cell === 'string' ? cell : numberText(cell);
}

function numberText(value: number): string {
  return Number.isFinite(value) ? `${+value.toPrecision(4)}` : String(value);
}

export interface Difference {
  readonly expected: string;
  readonly actual: string;
}

/** What was expected beside what is, where both are one number. */
export function differenceOf({ id, value, bound, unit = '' }: CheckResult): Difference | undefined {
  const { side } = checkOf(id);
  if (side === undefined || value === undefined || bound === undefined || !Number.isFinite(bound)) return undefined;
  const said = (number: number): string => `${numberText(number)} ${unit}`.trim();
  return { expected: `${side} ${said(bound)}`, actual: said(value) };
}

/** What there is to open behind a message: read by the `when` of its buttons. */
export function contextOf({ id, evidence }: CheckResult): string {
  const { strips = [], files = [] }: CheckEvidence = evidence;
  return [
    'onnxLens',
    ...(strips.length > 0 ? ['strip'] : []),
    ...(files.length > 0 ? ['files'] : []),
    ...(id === 'accuracy' || id === 'preprocessing' ? ['confusion'] : []),
  ].join(' ');
}
