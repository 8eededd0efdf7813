// Puts tables of the benchmark into a Markdown file, between `<!-- bench NAME -->` and `<!-- bench end -->`.
import { readFileSync, writeFileSync } from 'node:fs';
import prettier from 'prettier';

/** The lines that matter, by how they begin: the README at the top shows these. */
export const HEADLINES = {
  exactness: [
    'gradients of operators in float64',
    'gradients of 17 networks',
    'Grad-CAM, Grad-CAM++',
    'Integrated Gradients, three rules (',
    'occlusion (',
  ],
  transfer: ['digits, CNN →', 'digits, transformer →', 'birds, CNN →', 'birds, transformer →', 'mean of the pairs'],
  speed: [
    'activation of the extension',
    'from the choice in the menu to the visible heatmap, first',
    'from the choice in the menu to the visible heatmap, later',
    "throughput of a grid, gradient, over the bare gradient's, resnet18",
    'from the double click on a checkpoint to its list of layers: vgg11_wide',
    'forward + gradient over forward, resnet18',
    'occlusion of vgg11',
  ],
};

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
    const before = tableOf(text, name, file);
    const rows = new Map(complete ? [] : before.slice(1).map((cells) => [cells[0], cells]));
    for (const cells of lines) rows.set(cells[0], cells);
    text = withTable(text, name, [head, ...rows.values()]);
  }
  writeFileSync(file, await formatted(file, text));
}

/**
 * The text of a file with the headlines of another's tables.
 *
 * @param {string} file has a place for `NAME headlines` of each table
 * @param {string} source has the whole tables
 * @throws Error where a headline is not the beginning of exactly one line
 */
export async function withHeadlines(file, source) {
  const [all, text] = [readFileSync(source, 'utf8'), readFileSync(file, 'utf8')];
  const filled = Object.entries(HEADLINES).reduce((done, [name, beginnings]) => {
    const [head, ...rows] = tableOf(all, name, source);
    const chosen = beginnings.map((beginning) => {
      const found = rows.filter(([what]) => what.startsWith(beginning));
      if (found.length !== 1) throw new Error(`${source}: ${found.length} lines of ${name} begin with "${beginning}"`);
      return found[0];
    });
    return withTable(done, `${name} headlines`, [head, ...chosen]);
  }, text);
  return formatted(file, filled);
}

const placeOf = (name) => new RegExp(`(<!-- bench ${name} -->\\n)([^]*?)(<!-- bench end -->)`);

/** The cells of a table's lines, those of its head first. */
function tableOf(text, name, file) {
  const [, , table] = placeOf(name).exec(text) ?? [];
  if (table === undefined) throw new Error(`${file} has no place for the table of ${name}`);
  const lines = table.split('\n').filter((line) => line.startsWith('|'));
  const cells = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return cells.filter((_, i) => i !== 1);
}

function withTable(text, name, [head, ...rows]) {
  const table = [head, head.map(() => '---'), ...rows].map(markdownLine).join('\n');
  return text.replace(placeOf(name), (_, open, __, close) => `${open}\n${table}\n\n${close}`);
}

async function formatted(file, text) {
  const options = await prettier.resolveConfig(file);
  return prettier.format(text, { ...options, parser: 'markdown' });
}

/** @param {readonly string[]} cells */
export function markdownLine(cells) {
  return `| ${cells.join(' | ')} |`;
}
