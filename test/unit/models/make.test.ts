import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { trainings } from '../../../models/birds/recipes.mjs';
import { TRAINING_PARAMETERS } from '../../../src/result/training.js';
import { bundled } from '../support/bundled.js';
import { temporaryFolder } from '../support/temporary.js';

/** The recipes in small: two sets, a net of a thousand numbers, two epochs. */
const SMALL = `
import { planOf, STAMPED } from ${JSON.stringify(pathToFileURL(path.resolve('models/birds/sets.mjs')).href)};
export const sets = {
  'plain/train': planOf(1, 32),
  'plain/test': planOf(101, 16),
  random: planOf(1, 16, { labelled: 'at random' }),
  fresh: planOf(201, 8),
};
export const nets = { tiny: { kind: 'residual', classes: 8, blocks: 1, widths: [16, 16, 16], size: 16 } };
const params = { preset: 'scratch', batch: 16, epochs: 2 };
export const trainings = {
  birds_tiny: { title: 'tiny', net: 'tiny', set: 'plain', seed: 0, first: 'birds_tiny_epoch1', params },
  birds_lot: { title: 'by lot', net: 'tiny', set: 'random', seed: 0, params: { ...params, validation: 0 } },
};
`;

describe('models: made from nothing', () => {
  it('gives the same bytes each time, in another order and in two goes, and settings beside them', async function () {
    this.timeout(120_000);
    const folder = temporaryFolder();
    const recipes = path.join(folder, 'recipes.mjs');
    writeFileSync(recipes, SMALL);
    const cli = bundled('src/cli/main.ts', 'models-cli.cjs');
    const make = async (name: string, ...more: string[]): Promise<string> => {
      const to = path.join(folder, name);
      const places = ['--recipes', recipes, '--cli', cli, '--out', path.join(folder, `out-${name}`), '--to', to];
      await promisify(execFile)(process.execPath, ['models/birds/make.mjs', ...places, ...more]);
      return to;
    };
    const whole = await make('whole', '--only', 'draw,train,marks');
    await make('parts', '--only', 'draw,train', 'birds_lot');
    const parts = await make('parts', '--only', 'draw,train', '--at-once', '1');
    const files = ['birds_tiny.onnx', 'birds_tiny_epoch1.onnx', 'birds_lot.onnx', 'birds_lot.lens.json', 'curves.json'];
    for (const file of files)
      assert.deepEqual(readFileSync(path.join(parts, file)), readFileSync(path.join(whole, file)), file);
    assert.notDeepEqual(readFileSync(path.join(whole, files[0]!)), readFileSync(path.join(whole, files[1]!)));
    const curves = JSON.parse(readFileSync(path.join(whole, 'curves.json'), 'utf8')) as Record<
      string,
      { curve: object[] }
    >;
    assert.deepEqual(
      Object.entries(curves).map(([name, { curve }]) => [name, curve.length]),
      [
        ['birds_tiny', 2],
        ['birds_lot', 2],
      ],
    );
  });

  it('by recipes whose settings the trainer knows', () => {
    for (const [name, { params }] of Object.entries(trainings))
      for (const key of Object.keys(params)) assert.ok(key in TRAINING_PARAMETERS, `${name}: ${key}`);
  });
});
