import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withHeadlines, writeTables } from '../../bench/readme.mjs';
import { temporaryFolder } from '../support/temporary.js';

describe('build/bench', () => {
  const folder = temporaryFolder();

  it('the lines that matter stand in README.md as they stand among all others', async () => {
    const text = await withHeadlines('README.md', 'test/bench/README.md');
    assert.equal(readFileSync('README.md', 'utf8'), text, 'README.md differs: run `npm run bench -- --readme`');
  });

  it('a line that was measured anew replaces the one of that name, and the others stay', async () => {
    const file = path.join(folder, 'tables.md');
    const table = (lines: string[]): string => `<!-- bench speed -->\n\n${lines.join('\n')}\n\n<!-- bench end -->\n`;
    writeFileSync(file, table(['| what | measured |', '| --- | --- |', '| a | 1 |', '| b | 2 |']));
    const head = ['what', 'measured'];
    await writeTables(
      file,
      new Map([
        [
          'speed',
          {
            head,
            lines: [
              ['b', '3'],
              ['c', '4'],
            ],
          },
        ],
      ]),
      false,
    );
    assert.equal(
      readFileSync(file, 'utf8'),
      table([
        '| what | measured |',
        '| ---- | -------- |',
        '| a    | 1        |',
        '| b    | 3        |',
        '| c    | 4        |',
      ]),
    );
  });
});
