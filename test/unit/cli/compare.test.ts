import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { main } from '../../../src/cli/main.js';
import { runCli as run } from '../support/cli.js';
import { dataPath, modelPath, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

interface Document {
  readonly schema: string;
  readonly a: { readonly name: string; readonly random?: number };
  readonly b: { readonly name: string; readonly random?: number; readonly sha256: string };
  readonly of: number;
  readonly names: readonly string[];
  readonly omitted: readonly { readonly file: string }[];
  readonly predictions: { readonly agreement: number; readonly disagreements: readonly { readonly right: string }[] };
  readonly embeddings: {
    readonly layout: string;
    readonly a: { readonly layer: string; readonly points: readonly (readonly number[])[] };
    readonly jaccard: readonly number[];
  };
  readonly cka: { readonly a: readonly string[]; readonly values: readonly (readonly (number | null)[])[] };
  readonly signal: { readonly layers: readonly { readonly snr_db: number | null; readonly identical?: boolean }[] };
  readonly reasons: { readonly method: string; readonly explained: number; readonly of: number };
  readonly weights: { readonly layers: readonly { readonly relative: number }[] };
}

describe('cli: compare', () => {
  before(requireData);
  const folder = temporaryFolder();
  const at = (...names: string[]): string => path.join(folder, ...names);
  const model = modelPath('cifar_resnet20.onnx');
  const config = at('resnet20.json');
  const few = at('few');
  before(() => {
    writeFileSync(
      config,
      JSON.stringify({ input: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], range: [0, 1] } }),
    );
    for (const name of ['cat', 'ship']) {
      mkdirSync(at('few', name), { recursive: true });
      const from = dataPath('images', 'cifar10_test_jpg', name);
      for (const file of readdirSync(from).slice(0, 6)) cpSync(path.join(from, file), at('few', name, file));
    }
  });

  const document = async (...argv: string[]): Promise<Document> => {
    const { code, out, err } = await run('compare', ...argv, '--config', config, '--json');
    assert.equal(code, 0, err);
    return JSON.parse(out) as Document;
  };

  it('writes every part as numbers, random weights in place of either model', async () => {
    const found = await document(model, 'random', few, '--seed', '4', '--method', 'gradient', '--param', 'explained=2');
    assert.equal(found.schema, 'onnx-lens/compare/1');
    assert.deepEqual([found.a.random, found.b.random, found.of, found.names.length], [undefined, 4, 12, 12]);
    const { predictions, embeddings, cka, signal, reasons, weights } = found;
    assert.equal(
      Math.round(predictions.agreement * 12) + predictions.disagreements.length,
      12,
      'every picture is in agreement or in the list',
    );
    assert.deepEqual([embeddings.layout, embeddings.a.points.length, embeddings.jaccard.length], ['pca', 12, 12]);
    assert.equal(cka.values.length, cka.a.length);
    assert.ok(signal.layers.length > 10, `${signal.layers.length} layers`);
    assert.deepEqual([reasons.method, reasons.explained], ['gradient', Math.min(2, reasons.of)]);
    assert.ok(
      weights.layers.some((l) => l.relative > 0.5),
      'weights differ',
    );
    const turned = await document('random', model);
    assert.deepEqual([turned.a.random, turned.b.random], [0, undefined]);
    assert.match(turned.a.name, /random weights \(seed 0\)/);
  });

  it('writes a page that stands alone, and a document, whole or not at all', async () => {
    const out = at('out', 'page.html');
    const { code, out: text } = await run(
      'compare',
      model,
      model,
      few,
      '--config',
      config,
      '--out',
      out,
      '--param',
      'layout=tsne',
      '--layer',
      'avgpool',
    );
    assert.equal(code, 2, 'a perplexity of 30 needs more than 12 pictures');
    assert.equal(text, '');
    assert.ok(!existsSync(out), 'nothing half was written');
    const done = await run('compare', model, model, few, '--config', config, '--out', out, '--layer', 'avgpool');
    assert.equal(done.code, 0, done.err);
    assert.match(done.out, /Both say the same of 12 of 12 pictures/);
    const page = readFileSync(out, 'utf8');
    assert.match(page, /^<!DOCTYPE html>/);
    assert.doesNotMatch(page, /<script|<link|src="(?!data:)|url\(|@import|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    assert.deepEqual(readdirSync(at('out')), ['page.html']);
    const again = at('out', 'again.html');
    await run('compare', model, model, few, '--config', config, '--out', again, '--layer', 'avgpool');
    assert.equal(readFileSync(again, 'utf8'), page, 'the same recipe gives the same bytes');
  });

  it('without a folder weights alone; what is asked wrongly is said', async () => {
    const { code, out } = await run('compare', model, modelPath('cifar_resnet20_random.onnx'));
    assert.equal(code, 0);
    assert.match(out, /compared weights differ, most that of/);
    for (const [argv, said] of [
      [['random', 'random'], /One of the two must be a model/],
      [[model], /needs two models/],
      [[model, model, few, few], /takes one folder/],
      [[model, model, '--method', 'gradient'], /only weights are compared/],
      [[model, model, few, '--param', 'steps=3'], /is a parameter of a method/],
      [[model, model, few, '--method', 'nothing'], /nothing/],
      [[model, model, few, '--layer', 'nowhere'], /nowhere/],
      [[model, model, few, '--out', at('x.png')], /writes \.html, \.json/],
      [[model, model, at('missing')], /no file or folder/],
    ] as const) {
      const { code: refused, err } = await run('compare', ...argv);
      assert.equal(refused, 2, err);
      assert.match(err, said);
    }
  });

  it('leaves out what cannot be read, and says so by its exit', async () => {
    cpSync(few, at('odd'), { recursive: true });
    writeFileSync(at('odd', 'cat', 'zz.png'), 'no picture');
    const { code, out, err } = await run('compare', model, model, at('odd'), '--config', config, '--json');
    assert.equal(code, 2);
    assert.deepEqual(
      (JSON.parse(out) as Document).omitted.map((o) => o.file),
      ['cat/zz.png'],
    );
    assert.match(err, /error: cat\/zz\.png: /);
  });

  it('stops where it is when it is interrupted', async () => {
    const abort = new AbortController();
    const out = at('interrupted.html');
    const argv = ['compare', model, model, dataPath('images', 'cifar10_test_jpg'), '--config', config, '--out', out];
    setTimeout(() => abort.abort(), 1500);
    const ignore = (): void => undefined;
    assert.equal(await main(argv, { out: ignore, err: ignore, terminal: false, signal: abort.signal }), 130);
    assert.ok(!existsSync(out), 'nothing was written');
  });
});
