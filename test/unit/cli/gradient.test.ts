import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { int64Tensor } from '../../../src/base/tensor.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { mapNet } from '../method/mapNet.js';
import { tinyPicture } from '../method/tinyNet.js';
import { assertClose } from '../support/close.js';
import { modelPath, reference, requireData } from '../support/data.js';
import { runCli, type Ran } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

describe('cli gradient', () => {
  const folder = temporaryFolder();
  let model: string;
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  before(requireData);
  before(() => {
    model = path.join(folder, 'net.onnx');
    cpSync(modelPath('odd_cnn.onnx'), model);
  });
  after(() => sessions.dispose());

  const run = (...argv: string[]): Promise<Ran> => runCli('gradient', ...argv);

  async function check(file: string, weights: string): Promise<void> {
    const session = await sessions.openBytes({ bytes: readFileSync(file), folder: weights });
    const input = reference('odd_cnn', 'input');
    const target = int64Tensor([4], [...reference('odd_cnn', 'target').data]);
    const { score, gradient } = await session.run({ input, target }, ['score', 'gradient']);
    assert.deepEqual(score!.dims, [4]);
    assertClose(gradient!.data as Float32Array, reference('odd_cnn', 'gradient').data, { relative: 1e-4 }, 'gradient');
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
    assert.ok(
      statSync(file).size > statSync(model).size * 0.8,
      `statSync(file).size: ${statSync(file).size}, statSync(model).size * 0.8: ${statSync(model).size * 0.8}`,
    );
    await check(file, elsewhere);
    const refused = await run(model, '--out', path.join(elsewhere, 'pointing.onnx'), '--json');
    assert.equal(refused.code, 2);
    assert.match(refused.err, /--embed/);
  });

  it('writes a model that another process loads and runs, with its origin in the metadata', async () => {
    const file = path.join(folder, 'net.gradient.onnx');
    assert.equal((await run(model, '--out', file)).code, 0);
    const script = `
      const ort = require('onnxruntime-node');
      ort.InferenceSession.create(process.argv[1]).then(async (s) => {
        const input = new ort.Tensor('float32', new Float32Array(2 * 3 * 32 * 32).fill(0.5), [2, 3, 32, 32]);
        const target = new ort.Tensor('int64', BigInt64Array.of(1n, 2n), [2]);
        const out = await s.run({ input, target });
        console.log(JSON.stringify([s.inputNames, Object.entries(out).map(([n, t]) => [n, t.dims])]));
      });`;
    const out = execFileSync(process.execPath, ['-e', script, file], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(out), [
      ['input', 'target'],
      [
        ['score', [2]],
        ['gradient', [2, 3, 32, 32]],
      ],
    ]);
    const { metadata, outputs } = buildGraph(await openCheckpoint(file));
    assert.deepEqual(
      outputs.map((o) => o.name),
      ['score', 'gradient'],
    );
    assert.equal(metadata.get('onnx_lens.gradient.model'), 'net.onnx');
    assert.equal(
      metadata.get('onnx_lens.gradient.sha256'),
      createHash('sha256').update(readFileSync(model)).digest('hex'),
    );
  });

  it('says what "target" counts where the output holds no classes, and differentiates its numbers', async () => {
    const depth = path.join(folder, 'depth.onnx');
    await writeModelFile(mapNet(1, false), depth);
    const file = path.join(folder, 'depth.gradient.onnx');
    const { code, err } = await run(depth, '--out', file);
    assert.equal(code, 0, err);
    assert.match(err, /"maps" is no list of classes: the input "target" counts its numbers, 0 to 255\./);
    const session = await sessions.openBytes({ bytes: readFileSync(file), folder });
    const input = tinyPicture();
    const { score, gradient } = await session.run({ x: input, target: int64Tensor([1], [37]) }, ['score', 'gradient']);
    await session.dispose();
    const plain = await sessions.open(mapNet(1, false));
    const { maps } = await plain.run({ x: input }, ['maps']);
    await plain.dispose();
    assertClose(score!.data as Float32Array, [(maps!.data as Float32Array)[37]!], { absolute: 1e-5 }, 'score');
    const seen = [...(gradient!.data as Float32Array)].flatMap((v, i) => (v === 0 ? [] : [i % 256]));
    // Row 2, column 5 is made of the nine places around it.
    assert.deepEqual([...new Set(seen)], [20, 21, 22, 36, 37, 38, 52, 53, 54]);
  });

  it('follows links before it says that nothing of the model is overwritten', async () => {
    const link = path.join(folder, 'link.onnx');
    symlinkSync(model, link);
    const before = readFileSync(model);
    const { code, err } = await run(model, '--out', link, '--embed');
    assert.equal(code, 2);
    assert.match(err, /must not overwrite the model itself/);
    assert.deepEqual(readFileSync(model), before);
  });

  it('never overwrites the model, and needs a name to write to', async () => {
    const before = readFileSync(model);
    assert.equal((await run(model, '--out', model)).code, 2);
    assert.equal((await run(model)).code, 2);
    assert.equal((await run(model, '--out', path.join(folder, 'x.png'))).code, 2);
    assert.deepEqual(readFileSync(model), before);
  });
});
