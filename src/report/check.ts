import type { CheckResult, CheckTable } from '../result/check.js';
import type { CheckedModel } from './sarif.js';

const WORDS = { pass: 'passed', fail: '**failed**', skipped: 'skipped' } as const;

/** The checks as Markdown, as it stands in the summary of a build. */
export function checkMarkdown({ model, checks, descriptions }: CheckedModel): string {
  const failed = checks.filter(({ status }) => status === 'fail').length;
  const rows = checks.map(({ id, status, value, bound, sentence }) => [
    descriptions.find((d) => d.id === id)?.title ?? id,
    WORDS[status],
    numberText(value),
    numberText(bound),
    cell(sentence),
  ]);
  return [
    `# Checks of ${cell(model)}\n`,
    `${failed === 0 ? 'None' : failed} of ${checks.length} checks failed.\n`,
    tableOf(['check', 'result', 'value', 'bound', 'what was found'], rows),
    ...checks.filter(({ status }) => status !== 'skipped').flatMap(detailsOf),
  ].join('\n');
}

function detailsOf({ id, evidence }: CheckResult): string[] {
  const tables = (evidence.tables ?? []).map(
    ({ title, head, rows }: CheckTable) =>
      `\n### ${cell(title)}\n\n${tableOf(
        head,
        rows.map((row) => row.map((v) => (typeof v === 'number' ? numberText(v) : cell(v)))),
      )}`,
  );
  const notes = (evidence.notes ?? []).map((note) => `- ${cell(note)}`);
  if (tables.length + notes.length === 0) return [];
  return [`\n## ${id}`, ...tables, ...(notes.length === 0 ? [] : ['', ...notes, ''])];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

function numberText(value: number | undefined): string {
  return value === undefined ? '' : String(+value.toPrecision(4));
}

/** Text of files stands in one line, and nothing in it is markup. */
function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>#|~]/g, (c) => `\\${c}`);
}
