import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { LensError } from '../../../src/base/errors.js';
import { writeNpy } from '../../../src/base/npy.js';
import { floatTensor } from '../../../src/base/tensor.js';
import type { LensApi } from '../../../src/extension.js';
import type { ExplainAnswer } from '../../../src/protocol/attribution.js';
import type { WorkProgress } from '../../../src/protocol/request.js';
import * as vscode from 'vscode';
import { assertClose } from '../../unit/support/close.js';
import { assertSentence, data, lens, scratch, shipped } from './lens.js';

describe('the runner', () => {
  const folder = scratch('runner-test');
  let api: LensApi;
  before(async () => void (api = await lens()));

  const explain = async (
    model: string,
    picture: string,
    method = 'gradient',
    options: { signal?: AbortSignal } = {},
  ): Promise<ExplainAnswer> =>
    (await api.services.runner()).explain(
      { ...api.services.request(vscode.Uri.file(model)), inputs: [filePath(picture)], method },
      options,
    );

  /** Occlusion of many pictures, which lasts; `then` is called once it is under way. */
  const long = async (then: () => void, signal?: AbortSignal): Promise<ExplainAnswer> => {
    const { model, picture } = shipped();
    const inputs = new Array<FilePath>(500).fill(filePath(picture));
    let begun = false;
    const onProgress = ({ fraction = 0 }: WorkProgress): void => {
      if (fraction > 0 && !begun) then();
      begun ||= fraction > 0;
    };
    const client = await api.services.runner();
    return client.explain(
      { ...api.services.request(vscode.Uri.file(model)), inputs, method: 'occlusion', params: { patch: 3, stride: 1 } },
      { onProgress, ...(signal === undefined ? {} : { signal }) },
    );
  };

  const explainsShipped = async (): Promise<void> => {
    const { model, picture } = shipped();
    const [outcome] = (await explain(model, picture)).results;
    assert.ok(outcome && 'result' in outcome, JSON.stringify(outcome));
    const { data: map } = outcome.result.attribution.values;
    assert.ok(map instanceof Float32Array && map.some((value) => value !== 0));
  };

  it('explains a picture with a shipped model, in a process of its own', async () => {
    await explainsShipped();
    const status = await (await api.services.runner()).status({});
    assert.strictEqual(status.pid, api.runner.pid);
    assert.notStrictEqual(status.pid, process.pid);
  });

  it('says in one sentence that it was killed in the middle, and serves the next request', async () => {
    const { pid } = await (await api.services.runner()).status({});
    await assert.rejects(
      long(() => process.kill(pid, 'SIGKILL')),
      (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.strictEqual((error as LensError).code, 'runner/died');
        assert.match(error.message, /SIGKILL while it was explaining with /);
        assertSentence(error);
        return true;
      },
    );
    await explainsShipped();
    assert.notStrictEqual(api.runner.pid, pid);
  });

  it('cancels at once and is ready again', async () => {
    const abort = new AbortController();
    let asked = 0;
    const cancel = (): void => {
      asked = performance.now();
      abort.abort();
    };
    await assert.rejects(long(cancel, abort.signal), { name: 'CancelledError' });
    assert.ok(
      asked > 0 && performance.now() - asked < 500,
      `asked: ${asked}, performance.now() - asked: ${performance.now() - asked}`,
    );
    await explainsShipped();
  });

  it('names a corrupt model', async () => {
    const model = path.join(folder, 'corrupt.onnx');
    fs.writeFileSync(model, Buffer.from('this is no protobuf at all, but somebody named it so'));
    await assert.rejects(
      explain(model, shipped().picture),
      (error: LensError) => (assertSentence(error), error.code !== undefined),
    );
    await explainsShipped();
  });

  it('names a text file that is called a picture', async () => {
    const picture = path.join(folder, 'text.png');
    fs.writeFileSync(picture, 'Dear diary');
    const [outcome] = (await explain(shipped().model, picture)).results;
    assert.ok(outcome && 'error' in outcome);
    assertSentence(outcome.error);
    assert.match(outcome.error.message, /text\.png/);
  });

  it('names an array of the wrong shape', async () => {
    const picture = path.join(folder, 'wrong.npy');
    fs.writeFileSync(picture, writeNpy(floatTensor([3, 7, 9])));
    const [outcome] = (await explain(shipped().model, picture)).results;
    assert.ok(outcome && 'error' in outcome);
    assertSentence(outcome.error);
    assert.match(outcome.error.message, /3×7×9/);
  });

  it('finds the goldfish', async function () {
    const [model, picture] = [
      data(this, 'models', 'squeezenet_v1.0_dc.onnx'),
      data(this, 'images', 'photos', 'goldfish.jpg'),
    ];
    const config = filePath(path.join(folder, 'squeezenet.lens.json'));
    const input = {
      size: [227, 227],
      resize: { mode: 'shortSide', size: 256 },
      crop: 'center',
      range: [0, 255],
      mean: [123, 117, 104],
      std: [1],
    };
    fs.writeFileSync(config, JSON.stringify({ input }));
    const client = await api.services.runner();
    const { results } = await client.explain({
      model: filePath(model),
      config,
      inputs: [filePath(picture)],
      method: 'gradient',
    });
    const [outcome] = results;
    assert.ok(outcome && 'result' in outcome, JSON.stringify(outcome));
    assert.strictEqual(outcome.result.target.index, 1);
    assertClose(outcome.result.probability!, 0.995, { absolute: 0.002 }, 'probability');
  });
});
