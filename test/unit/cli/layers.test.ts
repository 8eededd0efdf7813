import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readNpy, writeNpy } from '../../../src/base/npy.js';
import { writeFileSync } from 'node:fs';
import { assertClose } from '../support/close.js';
import { dataPath, modelPath, reference, requireData, sample } from '../support/data.js';
import { runCli as run, type Ran } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

describe('cli, weights and activations', () => {
  const model = modelPath('cifar_resnet20.onnx');
  const folder = temporaryFolder();
  before(requireData);
  const at = (name: string): string => path.join(folder, name);

  it('writes the weights of a layer as picture, values and statistics, the same bytes every time', async () => {
    const want = JSON.parse(readFileSync(dataPath('reference/weight_statistics.json'), 'utf8')) as Record<
      string,
      Record<string, { mean: number; l1: number; shape: number[] }>
    >;
    const expected = want['cifar_resnet20.onnx']!['layer1.0.conv1.weight']!;
    const first = await run('weights', model, '--layer', 'layer1.0.conv1', '--out', at('a'), '--json');
    assert.equal(first.code, 0, first.err);
    await run('weights', model, '--layer', 'layer1.0.conv1', '--out', at('b'));
    for (const ending of ['png', 'npy']) {
      const name = `layer1.0.conv1.weights.${ending}`;
      assert.deepEqual(readFileSync(path.join(at('a'), name)), readFileSync(path.join(at('b'), name)), name);
    }
    const document = JSON.parse(first.out) as {
      schema: string;
      sha256: string;
      files: string[];
      weights: { name: string; mean: number; l1: number; shape: number[]; histogram: { counts: number[] } }[];
    };
    assert.equal(document.schema, 'onnx-lens/weights/1');
    assert.match(document.sha256, /^[0-9a-f]{64}$/);
    assert.equal(document.files.length, 3);
    const [weight] = document.weights;
    assert.deepEqual([weight!.name, weight!.shape], ['layer1.0.conv1.weight', expected.shape]);
    assertClose(weight!.l1, expected.l1, { relative: 1e-4 }, 'l1');
    assert.equal(weight!.histogram.counts.length, 64);
    const values = readNpy(readFileSync(document.files[1]!));
    assert.deepEqual(values.dims, expected.shape);
    const mean = (values.data as Float32Array).reduce((a, b) => a + b, 0) / values.data.length;
    assertClose(mean, expected.mean, { absolute: 1e-6 }, 'mean');
    assert.deepEqual(
      [...readFileSync(document.files[0]!).subarray(1, 4)].map((c) => String.fromCharCode(c)).join(''),
      'PNG',
    );
  });

  it('writes one file by its ending, of a weight by name', async () => {
    const file = at('bias.npy');
    const { code, out } = await run(
      'weights',
      model,
      '--layer',
      'linear',
      '--param',
      'weight=linear.bias',
      '--out',
      file,
    );
    assert.equal(code, 0);
    assert.deepEqual(readNpy(readFileSync(file)).dims, [10]);
    assert.match(out, /linear\.weight +weight +10×64 +float32/);
    assert.ok(!existsSync(at('linear.weights.png')));
  });

  it('refuses what it cannot do with one line', async () => {
    const cases: [string[], RegExp][] = [
      [['weights', model], /needs --layer/],
      [['weights', model, '--layer', 'layer1.0.conv9'], /no layer "layer1.0.conv9".*Did you mean/],
      [['weights', model, '--layer', 'relu'], /holds no weights/],
      [['weights', model, '--layer', 'conv1', '--param', 'page=2'], /no parameter "page"/],
      [['weights', model, '--layer', 'conv1', '--out', at('x.csv')], /writes \.png, \.npy, \.json/],
      [['activations', model, '--layer', 'conv1'], /needs an input/],
      [['activations', model, at('none.png'), '--layer', 'conv1'], /no file or folder/],
    ];
    for (const [argv, sentence] of cases) {
      const { code, err } = await run(...argv);
      assert.equal(code, 2, argv.join(' '));
      assert.match(err, sentence);
    }
  });

  it('writes the activations of a layer as the references have them', async () => {
    const input = at('input.npy');
    writeFileSync(input, writeNpy(sample(reference('cifar_resnet20', 'input'), 0)));
    const file = at('layer2.npy');
    const ran = await run(
      'activations',
      model,
      input,
      '--layer',
      'layer2',
      '--out',
      file,
      '--provider',
      'cpu',
      '--json',
    );
    assert.equal(ran.code, 0, ran.err);
    const want = sample(reference('cifar_resnet20', 'activation_layer2'), 0);
    const got = readNpy(readFileSync(file));
    assert.deepEqual(got.dims, want.dims);
    assertClose(got.data as Float32Array, want.data, { relative: 1e-4 }, 'weights');
    const document = JSON.parse(ran.out) as {
      schema: string;
      provider: string;
      results: { shape: number[]; perChannel: { mean: number[] }; files: string[]; recipe: { layer: string } }[];
    };
    assert.equal(document.schema, 'onnx-lens/activations/1');
    assert.equal(document.provider, 'cpu');
    const [result] = document.results;
    assert.deepEqual([result!.shape, result!.files, result!.recipe.layer], [[32, 16, 16], [file], 'layer2']);
    assert.equal(result!.perChannel.mean.length, 32);
  });

  it('stacks several inputs, and draws the same picture every time', async () => {
    const input = at('three.npy');
    const all = reference('cifar_resnet20', 'input');
    writeFileSync(input, writeNpy({ ...all, dims: [3, 3, 32, 32], data: all.data.slice(0, 3 * 3072) }));
    const file = at('stack.npy');
    const { code } = await run('activations', model, input, '--layer', 'avgpool', '--out', file, '--provider', 'cpu');
    assert.equal(code, 0);
    assert.deepEqual(readNpy(readFileSync(file)).dims, [3, 64, 1, 1]);
    const cat = dataPath('images/cifar10_test_jpg/cat/0000.jpg');
    const draw = (name: string): Promise<Ran> =>
      run('activations', model, cat, '--layer', 'layer1', '--out', at(name), '--provider', 'cpu');
    await draw('one.png');
    await draw('two.png');
    assert.deepEqual(readFileSync(at('one.png')), readFileSync(at('two.png')));
    const both = await run(
      'activations',
      model,
      cat,
      at('none.png'),
      '--layer',
      'layer1',
      '--provider',
      'cpu',
      '--json',
    );
    assert.equal(both.code, 2);
    const { results } = JSON.parse(both.out) as { results: { error?: { code: string } }[] };
    assert.deepEqual(
      results.map((r) => r.error?.code ?? 'done'),
      ['done', 'input/not-found'],
    );
  });
});
