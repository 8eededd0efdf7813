import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { floatTensor } from '../../../src/base/tensor.js';
import { dataPath, requireData } from '../support/data.js';
import { differentiate, noise, openModel, scorer } from './run.js';

/** Models that are checked by default; `ZOO=all` (or a list of names) takes more, which needs minutes. */
const DEFAULT = ['squeezenet1_1', 'shufflenet_v2_x1_0', 'timm_deit_tiny_patch16_224_dynamo'];

function chosen(): string[] {
  const wanted = process.env['ZOO'];
  if (wanted === undefined) return DEFAULT;
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
  if (!existsSync(dataPath('zoo'))) return;

  for (const name of chosen()) {
    it(`${name}: a step along the gradient changes the score as foretold`, async () => {
      const m = await openModel(zooModel(name));
      // The drawn weights of efficientnet make it chaotic at full contrast, those of densenet dead at a low one.
      const x = noise(m, 1, 1, name.startsWith('efficientnet') ? 0.1 : 1);
      const started = performance.now();
      const answer = await differentiate(
        m,
        { [m.input]: x },
        { score: { value: m.logits, seed: 'index' }, wrt: [m.input] },
        [5],
      );
      const g = answer.gradients.get(m.input)!.data;
      const norm = Math.sqrt(g.reduce((s, v) => s + v * v, 0));
      const forward = await scorer(m, m.logits);
      const at = async (t: number): Promise<number> => {
        const moved = floatTensor(
          x.dims,
          x.data.map((v, i) => v + (t * g[i]!) / norm),
        );
        return Number((await forward.score({ [m.input]: moved })).data[5]);
      };
      // The score's slope along the unit gradient is the gradient's length, up to kinks (large steps) and rounding (small ones).
      const errors: number[] = [];
      for (const eps of [1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4]) {
        const step = Math.min(eps, (eps * Math.abs(answer.score[0]!)) / norm);
        errors.push(Math.abs(((await at(step)) - (await at(-step))) / (2 * step * norm) - 1));
        if (errors.at(-1)! < 2e-3) break;
      }
      await forward.dispose();
      await m.sessions.dispose();
      assert.ok(norm > 0 && Number.isFinite(norm));
      assert.ok(
        Math.min(...errors) < 1e-2,
        `|g| ${norm.toExponential(2)}, errors ${errors.map((e) => e.toExponential(1)).join(' ')}`,
      );
      if (process.env['ZOO'] !== undefined)
        console.log(
          `        |g| ${norm.toExponential(2)}, errors ${errors.map((e) => e.toExponential(1)).join(' ')}, ${Math.round(performance.now() - started)} ms`,
        );
    });
  }
});
