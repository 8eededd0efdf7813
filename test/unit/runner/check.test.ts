import assert from 'node:assert/strict';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import type { CheckProgress } from '../../../src/protocol/sanity.js';
import { RunnerService } from '../../../src/runner/service.js';
import { call } from '../support/call.js';
import { temporaryFolder } from '../support/temporary.js';

const place = filePath(path.resolve('models/birds/pictures'));

const QUICK = ['numbers', 'double-softmax', 'unused-weights', 'batch', 'repeatable', 'accuracy'] as const;

describe('runner: checks', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const runner = new RunnerService({ storage: path.join(folder, 'store') });
  const service = runner.operations;
  after(() => runner.dispose());

  it('pass for a model that is what it is taken for, and are known the second time', async () => {
    const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
    const said: CheckProgress[] = [];
    const first = await service.check(
      { model, place, only: [...QUICK] },
      { signal: new AbortController().signal, progress: (p) => void said.push(p) },
    );
    for (const { id, status, sentence } of first.checks) assert.equal(status, 'pass', `${id}: ${sentence}`);
    assert.equal(said.filter(({ result }) => result !== undefined).length, first.checks.length);
    assert.equal(first.cached, 0);
    const second = await service.check({ model, place, only: [...QUICK] }, call());
    assert.equal(second.cached, first.checks.length);
    assert.deepEqual(second.checks, first.checks);
  });

  it('fail where mean and deviation are set wrongly, and say which setting it is', async () => {
    const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
    const settings = { range: [0, 1], mean: [0], std: [1] } as const;
    const { checks } = await service.check({ model, place, settings, only: ['preprocessing', 'accuracy'] }, call());
    for (const { status, sentence } of checks) assert.equal(status, 'fail', sentence);
    const found = checks.find(({ id }) => id === 'preprocessing')!;
    assert.match(found.sentence, /mean and std of/);
    assert.equal(found.setting, 'input.mean');
  });

  it('say why they were not done where there are no pictures', async () => {
    const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
    const { checks } = await service.check({ model, only: ['accuracy', 'randomisation'] }, call());
    for (const { status, sentence } of checks) {
      assert.equal(status, 'skipped');
      assert.match(sentence, /"checks": \{ "data"/);
    }
  });
});
