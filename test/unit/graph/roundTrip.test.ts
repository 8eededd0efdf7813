import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { prune } from '../../../src/graph/edits.js';
import { difference, load, randomFeed, run, runGraph } from './support.js';
import { DATA, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

/** Read, build, write, load: the graph computes what the file computes. */
async function check(file: string, tolerance: number, batch = 1): Promise<void> {
  const { checkpoint, graph } = await load(file);
  const feeds = Object.fromEntries(graph.inputs.map((v) => [v.name, randomFeed(v, batch, 3)]));
  const [before, after] = [await run(file, feeds), await runGraph(graph, feeds)];
  for (const [name, tensor] of Object.entries(before)) {
    const d = difference(tensor, after[name]);
    assert.ok(d <= tolerance, `${name} differs by ${d}`);
  }
  assert.deepEqual(checkpoint.warnings, []);
  const pruned = await runGraph(prune(graph), feeds);
  for (const [name, tensor] of Object.entries(after)) assert.equal(difference(tensor, pruned[name]), 0);
}

describe('round trip', () => {
  before(requireData);

  const models = path.join(DATA, 'models');
  for (const name of [
    'cifar_resnet20',
    'cifar_resnet20_dynamo',
    'cifar_resnet20_fused',
    'cifar_resnet20_random',
    'mnist_cnn',
    'mnist_vit',
    'odd_cnn',
    'small_cnn',
    'small_vit',
    'squeezenet_v1.0_dc',
  ]) {
    it(`${name} computes the same, bit for bit`, () => check(path.join(models, `${name}.onnx`), 0));
  }

  it('every model of the folder is named above', () => {
    assert.equal(readdirSync(models).filter((f) => f.endsWith('.onnx')).length, 10);
  });

  for (const name of ['squeezenet1_1', 'shufflenet_v2_x1_0', 'timm_deit_tiny_patch16_224_dynamo']) {
    it(`${name} of the zoo computes the same`, async () => {
      const folder = temporaryFolder();
      execFileSync(process.execPath, [path.join(DATA, 'zoo/fill.mjs'), folder, name], { stdio: 'ignore' });
      await check(path.join(folder, `${name}.onnx`), 1e-5);
    });
  }
});
