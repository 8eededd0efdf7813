import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { CancelledError } from '../../../src/base/errors.js';
import { writeNpy } from '../../../src/base/npy.js';
import { RunnerService } from '../../../src/runner/service.js';
import { assertClose } from '../support/close.js';
import { dataPath, modelPath, reference, requireData, sample } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';
import { call } from '../support/call.js';

describe('runner, a layer beside another one', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const model = modelPath('cifar_resnet20.onnx');
  before(requireData);
  after(() => runner.dispose());

  it('of the same numbers in another file: no change, although one of them keeps its weights elsewhere', async () => {
    // The last layer is not touched by folding; the file stores its weights outside.
    const other = { model: modelPath('cifar_resnet20_dynamo.onnx') };
    const same = await service.compareWeights({ model, layer: 'linear', other }, call());
    assert.deepEqual([same.layer, same.weight.shape, same.leftOut], ['linear', [10, 64], 0]);
    assert.ok(
      same.relative < 1e-6 && same.cosine > 1 - 1e-6 && same.largest < 1e-6,
      `same.relative: ${same.relative}, same.cosine: ${same.cosine}, same.largest: ${same.largest}`,
    );
    assertClose(same.l2, same.otherL2, { absolute: 1e-4 }, 'norm of the same weights');
  });

  it('of a network with random weights: the norms and the angle that a second reading gives', async () => {
    const other = modelPath('cifar_resnet20_random.onnx');
    const request = { layer: 'layer1.0.conv1' };
    const [a, b] = await Promise.all([
      service.weights({ model, ...request }, call()),
      service.weights({ model: other, ...request }, call()),
    ]);
    const got = await service.compareWeights({ model, ...request, other: { model: other } }, call());
    const [x, y] = [a.page.values.data, b.page.values.data];
    let [dot, xx, yy, difference, largest] = [0, 0, 0, 0, 0];
    x.forEach((v, i) => {
      dot += v * y[i]!;
      xx += v * v;
      yy += y[i]! ** 2;
      difference += (v - y[i]!) ** 2;
      largest = Math.max(largest, Math.abs(v - y[i]!));
    });
    const near = (what: 'l2' | 'otherL2' | 'differenceL2' | 'relative' | 'cosine' | 'largest', want: number): void =>
      assertClose(got[what], want, { relative: 1e-6 }, what);
    near('l2', Math.sqrt(xx));
    near('otherL2', Math.sqrt(yy));
    near('differenceL2', Math.sqrt(difference));
    near('relative', Math.sqrt(difference / xx));
    near('cosine', dot / Math.sqrt(xx * yy));
    near('largest', largest);
    assertClose(got.cosine, 0, { absolute: 0.2 }, 'cosine: random weights know nothing of the trained ones');
    // By filters: their squares add up to the whole.
    const norms = a.statistics!.filterNorms;
    const sum = got.filterRelative.reduce((total, r, i) => total + (r * norms[i]!) ** 2, 0);
    assertClose(Math.sqrt(sum), got.differenceL2, { relative: 1e-5 }, 'norm of the differences');
    assert.equal(got.filterRelative.length, 16);
    assert.ok(got.largestFilter >= 0 && got.largestFilter < 16, `got.largestFilter: ${got.largestFilter}`);
  });

  it('drawn anew: the same seed gives the same weights, of the same mean and deviation', async () => {
    const request = { model, layer: 'layer3.0.conv1' };
    const own = await service.weights(request, call());
    const drawn = await service.weights({ ...request, random: 3 }, call());
    assert.deepEqual(drawn.page.values.dims, own.page.values.dims);
    const [s, d] = [own.statistics!, drawn.statistics!];
    assert.notDeepEqual(drawn.page.values.data, own.page.values.data);
    assertClose(d.std, s.std, { relative: 0.03 }, 'spread');
    assertClose(d.mean, s.mean, { absolute: 0.05 * s.std }, 'mean');
    const again = await service.weights({ ...request, random: 3 }, call());
    assert.deepEqual(again.page.values.data, drawn.page.values.data);
    const other = await service.weights({ ...request, random: 4 }, call());
    assert.notDeepEqual(other.page.values.data, drawn.page.values.data);
    const compared = await service.compareWeights({ ...request, other: { random: 3 } }, call());
    assertClose(compared.otherL2, d.l2, { relative: 1e-4 }, 'norm of the other');
    // Two independent draws of the same variance are √2 of one of them apart.
    assertClose(compared.relative, Math.SQRT2, { absolute: 0.1 }, 'relative difference');
    assert.deepEqual((await service.weights(request, call())).page.values.data, own.page.values.data);
  });

  it('that is not there, or has another shape: one sentence each', async () => {
    const ask = (layer: string, other: string): Promise<unknown> =>
      service.compareWeights({ model, layer, other: { model: modelPath(other) } }, call());
    await assert.rejects(ask('layer2.0.conv1', 'small_cnn.onnx'), {
      message: 'small_cnn.onnx has no layer "layer2.0.conv1".',
    });
    await assert.rejects(ask('conv1', 'small_cnn.onnx'), /is 16×3×3×3 here and .* in small_cnn\.onnx: they cannot be/);
    await assert.rejects(ask('relu', 'small_cnn.onnx'), /holds no weights/);
  });
});

