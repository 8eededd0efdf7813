import assert from 'node:assert/strict';
import path from 'node:path';
import { readdirSync } from 'node:fs';
import { filePath } from '../../../src/base/place.js';
import type { PictureEdit, Rgb } from '../../../src/base/picture.js';
import { RunnerService } from '../../../src/runner/service.js';

const birds = path.resolve('models/birds');
const model = filePath(path.join(birds, 'birds_cnn.onnx'));
const [first, second] = readdirSync(path.join(birds, 'pictures'))
  .sort()
  .map((species) => {
    const folder = path.join(birds, 'pictures', species);
    return filePath(path.join(folder, readdirSync(folder).sort()[0]!));
  });
const over = ({ width, height, data }: Rgb, alpha: number): PictureEdit => ({
  width,
  height,
  data: Uint8Array.from({ length: 4 * width * height }, (_, i) =>
    i % 4 === 3 ? alpha : data[3 * Math.floor(i / 4) + (i % 4)]!,
  ),
});

describe('runner: a picture that is painted over', () => {
  const runner = new RunnerService();
  const { explain, predict } = runner.operations;
  const call = { signal: new AbortController().signal, progress: () => undefined };
  const common = { model, provider: 'cpu', threads: 1 } as const;
  after(() => runner.dispose());

  const seen = async (input = second!) => {
    const { results } = await explain({ ...common, inputs: [input], method: 'gradient' }, call);
    const [outcome] = results;
    assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
    return outcome.result;
  };

  it('is predicted and explained as the picture that it has become, and says so', async () => {
    const other = await seen();
    const edit = over(other.picture, 255);
    const [a, b] = await Promise.all([
      predict({ ...common, inputs: [first!], edit }, call),
      predict({ ...common, inputs: [second!] }, call),
    ]);
    const top = (answer: typeof a) =>
      answer.results.map((r) => ('result' in r ? r.result.top! : assert.fail(r.error.message)));
    assert.deepEqual(top(a), top(b));
    const { results } = await explain({ ...common, inputs: [first!], method: 'gradient', edit }, call);
    assert.ok('result' in results[0]!);
    const { result } = results[0];
    assert.deepEqual(result.attribution, other.attribution);
    assert.deepEqual(result.picture, other.picture);
    const pixels = edit.width * edit.height;
    assert.equal(result.edited?.pixels, pixels);
    assert.deepEqual(result.recipe.input?.edited, result.edited);
    assert.ok(result.recipe.notes.some((n) => n === `Edited picture: ${pixels} pixels were painted over by hand.`));
    assert.equal((await seen(first)).edited, undefined, 'the file stays as it is');
  });

  it('is one picture, of the size that the model sees', async () => {
    const { picture } = await seen();
    const edit = over(picture, 255);
    await assert.rejects(predict({ ...common, inputs: [first!, second!], edit }, call), { code: 'input/edit-one' });
    const small = { ...edit, width: 3 };
    const { results } = await predict({ ...common, inputs: [first!], edit: small }, call);
    assert.ok('error' in results[0]!);
    assert.equal(results[0].error.code, 'input/edit-size');
  });
});
