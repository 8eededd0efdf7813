// Puts tables of the benchmark into a Markdown file, between `<!-- bench NAME -->` and `<!-- bench end -->`.
import { readFileSync, writeFileSync } from 'node:fs';
import prettier from 'prettier';

/**
 * Lines of the same name are replaced and new ones appended; what was not measured this time stays, unless `complete`.
 *
 * @param {string} file
 * @param {Map<string, { head: string[], lines: string[][] }>} tables cells by name of the table
 * @param {boolean} complete whether the tables hold all there is
 */
export async function writeTables(file, tables, complete) {
  let text = readFileSync(file, 'utf8');
  for (const [name, { head, lines }] of tables) {
    const place = new RegExp(`(<!-- bench ${name} -->\\n)([^]*?)(<!-- bench end -->)`);
    const [, , before] = place.exec(text) ?? [];
    if (before === undefined) throw new Error(`${file} has no place for the table of ${name}`);
    const rows = new Map(complete ? [] : tableCells(before).map((cells) => [cells[0], cells]));
    for (const cells of lines) rows.set(cells[0], cells);
    const table = [head, head.map(() => '---'), ...rows.values()].map(markdownLine).join('\n');
    text = text.replace(place, (_, open, __, close) => `${open}\n${table}\n\n${close}`);
  }
  const options = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(text, { ...options, parser: 'markdown' }));
}

/** The cells of a table's lines, without its head. */
function tableCells(markdown) {
  const lines = markdown.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** @param {readonly string[]} cells */
export function markdownLine(cells) {
  return `| ${cells.join(' | ')} |`;
}
