import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dataMissing, dataPath, requireData } from '../support/data.js';
import { openModel } from './run.js';
import { slopeErrors, zooInput } from './slopes.js';

/** Models that are checked by default; `ZOO=all` (or a list of names) takes more, which needs minutes. */
const DEFAULT = ['squeezenet1_1', 'shufflenet_v2_x1_0', 'timm_deit_tiny_patch16_224_dynamo'];

function chosen(): string[] {
  const wanted = process.env['ZOO'];
  if (wanted === undefined || dataMissing !== undefined) return DEFAULT;
  if (wanted !== 'all') return wanted.split(',');
  return Object.keys(JSON.parse(readFileSync(dataPath('zoo', 'zoo.json'), 'utf8')) as object);
}

/** A zoo model with its weights filled in, in a folder that later runs find again. */
export function zooModel(name: string): string {
  const folder = path.join(tmpdir(), 'onnx-lens-zoo');
  const file = path.join(folder, `${name}.onnx`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file))
    execFileSync(process.execPath, [dataPath('zoo', 'fill.mjs'), folder, name], { stdio: 'ignore' });
  return file;
}

describe('gradient/zoo', () => {
  before(requireData);

  for (const name of chosen()) {
    it(`${name}: a step along the gradient changes the score as foretold`, async () => {
      const m = await openModel(zooModel(name));
      const x = zooInput(m, name);
      const started = performance.now();
      const { length, errors } = await slopeErrors(m, x, 5, 2e-3);
      await m.sessions.dispose();
      assert.ok(length > 0 && Number.isFinite(length), `length: ${length}`);
      assert.ok(
        Math.min(...errors) < 1e-2,
        `|g| ${length.toExponential(2)}, errors ${errors.map((e) => e.toExponential(1)).join(' ')}`,
      );
      if (process.env['ZOO'] !== undefined)
        console.log(
          `        |g| ${length.toExponential(2)}, errors ${errors.map((e) => e.toExponential(1)).join(' ')}, ${Math.round(performance.now() - started)} ms`,
        );
    });
  }
});
