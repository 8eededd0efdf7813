import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readNpy } from '../../../src/base/npy.js';
import { runCli as run } from '../support/cli.js';
import { assertClose } from '../support/close.js';
import { dataPath, modelPath, reference, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

interface Document {
  readonly schema: string;
  readonly layer: string;
  readonly files: readonly string[];
  readonly labels: readonly string[];
  readonly predicted?: readonly string[];
  readonly points: readonly (readonly number[])[];
  readonly explained_variance?: readonly number[];
  readonly kl?: number;
  readonly quality?: {
    readonly trustworthiness: number;
    readonly probe?: { readonly accuracy: number; readonly majority: number };
  };
  readonly omitted: readonly { readonly file: string }[];
  readonly recipe: { readonly seed: number; readonly layer: string };
}

describe('cli: embed', () => {
  before(requireData);
  const folder = temporaryFolder();
  const at = (...parts: string[]): string => path.join(folder, ...parts);
  const config = at('resnet20.json');
  const photos = (): string => dataPath('images', 'cifar10_test_jpg');
  /** Two classes, of three and four pictures. */
  const few = at('few');
  before(() => {
    writeFileSync(
      config,
      JSON.stringify({ input: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], range: [0, 1] } }),
    );
    for (const [name, count] of [
      ['cat', 3],
      ['ship', 4],
    ] as const) {
      mkdirSync(path.join(few, name), { recursive: true });
      for (const file of readdirSync(path.join(photos(), name)).slice(0, count))
        cpSync(path.join(photos(), name, file), path.join(few, name, file));
    }
  });

  const embed = async (model: string, ...more: string[]): Promise<Document> => {
    const { code, out, err } = await run('embed', modelPath(model), ...more, '--config', config, '--json');
    assert.equal(code, 0, err);
    return JSON.parse(out) as Document;
  };

  /** What is written of the few pictures. */
  const fileOf = async (name: string, ...more: string[]): Promise<Buffer> => {
    const model = modelPath('cifar_resnet20.onnx');
    const { code, err } = await run('embed', model, few, '--config', config, '--out', at(name), ...more);
    assert.equal(code, 0, err);
    return readFileSync(at(name));
  };

  it('has the principal components that scikit-learn finds in the same features', async () => {
    const document = await embed('cifar_resnet20.onnx', photos(), '--method', 'pca', '--param', 'components=10');
    assert.equal(document.schema, 'onnx-lens/embed/1');
    assert.deepEqual([document.files.length, document.labels[0], document.labels[299]], [300, 'airplane', 'truck']);
    const right = document.predicted!.filter((name, i) => name === document.labels[i]).length;
    assert.equal(right, 244, 'as many right as the model is known for: 81.3 %');
    assertClose(
      document.explained_variance!,
      reference('embedding_300', 'pca_explained_variance').data,
      { relative: 1e-4 },
      'variance',
    );
    const scores = reference('embedding_300', 'pca_scores').data;
    for (let k = 0; k < 10; k++) {
      const [own, theirs] = [document.points.map((p) => p[k]!), document.points.map((_, i) => scores[i * 10 + k]!)];
      const sign = Math.sign(own.reduce((sum, v, i) => sum + v * theirs[i]!, 0));
      // Features of another runtime in single precision: 1e-5 of the first component's reach.
      assertClose(
        own.map((v) => v * sign),
        theirs,
        { absolute: 1e-4 * Math.max(...scores.map(Math.abs)) },
        `component ${k}`,
      );
    }
    const { probe, trustworthiness } = document.quality!;
    assert.ok(probe!.accuracy > 0.7 && probe!.majority === 0.1, JSON.stringify(probe));
    assert.ok(trustworthiness > 0.9, `${trustworthiness}`);
  });

  it('shows that a random network knows less: its probe is near chance', async () => {
    const document = await embed('cifar_resnet20_random.onnx', photos(), '--method', 'pca');
    assert.ok(document.quality!.probe!.accuracy < 0.4, JSON.stringify(document.quality));
  });

  for (const [method, ...params] of [
    ['tsne', '--param', 'perplexity=2', '--param', 'steps=300'],
    ['umap', '--param', 'neighbours=4'],
  ] as const) {
    it(`${method}: the same seed gives the same bytes, another others`, async () => {
      const read = (name: string, ...more: string[]): Promise<Buffer> =>
        fileOf(`${method}${name}.npy`, '--method', method, ...params, ...more);
      const first = await read('');
      assert.deepEqual(await read('-again'), first);
      assert.notDeepEqual(await read('-other', '--seed', '1'), first);
      assert.deepEqual(readNpy(first).dims, [7, 2]);
    });
  }

  it('is written as a table and as a picture', async () => {
    const read = (name: string): Promise<Buffer> => fileOf(name, '--method', 'umap', '--param', 'neighbours=4');
    const csv = (await read('points.csv')).toString().trim().split('\n');
    assert.equal(csv[0]!.trim(), 'x,y,file,label,predicted');
    assert.equal(csv.length, 1 + 7);
    assert.match(csv[1]!, /cat,/);
    assert.equal((await read('points.png')).toString('latin1', 1, 4), 'PNG');
    const svg = (await read('points.svg')).toString();
    assert.match(svg, />ship</);
    assert.equal(svg.match(/<circle/g)?.length, 7 + 2);
  });

  it('is written as a page that stands alone, with the pictures in their places', async () => {
    const html = (await fileOf('points.html', '--method', 'pca')).toString();
    assert.equal(html.match(/<g><[^>]*\/><title>[^<]*(cat|ship)[^<]*\(/g)?.length, 7, 'each point says what it is');
    assert.match(html, /7 pictures · seed 0 · cifar_resnet20\.onnx/);
    assert.match(html, /trustworthiness<\/th><td>/);
    assert.ok((html.match(/<image [^>]*href="data:image\/png;base64,/g)?.length ?? 0) > 2, 'small pictures');
    assert.ok(!/(src|href)="(?!data:|#)/.test(html), 'nothing is loaded');
    const weights = at('weights.html');
    const { code, err } = await run(
      'embed',
      modelPath('cifar_resnet20.onnx'),
      '--of',
      'weights',
      '--method',
      'pca',
      '--out',
      weights,
    );
    assert.equal(code, 0, err);
    const page = readFileSync(weights, 'utf8');
    assert.match(page, /10 classes · seed 0/);
    assert.match(page, /<title>class 3<\/title>/);
  });

  it('places the rows of the last layer with the names of the classes', async () => {
    const document = await embed('cifar_resnet20.onnx', '--of', 'weights', '--method', 'pca');
    assert.equal(document.points.length, 10);
    assert.deepEqual(
      document.files,
      Array.from({ length: 10 }, (_, i) => `class ${i}`),
    );
    assert.equal(document.predicted, undefined);
  });

  it('takes any layer', async () => {
    const layer = 'layer1.0.conv1';
    assert.equal((await embed('cifar_resnet20.onnx', few, '--method', 'pca', '--layer', layer)).layer, layer);
  });

  it('answers for two pictures and for one class, and leaves broken pictures out', async () => {
    const two = at('two');
    mkdirSync(path.join(two, 'cat'), { recursive: true });
    for (const file of readdirSync(path.join(few, 'cat')).slice(0, 2))
      cpSync(path.join(few, 'cat', file), path.join(two, 'cat', file));
    const small = await embed('cifar_resnet20.onnx', two, '--method', 'pca');
    assert.deepEqual([small.points.length, small.quality], [2, undefined]);
    writeFileSync(path.join(two, 'cat', 'zz.png'), 'broken');
    const ran = await run(
      'embed',
      modelPath('cifar_resnet20.onnx'),
      two,
      '--method',
      'pca',
      '--config',
      config,
      '--json',
    );
    assert.equal(ran.code, 2);
    assert.match((JSON.parse(ran.out) as Document).omitted[0]!.file, /zz\.png$/);
    assert.match(ran.err, /zz\.png/);
  });

  it('refuses in a sentence what cannot be', async () => {
    mkdirSync(at('empty'));
    for (const [args, why] of [
      [[few], /needs a method/],
      [['--method', 'pca'], /needs a folder/],
      [[few, '--method', 'tnse'], /Did you mean "tsne"/],
      [[few, '--method', 'tsne'], /perplexity of 30 needs more than 30 points; there are 7/],
      [[few, '--method', 'pca', '--param', 'perplexity=3'], /has no parameter "perplexity"/],
      [[few, '--method', 'pca', '--of', 'weights'], /need no pictures/],
      [[at('empty'), '--method', 'pca'], /no pictures in/],
      [[few, '--method', 'pca', '--layer', 'nowhere'], /nowhere/],
      [[few, '--method', 'pca', '--out', 'folder'], /writes a file/],
    ] as const) {
      const { code, err } = await run('embed', modelPath('cifar_resnet20.onnx'), ...args);
      assert.equal(code, 2, err);
      assert.match(err, why);
    }
    const { code, err } = await run('embed', modelPath('squeezenet_v1.0_dc.onnx'), few, '--method', 'pca');
    assert.equal(code, 2, err);
    assert.match(err, /does not end in a linear layer.*--layer/s);
  });
});
