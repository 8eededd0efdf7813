import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { generated } from '../../../.build/manifest.mjs';

describe('build/manifest', () => {
  it('what package.json and README.md repeat of the registries is what these say', async () => {
    for (const [file, text] of Object.entries(await generated()))
      assert.equal(readFileSync(file, 'utf8'), text, `${file} differs: run \`npm run manifest\``);
  });
});