describe('runner, what the nodes of a graph make of a picture', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const model = modelPath('cifar_resnet20.onnx');
  const provider = 'cpu' as const;
  const folder = temporaryFolder();
  before(requireData);
  after(() => runner.dispose());

  it('is what the reference says, node by node', async () => {
    const statistics = JSON.parse(readFileSync(dataPath('reference/activation_statistics.json'), 'utf8')) as Record<
      string,
      { values: Record<string, { node: string; zero_fraction: number; min: number; max: number }> }
    >;
    const { values } = statistics['cifar_resnet20.onnx']!;
    const structure = await service.graphView({ model }, call());
    const inputs = [0, 1, 2, 3].map((k) => {
      const input = filePath(path.join(folder, `${k}.npy`));
      writeFileSync(input, writeNpy(sample(reference('cifar_resnet20', 'input'), k)));
      return input;
    });
    const answers = [];
    for (const input of inputs) answers.push(await service.graphActivations({ model, provider, input }, call()));
    let checked = 0;
    for (const [value, want] of Object.entries(values)) {
      const at = structure.nodes.findIndex((node) => node.kind === 'node' && node.outputs[0] === value);
      if (at < 0) continue;
      const zero = answers.reduce((sum, a) => sum + a.zero[at]! / answers.length, 0);
      const largest = Math.max(...answers.map((a) => a.largest[at]!));
      assertClose(zero, want.zero_fraction, { absolute: 1e-4 }, `${value}: zeros`);
      const magnitude = Math.max(Math.abs(want.min), Math.abs(want.max));
      assertClose(largest, magnitude, { relative: 1e-4 }, `${value}: largest`);
      checked++;
    }
    assert.ok(checked > 20, String(checked));
    const [first] = answers;
    assert.equal(first!.meanMagnitude.length, structure.nodes.length);
    assert.ok(first!.measured > 70, `first.measured: ${first!.measured}`);
    const relu = structure.nodes.findIndex((node) => node.op === 'Relu');
    assert.ok(
      first!.meanMagnitude[relu]! > 0 && first!.std[relu]! > 0 && first!.notFinite[relu] === 0,
      `first.meanMagnitude[relu]: ${first!.meanMagnitude[relu]!}, first.std[relu]: ${first!.std[relu]!}, first.notFinite[relu]: ${first!.notFinite[relu]}`,
    );
  });

  it('leaves out what does not depend on the picture, and stops when asked to', async () => {
    const input = dataPath('images/cifar10_test_jpg/cat/0000.jpg');
    const vit = modelPath('small_vit.onnx');
    const structure = await service.graphView({ model: vit }, call());
    const got = await service.graphActivations({ model: vit, provider, input }, call());
    const shape = structure.nodes.findIndex((node) => node.op === 'Shape');
    if (shape >= 0) assert.ok(Number.isNaN(got.meanMagnitude[shape]));
    const softmax = structure.nodes.findIndex((node) => node.op === 'Softmax');
    assertClose(got.meanMagnitude[softmax]!, 1 / 17, { absolute: 1e-4 }, 'a row of attention adds up to one');
    const abort = new AbortController();
    await assert.rejects(
      service.graphActivations(
        { model, provider, input },
        call((r) => r.fraction !== undefined && abort.abort(), abort.signal),
      ),
      CancelledError,
    );
    await assert.rejects(
      service.graphActivations({ model, provider, input: filePath(path.join(folder, 'nothing.png')) }, call()),
      /nothing\.png/,
    );
  });
});
