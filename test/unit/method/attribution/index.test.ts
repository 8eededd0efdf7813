import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { attributionMethods } from '../../../../src/method/attribution/index.js';

/** `gradcam_pp` is in `gradcamPp.ts`, as `gradcamPp`. */
const nameOf = (id: string): string => id.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const SOURCE = 'src/method/attribution';
const files = readdirSync(SOURCE).filter((file) => file.endsWith('.ts') && file !== 'index.ts');

describe('method/attribution: the list of methods', () => {
  it('has every file of the folder once, and helpers have folders', () => {
    const names = attributionMethods.map((method) => `${nameOf(method.id)}.ts`);
    assert.deepEqual(names.sort(), files.sort());
  });

  for (const { id } of attributionMethods) {
    const name = nameOf(id);

    it(`${id} is declared in ${name}.ts under that name, and tested by it`, () => {
      const source = readFileSync(`${SOURCE}/${name}.ts`, 'utf8');
      assert.ok(source.includes(`export const ${name} = attributionMethod({\n  id: '${id}',`), 'export and id');
      const test = readFileSync(`test/unit/method/attribution/${name}.test.ts`, 'utf8');
      assert.ok(test.includes('assertClose('), 'at least one number is held');
      assert.ok(test.includes(`'${id}'`), 'the method is asked');
    });
  }
});
