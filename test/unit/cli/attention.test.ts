import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeNpy, readNpy } from '../../../src/base/npy.js';
import { floatTensor, type FloatTensor } from '../../../src/base/tensor.js';
import { runCli as run } from '../support/cli.js';
import { assertClose } from '../support/close.js';
import { modelPath, reference, requireData, sample } from '../support/data.js';
import { expected } from '../support/subject.js';
import { temporaryFolder } from '../support/temporary.js';

interface Document {
  readonly schema: string;
  readonly layers: readonly {
    readonly name: string;
    readonly heads: number;
    readonly tokens: number;
    readonly prefix: number;
    readonly grid: readonly number[];
  }[];
  readonly entropy: readonly (readonly number[])[];
  readonly distance: readonly (readonly number[])[];
  readonly norms: readonly { readonly layer: string; readonly outliers: number; readonly norms: readonly number[] }[];
  readonly target?: { readonly index: number };
}

describe('cli: attention', () => {
  before(requireData);
  const folder = temporaryFolder();
  const at = (name: string): string => path.join(folder, name);
  const model = modelPath('small_vit.onnx');
  const input = at('input.npy');
  before(() => {
    const one = sample(reference('small_vit', 'input'), 0);
    writeFileSync(input, writeNpy(floatTensor([1, ...one.dims], one.data)));
  });
  const npy = (name: string): FloatTensor => readNpy(readFileSync(at(name))) as FloatTensor;

  it('writes the matrices, and says what each layer is', async () => {
    const { code, out, err } = await run('attention', model, input, '--out', at('a.npy'), '--json');
    assert.equal(code, 0, err);
    const document = JSON.parse(out) as Document;
    assert.equal(document.schema, 'onnx-lens/attention/1');
    assert.deepEqual(
      document.layers.map(({ heads, tokens, prefix, grid }) => ({ heads, tokens, prefix, grid })),
      Array.from({ length: 3 }, () => ({ heads: 4, tokens: 17, prefix: 1, grid: [4, 4] })),
    );
    const written = npy('a.npy');
    assert.deepEqual(written.dims, [3, 4, 17, 17]);
    assertClose(written.data, expected('small_vit', 'attention', 0), { absolute: 1e-5 }, 'matrices');
    assertClose(document.entropy.flat(), expected('small_vit', 'attention_entropy', 0), { absolute: 1e-5 }, 'entropy');
    assertClose(
      document.distance.flat(),
      expected('small_vit', 'attention_distance', 0),
      { absolute: 1e-5 },
      'distance',
    );
    assert.deepEqual(
      document.norms.map((n) => n.norms.length),
      [17, 17, 17],
    );
  });

  for (const fusion of ['mean', 'max', 'min']) {
    it(`joins layers by rollout, heads by their ${fusion}`, async () => {
      const { code, err } = await run(
        'attention',
        model,
        input,
        '--param',
        'map=rollout',
        '--param',
        `fusion=${fusion}`,
        '--out',
        at('r.npy'),
      );
      assert.equal(code, 0, err);
      assertClose(npy('r.npy').data, expected('small_vit', `rollout_${fusion}`, 0), { absolute: 1e-5 }, fusion);
    });
  }

  it('weighs by the gradient of a class', async () => {
    const target = reference('small_vit', 'target').data[0]!;
    const { code, out, err } = await run(
      'attention',
      model,
      input,
      '--param',
      'map=relevance',
      '--target',
      `${target}`,
      '--out',
      at('g.npy'),
      '--json',
    );
    assert.equal(code, 0, err);
    assertClose(npy('g.npy').data, expected('small_vit', 'attention_relevance', 0), { relative: 1e-5 }, 'relevance');
    assert.equal((JSON.parse(out) as Document).target?.index, target);
  });

  it('draws what a token looks at, of one layer too, to the same bytes', async () => {
    for (const name of ['a.png', 'b.png']) {
      const { code, err } = await run(
        'attention',
        model,
        input,
        '--param',
        'token=1,2',
        '--layer',
        'blocks.1.attn',
        '--out',
        at(name),
      );
      assert.equal(code, 0, err);
    }
    assert.deepEqual(readFileSync(at('a.png')), readFileSync(at('b.png')));
    assert.deepEqual([...readFileSync(at('a.png')).subarray(1, 4)], [...Buffer.from('PNG')]);
  });

  it('shows what is looked at without a head, and what the prediction loses without each', async () => {
    const { code, err } = await run('attention', model, input, '--silence', 'blocks.0.attn:1', '--out', at('s.npy'));
    assert.equal(code, 0, err);
    const [whole, cut] = [expected('small_vit', 'attention', 0), npy('s.npy').data];
    assert.deepEqual([...cut.subarray(17 * 17, 2 * 17 * 17)], new Array<number>(17 * 17).fill(0));
    assertClose(cut.subarray(0, 17 * 17), whole.subarray(0, 17 * 17), { absolute: 1e-5 }, 'the head before');

    const ranked = await run('silence', model, input, '--target', '3', '--out', at('s.csv'), '--json');
    assert.equal(ranked.code, 0, ranked.err);
    const { rows, counted, target } = JSON.parse(ranked.out) as {
      readonly rows: readonly {
        readonly layer: string;
        readonly head: number;
        readonly before: number;
        readonly drop: number;
      }[];
      readonly counted: number;
      readonly target: { readonly index: number };
    };
    assert.deepEqual([rows.length, counted, target.index], [12, 1, 3]);
    assert.deepEqual(
      rows.map((r) => r.drop),
      rows.map((r) => r.drop).toSorted((a, b) => b - a),
    );
    assert.equal(readFileSync(at('s.csv'), 'utf8').split('\n').length, 14);
    const layers = await run('silence', model, input, '--param', 'each=layer', '--layer', 'blocks.2');
    assert.match(layers.out, /blocks\.2\.attn\.softmax +all/);
  });

  it('takes from the settings file where tokens stand', async () => {
    const config = at('said.lens.json');
    const name = 'blocks.0.attn.softmax';
    writeFileSync(config, JSON.stringify({ attention: { [name]: { prefix: 1, grid: [2, 8] } } }));
    const { code, out, err } = await run('attention', model, input, '--config', config, '--json');
    assert.equal(code, 0, err);
    const { layers } = JSON.parse(out) as Document;
    assert.deepEqual(
      layers.map((l) => l.grid),
      [
        [2, 8],
        [4, 4],
        [4, 4],
      ],
    );
    for (const [attention, sentence] of [
      [
        { [name]: { prefix: 2, grid: [4, 4] } },
        /"blocks\.0\.attn\.softmax" has not 18 tokens: 2 without a place and 4 × 4/,
      ],
      [{ prefix: 0, grid: [3, 3] }, /No layer of attention has 9 tokens.*\(17 × 17\)/],
      [{ prefix: -1, grid: [4, 4] }, /"attention\.prefix" must be 0 or more/],
    ] as const) {
      writeFileSync(config, JSON.stringify({ attention }));
      const wrong = await run('attention', model, input, '--config', config);
      assert.match(wrong.err, sentence);
      assert.equal(wrong.code, 2);
    }
  });

  it('refuses to silence what is not there', async () => {
    for (const [args, sentence] of [
      [
        ['attention', model, input, '--silence', 'blocks.0.attn:9'],
        /has 4 heads; none is number 9\. Name one from 0 to 3/,
      ],
      [['silence', model, input, '--param', 'each=token'], /each=token: head or layer is meant/],
      [['silence', modelPath('cifar_resnet20.onnx'), input], /This model has no attention/],
    ] as const) {
      const { code, err } = await run(...args);
      assert.match(err, sentence);
      assert.ok(code === 2 || code === 3, `${code}`);
    }
  });

  const mistakes: [string, string[], RegExp, number][] = [
    ['a model without any', [modelPath('cifar_resnet20.onnx'), input], /This model has no attention/, 3],
    [
      'a layer without any',
      [model, input, '--layer', 'head'],
      /There is no attention in a layer "head"\. There is some in blocks\.0\.attn/,
      2,
    ],
    [
      'a token that is none',
      [model, input, '--param', 'token=left'],
      /"left" is no token\. Write class, centre, or ROW,COLUMN/,
      2,
    ],
    [
      'a layer to begin at that is not there',
      [model, input, '--param', 'map=rollout', '--param', 'start=3'],
      /There are 3 layers; none is number 4/,
      2,
    ],
    [
      'an unknown parameter',
      [model, input, '--param', 'head=1'],
      /has no parameter "head"\. It has map, fusion, start, token/,
      2,
    ],
  ];
  for (const [what, args, sentence, exit] of mistakes) {
    it(`refuses ${what} in one sentence`, async () => {
      const { code, err } = await run('attention', ...args);
      assert.match(err, sentence);
      assert.equal(code, exit, err);
    });
  }
});
