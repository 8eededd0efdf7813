import assert from 'node:assert/strict';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import type { VisualizeChannelsAnswer, VisualizeChannelsProgress } from '../../../src/protocol/reconstruction.js';
import { RunnerService } from '../../../src/runner/service.js';
import { call } from '../support/call.js';
import { temporaryFolder } from '../support/temporary.js';

describe('runner: a picture for every channel of a layer', () => {
  const folder = temporaryFolder();
  const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
  const asked = { model, layer: 'stem', params: { preset: 'naive', steps: 2, every: 1 } } as const;
  const channelsIn = ({ channels }: VisualizeChannelsAnswer): number[] => channels.map(({ channel }) => channel);

  it('stops when it is cancelled, and another process goes on with what is missing', async () => {
    const storage = path.join(folder, 'store');
    const first = new RunnerService({ storage });
    const abort = new AbortController();
    const work = first.operations.visualizeChannels(
      asked,
      call<VisualizeChannelsProgress>(({ running }) => running?.channel === 2 && abort.abort(), abort.signal),
    );
    await assert.rejects(work, (error: Error) => /cancel/i.test(`${error.name} ${error.message}`));
    await first.dispose();

    const second = new RunnerService({ storage });
    const { visualizeChannels } = second.operations;
    assert.deepEqual(channelsIn(await visualizeChannels({ ...asked, known: true }, call())), [0, 1]);
    const made: number[] = [];
    const answer = await visualizeChannels(
      { ...asked, drawn: true },
      call<VisualizeChannelsProgress>(({ running }) => running !== undefined && made.push(running.channel)),
    );
    assert.equal(answer.count, 24);
    assert.deepEqual(
      channelsIn(answer),
      Array.from({ length: 24 }, (_, i) => i),
    );
    assert.deepEqual([Math.min(...made), new Set(made).size], [2, 22]);
    assert.ok(
      answer.channels.every((one) => 'picture' in one && one.picture.width === 64 && Number.isFinite(one.value)),
    );
    assert.ok(answer.png!.length > 1000, 'it is drawn');
    // Another seed is another question.
    assert.deepEqual(channelsIn(await visualizeChannels({ ...asked, seed: 1, known: true }, call())), []);
    // Where pictures are shown on the way is none.
    const shown = { ...asked, params: { ...asked.params, every: 2 }, known: true };
    assert.equal(channelsIn(await visualizeChannels(shown, call())).length, 24);
    await second.dispose();
  });

  it('refuses a layer without channels, and a size that the model does not take', async () => {
    const runner = new RunnerService();
    const { visualizeChannels } = runner.operations;
    await assert.rejects(visualizeChannels({ ...asked, params: { size: 96 } }, call()), /takes pictures of 64 × 64/);
    await runner.dispose();
  });
});
