import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { int64Tensor } from '../../../src/base/tensor.js';
import { main } from '../../../src/cli/main.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { modelPath, reference, relativeError, requireData } from '../support/data.js';

describe('cli gradient', () => {
  let folder: string;
  let model: string;
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  before(requireData);
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'lens-gradient-'));
    model = path.join(folder, 'net.onnx');
    cpSync(modelPath('odd_cnn.onnx'), model);
  });
  after(async () => {
    await sessions.dispose();
    if (folder) rmSync(folder, { recursive: true });
  });

  async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', ''];
    const io = {
      out: (t: string) => void (out += t),
      err: (t: string) => void (err += t),
      terminal: false,
      signal: new AbortController().signal,
    };
    return { code: await main(['gradient', ...argv], io), out, err };
  }

  async function check(file: string, weights: string): Promise<void> {
    const session = await sessions.openBytes({ bytes: readFileSync(file), folder: weights });
    const input = reference('odd_cnn', 'input');
    const target = int64Tensor([4], [...reference('odd_cnn', 'target').data]);
    const { score, gradient } = await session.run({ input, target }, ['score', 'gradient']);
    assert.deepEqual(score!.dims, [4]);
    assert.ok(relativeError(gradient!.data as Float32Array, reference('odd_cnn', 'gradient').data) < 1e-4);
    await session.dispose();
  }

  it('writes an ordinary model that points at the weights of the first', async () => {
    const file = path.join(folder, 'net.gradient.onnx');
    const { code, out, err } = await run(model, '--out', file, '--json');
    assert.equal(code, 0, err);
    const document = JSON.parse(out) as { schema: string; wrt: string; embedded: boolean };
    assert.deepEqual([document.schema, document.wrt, document.embedded], ['onnx-lens/gradient/1', 'input', false]);
    await check(file, folder);
  });

  it('copies the weights where it is asked to, anywhere', async () => {
    const elsewhere = path.join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    const file = path.join(elsewhere, 'alone.onnx');
    assert.equal((await run(model, '--out', file, '--embed')).code, 0);
    assert.ok(statSync(file).size > statSync(model).size * 0.8);
    await check(file, elsewhere);
    const refused = await run(model, '--out', path.join(elsewhere, 'pointing.onnx'), '--json');
    assert.equal(refused.code, 2);
    assert.match(refused.err, /--embed/);
  });

  it('never overwrites the model, and needs a name to write to', async () => {
    const before = readFileSync(model);
    assert.equal((await run(model, '--out', model)).code, 2);
    assert.equal((await run(model)).code, 2);
    assert.equal((await run(model, '--out', path.join(folder, 'x.png'))).code, 2);
    assert.deepEqual(readFileSync(model), before);
  });
});
