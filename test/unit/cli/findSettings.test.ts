import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { tinyNet } from '../method/tinyNet.js';
import { runCli } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

interface Verdict {
  readonly model: string;
  readonly part?: string;
  readonly verdict?: string;
  readonly value?: string;
  readonly evidence?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

interface Document {
  readonly schema: string;
  readonly verdicts: readonly Verdict[];
  readonly results: readonly {
    readonly model: string;
    readonly sha256?: string;
    readonly settings?: { readonly sidecar: { readonly file: string } };
    readonly error?: object;
  }[];
}

const PARTS = ['scale', 'centring', 'order', 'resize', 'crop', 'filter'];

describe('cli: inspect --find', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const at = (name: string): string => path.join(folder, name);
  const pictures = path.resolve('models/birds/pictures');

  before(async () => {
    for (const name of ['a.onnx', 'b.onnx']) await writeModelFile(tinyNet(), at(name));
    writeFileSync(at('b.lens.json'), JSON.stringify({ input: { resize: { mode: 'letterbox' } } }));
    writeFileSync(at('broken.onnx'), 'no model');
  });

  it('several models make one table; one that fails is said in it and stops no other', async () => {
    const models = [at('a.onnx'), at('broken.onnx'), at('none.onnx'), at('b.onnx')];
    const out = at('found.json');
    const { code, out: text, err } = await runCli('inspect', ...models, '--find', pictures, '--out', out);
    assert.equal(code, 2);
    assert.match(err, /^error: .*broken\.onnx: /m);
    assert.match(err, /^error: .*none\.onnx: /m);
    const lines = text.split('\n');
    assert.match(lines[0]!, /^model +part +verdict +value +evidence$/);
    for (const model of models) assert.ok(text.includes(model), model);
    const document = JSON.parse(readFileSync(out, 'utf8')) as Document;
    assert.equal(document.schema, 'onnx-lens/inspect/1');
    assert.deepEqual(
      document.results.map((r) => [r.model, 'error' in r, 'settings' in r]),
      models.map((model, i) => [model, i === 1 || i === 2, i === 0 || i === 3]),
    );
    for (const model of [models[0], models[3]]) {
      const rows = document.verdicts.filter((v) => v.model === model);
      assert.deepEqual(
        rows.map((v) => v.part),
        PARTS,
      );
      for (const { verdict, value, evidence } of rows) {
        assert.match(verdict!, /^(found|likely|cannot tell|assumed|stated)$/);
        assert.ok(value !== '' && evidence !== '', 'each verdict has its evidence');
      }
    }
    const resize = document.verdicts.filter((v) => v.part === 'resize');
    assert.deepEqual(
      resize.map((v) => v.verdict),
      ['assumed', 'stated'],
    );
    assert.match(resize[1]!.evidence!, /b\.lens\.json/);
    assert.equal(document.verdicts.filter((v) => v.error !== undefined).length, 2);
  });

  it('one model has the same rows beside all else that is said of it', async () => {
    const { code, out } = await runCli('inspect', at('a.onnx'), '--find', pictures, '--json');
    assert.equal(code, 0);
    const { verdicts } = JSON.parse(out) as Document;
    assert.deepEqual(
      verdicts.map((v) => v.part),
      PARTS,
    );
  });

  it('takes several models for nothing else', async () => {
    const { code, err } = await runCli('inspect', at('a.onnx'), at('b.onnx'));
    assert.equal(code, 2);
    assert.match(err, /takes one model, or several with --find/);
  });

  it('where no model can be read it says so of each', async () => {
    const { code, out } = await runCli('inspect', at('broken.onnx'), at('none.onnx'), '--find', pictures, '--json');
    assert.equal(code, 2);
    assert.ok((JSON.parse(out) as Document).verdicts.every((v) => v.error !== undefined));
  });
});
