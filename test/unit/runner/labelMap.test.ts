import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { encodePng } from '../../../src/input/encode.js';
import { RunnerService } from '../../../src/runner/service.js';
import { temporaryFolder } from '../support/temporary.js';

const folder = path.resolve('models/birds/pictures');
const species = readdirSync(folder).sort()[0]!;
const picture = filePath(path.join(folder, species, readdirSync(path.join(folder, species)).sort()[0]!));
const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));

describe('runner: parts that a mask gives', () => {
  const out = temporaryFolder();
  const runner = new RunnerService();
  const call = { signal: new AbortController().signal, progress: () => undefined };
  after(() => runner.dispose());

  /** A mask of a colour for each pixel, of any size. */
  const mask = async (name: string, width: number, height: number, colour: (x: number, y: number) => number) => {
    const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return (colour(pixel % width, Math.floor(pixel / width)) >> (16 - 8 * (i % 3))) & 255;
    });
    const file = path.join(out, `${name}.png`);
    writeFileSync(file, await encodePng(data, width, height));
    return file;
  };
  const ask = async (method: string, file: string) => {
    const params = { parts: 'mask', mask: file };
    const { results } = await runner.operations.explain(
      { model, inputs: [picture], method, params, provider: 'cpu', threads: 1 },
      call,
    );
    return results[0]!;
  };

  for (const method of ['feature_ablation', 'lime', 'kernel_shap']) {
    it(`${method} gives a value to each colour, and none to black`, async () => {
      // Twice as large as the model's input: of its proportions.
      const file = await mask(method, 128, 128, (x, y) => (y < 32 ? 0 : x < 64 ? 0xff0000 : 0x00ff08));
      const answer = await ask(method, file);
      assert.ok('result' in answer, JSON.stringify(answer));
      const { values, parts } = answer.result.attribution;
      assert.equal(parts?.count, 2);
      const [height, width] = values.dims as [number, number];
      const at = (x: number, y: number): number =>
        values.data[Math.floor(y * height) * width + Math.floor(x * width)] as number;
      assert.equal(at(0.2, 0.1), 0, 'black is no part');
      assert.equal(parts.of[0], -1);
      assert.notEqual(at(0.2, 0.5), 0);
      assert.equal(at(0.2, 0.5), at(0.4, 0.9));
      assert.notEqual(at(0.2, 0.5), at(0.8, 0.5));
    });
  }

  it('names the files that an answer depends on: of the mask, of the background with its folders, of the target', async () => {
    const file = await mask('parts', 64, 64, (x) => (x < 32 ? 0xff0000 : 0x00ff00));
    const common = { model, inputs: [picture], provider: 'cpu', threads: 1 } as const;
    const masked = { method: 'feature_ablation', params: { parts: 'mask', mask: file } };
    const background = path.join(folder, species);
    const compared = { method: 'expected_gradients', params: { samples: 4, background } };
    const other = filePath(path.join(out, 'similar.png'));
    writeFileSync(other, await encodePng(new Uint8Array(3 * 64 * 64).fill(90), 64, 64));
    const alike = { method: 'gradient', target: `similar:${other}` };
    const outputs = {
      [(await runner.operations.inspect(common, call)).outputs[0]!.name]: { kind: 'embedding' },
    } as const;
    const asked = [masked, compared, { method: 'gradient' }];
    const alone = await Promise.all(asked.map((one) => runner.operations.explain({ ...common, ...one }, call)));
    const similar = await runner.operations.explain({ ...common, ...alike, outputs }, call);
    assert.ok('result' in similar.results[0]!, JSON.stringify(similar.results));
    const of = ({ files }: { readonly files: readonly string[] }, ...named: string[]): boolean[] =>
      named.map((each) => files.includes(each));
    const first = readdirSync(background).sort()[0]!;
    assert.deepEqual(of(alone[0]!, file), [true]);
    assert.deepEqual(of(alone[1]!, background, path.join(background, first)), [true, true]);
    assert.deepEqual(of(alone[2]!, file, background), [false, false]);
    assert.deepEqual(of(similar, other), [true]);
    const about = new Map<number, readonly string[]>();
    await runner.operations.explainCells(
      { ...common, questions: asked, cells: asked.map((_, question) => ({ input: 0, question })) },
      { ...call, progress: ({ cell, about: said }) => said && about.set(cell!, said.files) },
    );
    assert.deepEqual(
      asked.map((_, cell) => about.get(cell)),
      alone.map(({ files }) => files),
    );
  });

  it('is what the badge is about, too, as long as the file stays', async () => {
    const file = await mask('badge', 64, 64, (x) => (x < 32 ? 0xff0000 : 0x00ff00));
    const params = { parts: 'mask', mask: file };
    const asked = { model, input: picture, method: 'feature_ablation', params, depths: 1, provider: 'cpu' } as const;
    const badge = (): Promise<{ cached: boolean }> => runner.operations.sanity(asked, call);
    assert.equal((await badge()).cached, false);
    assert.equal((await badge()).cached, true);
    await mask('badge', 64, 64, (x, y) => (x < 32 ? 0xff0000 : y < 32 ? 0x00ff00 : 0x0000ff));
    assert.equal((await badge()).cached, false);
  });

  it('says what is wrong with it', async () => {
    const codes = async (file: string): Promise<string> => {
      const answer = await ask('feature_ablation', file);
      assert.ok('error' in answer);
      return `${answer.error.code} ${answer.error.message}`;
    };
    assert.match(await codes(await mask('black', 64, 64, () => 0)), /params\/mask .*names no part/);
    assert.match(await codes(await mask('wide', 128, 64, () => 1)), /params\/mask .*proportions/);
    assert.match(await codes(await mask('photo', 64, 64, (x, y) => 1 + 64 * y + x)), /params\/mask .*colours/);
    assert.match(await codes(''), /params\/mask No mask is given/);
  });
});
