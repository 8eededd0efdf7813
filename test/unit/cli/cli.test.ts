import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readNpy, writeNpy } from '../../../src/base/npy.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { main } from '../../../src/cli/main.js';
import type { ClassScore } from '../../../src/result/explanation.js';
import type { Recipe } from '../../../src/result/recipe.js';
import { assertClose } from '../support/close.js';
import { dataPath, modelPath, reference, requireData, sample } from '../support/data.js';
import { expected } from '../support/subject.js';
import { runCli as run } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

describe('cli', () => {
  const cat = dataPath('images/cifar10_test_jpg/cat/0000.jpg');
  const ship = dataPath('images/cifar10_test_jpg/ship/0000.jpg');
  const folder = temporaryFolder();
  let model: string;

  before(requireData);
  before(() => {
    model = path.join(folder, 'resnet20.onnx');
    cpSync(modelPath('cifar_resnet20.onnx'), model);
    const labels = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
    const input = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], range: [0, 1] };
    writeFileSync(path.join(folder, 'resnet20.lens.json'), JSON.stringify({ input, labels }));
  });

  it('predicts one document, true classes from the folders, accuracy and confusion', async () => {
    const { code, out, err } = await run(
      'predict',
      model,
      dataPath('images/cifar10_test_jpg'),
      '--json',
      '--top',
      '2',
      '--provider',
      'cpu',
    );
    assert.equal(code, 0, err);
    const document = JSON.parse(out) as {
      schema: string;
      model: string;
      sha256: string;
      provider: string;
      accuracy: number;
      preprocessing: Record<string, { value: unknown; origin: { kind: string } }>;
      confusion: { labels: string[]; counts: number[][] };
      results: { input: string; label: string; top: ClassScore[] }[];
    };
    assert.equal(document.schema, 'onnx-lens/predict/1');
    assert.equal(document.model, model);
    assert.match(document.sha256, /^[0-9a-f]{64}$/);
    assert.equal(document.provider, 'cpu');
    assert.deepEqual(document.preprocessing['mean']!.value, [0.485, 0.456, 0.406]);
    assert.equal(document.preprocessing['mean']!.origin.kind, 'sidecar');
    assert.equal(document.results.length, 300);
    assertClose(document.accuracy, 0.8133, { absolute: 0.005 }, 'accuracy');
    assert.equal(document.results[0]!.top.length, 2);
    assert.equal(document.results[0]!.label, 'airplane');
    assert.equal(document.confusion.labels.length, 10);
    const all = document.confusion.counts.flat().reduce((a, b) => a + b, 0);
    const right = document.confusion.counts.reduce((sum, row, i) => sum + row[i]!, 0);
    assert.equal(all, 300);
    assert.equal(right / all, document.accuracy);
  });

  it('reports an input that fails and does the others', async () => {
    const text = path.join(folder, 'text.png');
    writeFileSync(text, 'no picture');
    const wrong = path.join(folder, 'wrong.npy');
    writeFileSync(wrong, writeNpy(floatTensor([3, 31, 32])));
    const { code, out, err } = await run(
      'predict',
      model,
      text,
      cat,
      wrong,
      path.join(folder, 'none.jpg'),
      '--json',
      '--provider',
      'cpu',
    );
    assert.equal(code, 2);
    const { results } = JSON.parse(out) as {
      results: { input: string; top?: unknown; error?: { code: string; message: string } }[];
    };
    assert.deepEqual(
      results.map((r) => r.error?.code ?? 'done'),
      ['input/not-a-picture', 'done', 'input/shape', 'input/not-found'],
    );
    assert.equal(err.split('\n').filter((line) => line.startsWith('error: ')).length, 3);
  });

  it('writes overlay, values and recipe of each input, the same bytes every time', async () => {
    const args = [
      'explain',
      model,
      cat,
      ship,
      '--method',
      'occlusion',
      '--param',
      'patch=8',
      '--param',
      'stride=4',
      '--json',
      '--provider',
      'cpu',
    ];
    const first = path.join(folder, 'first');
    const second = path.join(folder, 'second');
    const { code, out, err } = await run(...args, '--out', first);
    assert.equal(code, 0, err);
    await run(...args, '--out', second);
    // Both pictures are called 0000.jpg: the folder's name tells them apart.
    const files = ['cat_0000', 'ship_0000'].flatMap((stem) =>
      ['json', 'npy', 'png'].map((ending) => `${stem}.occlusion.${ending}`),
    );
    assert.deepEqual(readdirSync(first).sort(), files);
    for (const file of files)
      assert.deepEqual(readFileSync(path.join(first, file)), readFileSync(path.join(second, file)), file);

    const recipe = JSON.parse(readFileSync(path.join(first, 'cat_0000.occlusion.json'), 'utf8')) as Recipe;
    assert.equal(recipe.schema, 'onnx-lens/recipe/1');
    assert.deepEqual(recipe.params, { patch: '8', stride: '4', fill: 'zero', ...withoutKnown(recipe.params) });
    assert.equal(recipe.target!.label, 'cat');
    const { results } = JSON.parse(out) as {
      results: { method: string; target: { index: number }; score: number; probability: number; files: string[] }[];
    };
    assert.deepEqual(
      results.map((r) => r.target.index),
      [3, 8],
    );
    assert.ok(
      results.every((r) => r.method === 'occlusion' && r.files.length === 3 && r.probability > 0 && r.probability <= 1),
    );
    const map = readNpy(readFileSync(path.join(first, 'cat_0000.occlusion.npy')));
    assert.deepEqual(map.dims, [32, 32]);
    assertClose(map.data as Float32Array, expected('cifar_resnet20', 'occlusion', 0), { relative: 1e-3 }, 'map');
  });

  it('takes stacked tensors and stacks what it writes', async () => {
    const inputs = reference('cifar_resnet20', 'input');
    const npy = path.join(folder, 'inputs.npy');
    writeFileSync(npy, writeNpy(inputs));
    const out = path.join(folder, 'gradients.npy');
    const ran = await run('explain', model, npy, '--method', 'gradient', '--out', out, '--json', '--provider', 'cpu');
    assert.equal(ran.code, 0, ran.err);
    const { results } = JSON.parse(ran.out) as { results: { input: string }[] };
    assert.deepEqual(
      results.map((r) => r.input),
      [0, 1, 2, 3].map((k) => `${npy}#${k}`),
    );
    const written = readNpy(readFileSync(out));
    assert.deepEqual(written.dims, [4, 3, 32, 32]);
    const gradient = reference('cifar_resnet20', 'gradient');
    for (const k of [0, 2, 3]) {
      const part = (written.data as Float32Array).subarray(k * 3072, (k + 1) * 3072);
      assertClose(part, sample(gradient, k).data, { relative: 1e-4 }, `gradient of picture ${k}`);
    }
  });

  it('explains what is asked: by index, by name, by rank', async () => {
    const target = async (t: string): Promise<number> => {
      const { out, err } = await run(
        'explain',
        model,
        cat,
        '--method',
        'gradient',
        '--target',
        t,
        '--json',
        '--provider',
        'cpu',
      );
      const { results } = JSON.parse(out) as { results: { target?: { index: number } }[] };
      return results[0]!.target?.index ?? assert.fail(err);
    };
    assert.equal(await target('5'), 5);
    assert.equal(await target('DOG'), 5);
    assert.equal(await target('top1'), 3);
    const { code, err } = await run(
      'explain',
      model,
      cat,
      '--method',
      'gradient',
      '--target',
      'dgo',
      '--provider',
      'cpu',
    );
    assert.equal(code, 2);
    assert.match(err, /No single class is called "dgo"/);
  });

  it('inspects', async () => {
    const { code, out } = await run('inspect', model, '--json');
    assert.equal(code, 0);
    const found = JSON.parse(out) as Record<string, unknown> & {
      layers: { name: string; op: string; parameters: number; shape: number[] }[];
    };
    assert.equal(found['schema'], 'onnx-lens/inspect/1');
    assert.deepEqual(found['opset'], { 'ai.onnx': 17 });
    assert.deepEqual(found['inputs'], [{ name: 'input', type: 'float32', dims: ['batch', 3, 32, 32] }]);
    assert.deepEqual((found['differentiable'] as { yes: boolean }).yes, true);
    assert.deepEqual((found['labels'] as { count: number }).count, 10);
    const first = found.layers[0]!;
    assert.deepEqual([first.name, first.op, first.parameters, first.shape], ['conv1', 'Conv', 432, [1, 16, 32, 32]]);
  });

  it('lists methods with their parameters', async () => {
    const { out } = await run('methods', '--json');
    const { methods } = JSON.parse(out) as { methods: { id: string; parameters: object; citation: string }[] };
    assert.ok(methods.some((m) => m.id === 'gradient') && methods.some((m) => m.id === 'occlusion'));
    assert.ok(methods.every((m) => m.citation.length > 10));
    assert.match((await run('methods')).out, /^group +id +title +passes/);
  });

  it('describes every option there is', async () => {
    const { err } = await run('predict', '--none');
    const options = [...err.matchAll(/--(\w+)/g)].map(([option]) => option).filter((o) => o !== '--none');
    assert.ok(options.length > 15, err);
    const { out } = await run('--help');
    for (const option of options)
      if (option !== '--help' && option !== '--version') assert.match(out, new RegExp(`^  ${option}( |$)`, 'm'));
  });

  const mistakes: [string, string[], string, number][] = [
    ['an unknown verb', ['explian', 'x'], 'cli/usage', 2],
    ['an unknown option', ['predict', 'x', 'y', '--fast'], 'cli/usage', 2],
    ['an option of another verb', ['methods', '--seed', '1'], 'cli/usage', 2],
    ['a missing input', ['predict', 'x'], 'cli/usage', 2],
    ['an option given twice', ['explain', 'x', 'y', '--method', 'gradient', '--method', 'gradcam'], 'cli/usage', 2],
    [
      'a parameter given twice',
      ['explain', 'x', 'y', '--method', 'gradient', '--param', 'reduce=l1', '--param', 'reduce=l2'],
      'cli/usage',
      2,
    ],
    ['a bad number', ['predict', 'x', 'y', '--threads', 'many'], 'cli/usage', 2],
    ['a bad parameter form', ['explain', 'x', 'y', '--method', 'gradient', '--param', 'reduce'], 'cli/usage', 2],
    ['a missing model', ['inspect', '/none/such.onnx'], '', 2],
  ];
  for (const [what, argv, code, exit] of mistakes) {
    it(`ends with one sentence and ${exit} for ${what}`, async () => {
      const ran = await run(...argv, '--json');
      assert.equal(ran.code, exit);
      const document = JSON.parse(ran.out) as { schema: string; code: string; message: string };
      assert.equal(document.schema, 'onnx-lens/error/1');
      if (code !== '') assert.equal(document.code, code);
      assert.ok(ran.err.startsWith(`error: ${document.message}`));
      assert.doesNotMatch(ran.err, /\n\s+at /);
    });
  }

  it('refuses unknown methods and parameters with those there are', async () => {
    const method = await run('explain', model, cat, '--method', 'ocluson');
    assert.equal(method.code, 2);
    assert.match(method.err, /Did you mean occlusion/);
    const param = await run('explain', model, cat, '--method', 'gradient', '--param', 'steps=3');
    assert.equal(param.code, 2);
    assert.match(param.err, /It has reduce/);
  });

  it('ends with 130 when it is interrupted', async () => {
    const abort = new AbortController();
    let code: number | undefined;
    const running = main(
      [
        'explain',
        model,
        cat,
        '--method',
        'occlusion',
        '--param',
        'patch=2',
        '--param',
        'stride=1',
        '--provider',
        'cpu',
      ],
      {
        out: () => undefined,
        err: () => undefined,
        terminal: false,
        signal: abort.signal,
      },
    ).then((c) => (code = c));
    setTimeout(() => abort.abort(), 150);
    await running;
    assert.equal(code, 130);
  });
});

function withoutKnown(params: Recipe['params']): Recipe['params'] {
  const { patch: _patch, stride: _stride, fill: _fill, ...rest } = params;
  return rest;
}
