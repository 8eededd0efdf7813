import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LensError } from '../../../src/base/errors.js';
import { writeNpy } from '../../../src/base/npy.js';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { OUTSIDE, type Reach } from '../../../src/base/reach.js';
import { floatTensor } from '../../../src/base/tensor.js';
import type { PredictAnswer } from '../../../src/protocol/prediction.js';
import { RunnerService } from '../../../src/runner/service.js';
import { call } from '../support/call.js';
import { runCli } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { makeNode } from '../../../src/graph/edits.js';
import { input, load, sketch } from '../graph/support.js';

const BIRDS = 'models/birds/birds_cnn.onnx';
const PICTURE = filePath(path.resolve('models/birds/pictures/Butterfinch/butterfinch-3000000.png'));

describe('what a settings file names outside the workspace', () => {
  const runner = new RunnerService();
  after(() => runner.dispose());
  const folder = temporaryFolder();
  const at = (...parts: string[]): FilePath => filePath(path.join(folder, ...parts));
  mkdirSync(at('work'));
  const model = at('work', 'net.onnx');
  copyFileSync(BIRDS, model);
  const names = Array.from({ length: 8 }, (_, i) => `secret ${i}`);
  const list = at('names.txt');
  writeFileSync(list, names.join('\n'));
  const sidecar = at('work', 'net.lens.json');
  const settings = JSON.parse(readFileSync(BIRDS.replace('.onnx', '.lens.json'), 'utf8')) as object;
  const reach = (more: Partial<Reach> = {}): Reach => ({
    roots: [at('work')],
    allowed: [],
    left: [],
    trusted: true,
    ...more,
  });
  const predict = (how?: Reach, of = model, picture = PICTURE): Promise<PredictAnswer> =>
    runner.operations.predict({ model: of, inputs: [picture], provider: 'cpu', ...(how && { reach: how }) }, call());
  const top = async (how?: Reach): Promise<{ label: string; said: string }> => {
    const answer = await predict(how);
    const [outcome] = answer.results;
    assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
    return { label: outcome.result.top![0]!.label, said: answer.warnings.join(' ') };
  };
  const asked = (promise: Promise<unknown>, file: string): Promise<void> =>
    assert.rejects(promise, (e: unknown) => e instanceof LensError && e.code === OUTSIDE && e.files?.[0] === file);

  it('is not read before somebody allows it', async () => {
    writeFileSync(sidecar, JSON.stringify({ ...settings, labels: undefined }));
    const own = (await top()).label;
    writeFileSync(sidecar, JSON.stringify({ ...settings, labels: '../names.txt' }));
    await asked(predict(reach()), list);
    const { label } = await top(reach({ allowed: [list] }));
    assert.match(label, /^secret \d/);
    for (const how of [reach({ left: [list] }), reach({ trusted: false })]) {
      const { label: kept, said } = await top(how);
      assert.equal(kept, own);
      assert.match(said, /"names\.txt" lies outside the workspace/);
    }
  });

  it('is read and said by the command line', async () => {
    const { out, err, code } = await runCli('predict', model, PICTURE);
    assert.equal(code, 0, err);
    assert.match(out, /secret/);
    assert.match(err, /names\.txt" lies outside the folder of the model/);
  });

  it('may be the values of another input', async () => {
    const x = floatTensor([1, 4], Float32Array.of(1, 2, 3, 4));
    const two = at('work', 'two.onnx');
    await writeModelFile(
      sketch({
        opset: 17,
        nodes: [makeNode('Add', 'z', ['x', 'y'])],
        inputs: [input('x', 1, 4), input('y', 1, 4)],
        outputs: ['z'],
      }),
      two,
    );
    for (const name of ['x', 'y']) writeFileSync(at(`${name}.npy`), writeNpy(x));
    writeFileSync(at('work', 'two.lens.json'), JSON.stringify({ input: { name: 'x' }, inputs: { y: '../y.npy' } }));
    await asked(predict(reach(), two, at('x.npy')), at('y.npy'));
    const values = async (how: Reach): Promise<unknown> => {
      const [outcome] = (await predict(how, two, at('x.npy'))).results;
      assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
      return outcome.result.top!.map(({ logit }) => logit);
    };
    assert.deepEqual(await values(reach({ allowed: [at('y.npy')] })), [8, 6, 4, 2], 'x + y');
    assert.deepEqual(await values(reach({ trusted: false })), [4, 3, 2, 1], 'x + 0');
  });

  it('may be the weights of a model that is a link itself', async () => {
    mkdirSync(at('store'));
    await writeModelFile((await load(BIRDS)).graph, at('store', 'big.onnx'), { embed: false });
    for (const name of ['big.onnx', 'big.onnx.data']) symlinkSync(at('store', name), at('work', name));
    const of = at('work', 'big.onnx');
    const outline = (how?: Reach): Promise<unknown> =>
      runner.operations.outline({ model: of, ...(how && { reach: how }) }, call());
    await asked(outline(reach()), at('store', 'big.onnx.data'));
    await outline(reach({ allowed: [at('store', 'big.onnx.data')] }));
    await assert.rejects(outline(reach({ trusted: false })), LensError);
  });

  it('may be a settings file itself that is a link', async () => {
    copyFileSync(BIRDS, at('work', 'linked.onnx'));
    writeFileSync(at('their.json'), JSON.stringify(settings));
    symlinkSync(at('their.json'), at('work', 'linked.lens.json'));
    const of = at('work', 'linked.onnx');
    await asked(predict(reach(), of), at('their.json'));
    // It is not written over, either, by whoever may not read it.
    const save = (how: Reach): Promise<unknown> =>
      runner.operations.sidecarText({ model: of, change: { range: [0, 255] }, reach: how }, call());
    await assert.rejects(save(reach({ left: [at('their.json')] })), /cannot be saved.*their\.json.*is not read/s);
    await save(reach({ allowed: [at('their.json')] }));
  });
});
