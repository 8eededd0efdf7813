import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readNpy, writeNpy } from '../../../src/base/npy.js';
import { runCli as run } from '../support/cli.js';
import { assertClose } from '../support/close.js';
import { dataPath, modelPath, reference, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

interface Document {
  readonly schema: string;
  readonly trace: readonly number[];
  readonly steps: number;
  readonly ended: string;
  readonly seed: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly says: { readonly value?: number; readonly probability?: number; readonly top: readonly { index: number }[] };
  readonly change?: { readonly norm: number; readonly before: { readonly probability: number } };
  readonly saved: { readonly width: number; readonly height: number; readonly exact: boolean };
  readonly recipe: { readonly method: string; readonly params: Readonly<Record<string, unknown>> };
}

const FEW = ['--param', 'steps=1', '--param'] as const;

describe('cli: visualize', () => {
  before(requireData);
  const folder = temporaryFolder();
  const at = (name: string): string => path.join(folder, name);
  const birds = 'models/birds/birds_cnn.onnx';

  for (const [name, tv] of [
    ['featurevis_conv3_c5', '0'],
    ['featurevis_conv3_c5_tv', '0.001'],
  ] as const) {
    it(`ends where ${name} does`, async () => {
      writeFileSync(at('start.npy'), writeNpy(reference('small_cnn', 'featurevis_start')));
      const model = modelPath('small_cnn.onnx');
      const asked = [
        'preset=naive',
        `start=${at('start.npy')}`,
        'optimizer=normalised',
        'lr=0.5',
        'steps=20',
        `tv=${tv}`,
      ];
      const { code, out, err } = await run(
        'visualize',
        model,
        '--layer',
        'conv3',
        '--channel',
        '5',
        '--out',
        at('made.npy'),
        '--json',
        ...asked.flatMap((one) => ['--param', one]),
      );
      assert.equal(code, 0, err);
      const document = JSON.parse(out) as Document;
      const expected = reference('small_cnn', name);
      assert.equal(document.schema, 'onnx-lens/visualize/1');
      assertClose(document.trace, (expected.params as { trace: number[] }).trace, { absolute: 1e-4 }, 'trace');
      const made = readNpy(readFileSync(at('made.npy')));
      assert.deepEqual(made.dims, [1, 3, 32, 32]);
      assertClose(made.data as Float32Array, expected.data, { absolute: 1e-3 }, 'picture');
    });
  }

  it('makes the same bytes of the same seed', async () => {
    const make = async (name: string, seed: string): Promise<Buffer> => {
      const asked = ['--target', 'Ladderwren', '--seed', seed, '--param', 'steps=6', '--out', at(name)];
      const { code, err } = await run('visualize', birds, ...asked);
      assert.equal(code, 0, err);
      return readFileSync(at(name));
    };
    const [a, b, c] = [await make('a.png', '3'), await make('b.png', '3'), await make('c.png', '4')];
    assert.ok(a.equals(b), 'the same seed gives the same bytes');
    assert.ok(!a.equals(c), 'another seed gives others');
  });

  it('makes a picture that the model takes for the class, read as any picture is', async () => {
    const asked = ['--target', 'Ladderwren', '--seed', '3', '--param', 'steps=64', '--json'];
    const { code, out, err } = await run('visualize', birds, ...asked);
    assert.equal(code, 0, err);
    const { says, seed, saved, recipe, steps, trace } = JSON.parse(out) as Document;
    assert.deepEqual(
      [seed, saved, recipe.method],
      [3, { width: 64, height: 64, left: 0, top: 0, exact: true }, 'visualize'],
    );
    assert.deepEqual([steps, trace.length], [64, 65]);
    assert.ok(says.probability! > 0.9, `${says.probability}`);
  });

  it('turns a photograph into another class, survives 8 bits, and says how little that took', async () => {
    const photo = 'models/birds/pictures/Butterfinch/butterfinch-3000000.png';
    const asked = ['preset=naive', `start=${photo}`].flatMap((one) => ['--param', one]);
    const { code, out, err } = await run(
      'visualize',
      birds,
      '--target',
      'Foxwren',
      ...asked,
      '--json',
      '--out',
      at('n.png'),
    );
    assert.equal(code, 0, err);
    const { ended, says, change } = JSON.parse(out) as Document;
    assert.equal(ended, 'reached');
    assert.ok(says.probability! >= 0.9, `${says.probability}`);
    assert.ok(change!.before.probability < 0.5, `${change!.before.probability}`);
    assert.ok(change!.norm > 0.001 && change!.norm < 0.1, `${change!.norm}`);
    const { out: predicted } = await run('predict', birds, at('n.png'), '--json');
    const [result] = (JSON.parse(predicted) as { results: { top: { probability: number }[] }[] }).results;
    assertClose([result!.top[0]!.probability], [says.probability!], { absolute: 1e-6 }, 'as predicted');
  });

  it('makes another picture in which a layer sees the same', async () => {
    const photo = 'models/birds/pictures/Butterfinch/butterfinch-3000000.png';
    const asked = [`invert=${photo}`, 'steps=80'].flatMap((one) => ['--param', one]);
    const { code, out, err } = await run('visualize', birds, '--layer', 'stem', ...asked, '--json');
    assert.equal(code, 0, err);
    const { trace } = JSON.parse(out) as Document;
    assert.ok(trace[0]! < -1 && trace.at(-1)! > -0.2, `${trace[0]} to ${trace.at(-1)}`);
  });

  it('says what another model takes the picture for, and how natural its way through the layers is', async () => {
    const natural = dataPath('images', 'mnist_test');
    const asked = ['steps=2', `other=${modelPath('mnist_vit.onnx')}`, `natural=${natural}`];
    const { code, out, err } = await run(
      'visualize',
      modelPath('mnist_cnn.onnx'),
      '--target',
      '3',
      '--json',
      ...asked.flatMap((one) => ['--param', one]),
    );
    assert.equal(code, 0, err);
    const { transfer, path: way } = JSON.parse(out) as {
      readonly transfer: { model: string; agrees: boolean; top: { index: number }[] };
      readonly path: { label: string; other: string; pictures: number; layers: { layer: string; value?: number }[] };
    };
    assert.equal(transfer.model, 'mnist_vit.onnx');
    assert.equal(transfer.agrees, transfer.top[0]!.index === 3);
    assert.notEqual(way.other, way.label);
    assert.ok(way.pictures >= 10, `${way.pictures}`);
    assert.ok(way.layers.filter((l) => l.value !== undefined).length > 3, JSON.stringify(way.layers));
  });

  it('makes all channels of a layer as a job, whose shares are put together to the same bytes', async () => {
    const asked = ['--layer', 'stem', '--channel', 'all', '--param', 'steps=2', '--param', 'preset=naive'];
    const make = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await run(...args);
      assert.equal(code, 0, err);
      return out;
    };
    await make('visualize', birds, ...asked, '--out', at('all.png'));
    const job = ['--job', at('job')];
    assert.match(await make('visualize', birds, ...asked, ...job, '--shard', '1/2'), /: 12 of 24 units/);
    const { code, err } = await run('merge', at('job'));
    assert.equal(code, 2);
    assert.match(err, /units are missing/);
    await make('visualize', birds, ...asked, ...job, '--shard', '2/2');
    assert.match(await make('merge', at('job'), '--out', at('merged.png')), /stem: 24 channels by naive, 2 steps each/);
    assert.ok(readFileSync(at('merged.png')).equals(readFileSync(at('all.png'))), 'the same bytes');
    await make('visualize', birds, ...asked, ...job, '--out', at('again'));
    const document = JSON.parse(readFileSync(at('again/stem.channels.json'), 'utf8')) as {
      readonly schema: string;
      readonly channels: readonly { readonly channel: number; readonly value: number }[];
    };
    assert.equal(document.schema, 'onnx-lens/visualize-channels/1');
    assert.equal(document.channels[23]!.channel, 23);
  });

  it('makes several facets of one class at once, each a file and each of the class', async () => {
    const asked = ['steps=32', 'facets=3'].flatMap((one) => ['--param', one]);
    const { code, out, err } = await run(
      'visualize',
      birds,
      '--target',
      'Foxwren',
      ...asked,
      '--json',
      '--out',
      at('f.png'),
    );
    assert.equal(code, 0, err);
    const { files, facets } = JSON.parse(out) as {
      readonly files: readonly string[];
      readonly facets: readonly { readonly says: { readonly probability: number } }[];
    };
    assert.deepEqual(files, [at('f.1.png'), at('f.2.png'), at('f.3.png')]);
    assert.ok(
      facets.every(({ says }) => says.probability > 0.9),
      JSON.stringify(facets),
    );
    const [a, b] = files.map((file) => readFileSync(file));
    assert.ok(!a!.equals(b!), 'they differ');
  });

  for (const [what, args, said, exit] of [
    ['a job of one picture', [birds, '--target', '1', '--job', 'x'], /One picture is made at once/, 2],
    ['all channels of a class', [birds, '--target', '1', '--channel', 'all'], /All channels are those of a layer/, 2],
    ['a size that the model does not take', [birds, '--target', '1', ...FEW, 'size=96'], /and no others/, 2],
    [
      'a direction that cannot be read',
      [birds, '--layer', 'stem', ...FEW, 'direction=none.npy'],
      /direction "none\.npy" cannot be read/,
      2,
    ],
    [
      'accentuating nothing',
      [birds, '--target', '1', ...FEW, 'preset=accentuate'],
      /changes a photograph, and none was given/,
      2,
    ],
    ['another model that is not there', [birds, '--target', '1', ...FEW, 'other=none.onnx'], /There is no model at/, 2],
    [
      'natural pictures of a channel',
      [birds, '--layer', 'stem', '--channel', '0', ...FEW, 'natural=models/birds/pictures'],
      /those of a class/,
      2,
    ],
    [
      'fewer than ten natural pictures of the class',
      [birds, '--target', '1', ...FEW, 'natural=models/birds/pictures'],
      /has 4 pictures of/,
      2,
    ],
    [
      'inverting what no layer sees',
      [birds, '--target', '1', '--param', 'invert=x.png'],
      /what a layer sees, and none was named/,
      2,
    ],
    ['nothing to make a picture of', [birds], /Nothing says what the picture is to be of\. Give --target T/, 2],
    ['a channel without a layer', [birds, '--channel', '1'], /A channel is one of a layer/, 2],
    ['an input', [birds, 'x.png', '--target', '1'], /takes a model and no input/, 2],
    ['an unknown switch', [birds, '--target', '1', '--param', 'bluring=1'], /no parameter "bluring"/, 2],
    [
      'colours of a folder that is not named',
      [birds, '--target', '1', '--param', 'colours=folder'],
      /none is named/,
      2,
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { code, err } = await run('visualize', ...args);
      assert.match(err, said);
      assert.equal(code, exit);
    });
  }
});
