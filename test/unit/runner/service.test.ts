import assert from 'node:assert/strict';
import { cpSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeNpy } from '../../../src/base/npy.js';
import { filePath } from '../../../src/base/place.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import type { WorkProgress } from '../../../src/protocol/request.js';
import { RunnerService } from '../../../src/runner/service.js';
import { VERSION } from '../../../src/runner/model/version.js';
import { assertClose } from '../support/close.js';
import { dataPath, modelPath, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';
import { call } from '../support/call.js';

describe('runner/service', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const model = modelPath('cifar_resnet20.onnx');
  const cat = dataPath('images/cifar10_test_jpg/cat/0000.jpg');
  const folder = temporaryFolder();
  before(requireData);
  after(() => runner.dispose());

  it('outlines a model without opening it', async () => {
    const outline = await service.outline({ model }, call());
    assert.equal(outline.parameters, 269_722);
    assert.equal(outline.layers[0]!.name, 'conv1');
    assert.equal(outline.layers[0]!.shape, undefined);
    assert.deepEqual((await service.status({}, call())).openModels, []);
  });

  it('explains with everything that must be said beside the picture', async () => {
    const reports: WorkProgress[] = [];
    const answer = await service.explain(
      { model, inputs: [cat], method: 'occlusion', provider: 'cpu', seed: 7 },
      call((r) => reports.push(r)),
    );
    const [outcome] = answer.results;
    assert.ok(outcome !== undefined && 'result' in outcome, 'there is no outcome');
    const { result } = outcome;
    assert.deepEqual([result.picture.width, result.picture.height, result.picture.data.length], [32, 32, 3072]);
    assert.deepEqual(result.crop, { left: 0, top: 0, width: 32, height: 32, originalWidth: 32, originalHeight: 32 });
    assert.equal(result.attribution.axes, 'HW');
    assert.equal(result.predictions.length, 10);
    const total = result.predictions.reduce((sum, p) => sum + p.probability!, 0);
    assertClose(total, 1, { absolute: 1e-12 }, 'sum of the probabilities');
    assert.equal(result.probability, result.predictions.find((p) => p.index === result.target.index)!.probability);
    assert.deepEqual([result.recipe.method, result.recipe.seed, result.recipe.provider], ['occlusion', 7, 'cpu']);
    assert.equal(result.recipe.model.sha256, answer.sha256);
    assert.match(result.recipe.input!.sha256!, /^[0-9a-f]{64}$/);
    // That nobody says how it wants its pictures is said once: as a doubt of the answer.
    assert.match(result.doubts?.find((d) => d.kind === 'guessed')?.sentence ?? '', /RGB \/ 255/);
    assert.doesNotMatch([...answer.warnings, ...result.warnings].join(' '), /RGB \/ 255/);
    assert.ok(reports.some((r) => /occlusion \d+ \/ \d+ patches/.test(r.message)));
    const fractions = reports.flatMap((r) => r.fraction ?? []);
    assert.deepEqual(
      fractions,
      [...fractions].sort((a, b) => a - b),
    );
  });

  it('says nothing of how pictures are wanted where a tensor is given', async () => {
    const input = filePath(path.join(folder, 'zeros.npy'));
    writeFileSync(input, writeNpy(floatTensor([1, 3, 32, 32])));
    const asked = { model, inputs: [input], method: 'gradient', provider: 'cpu' } as const;
    const { results, warnings } = await service.explain(asked, call());
    const [outcome] = results;
    assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
    const predicted = await service.predict(asked, call());
    for (const said of [warnings, outcome.result.warnings, predicted.warnings])
      assert.doesNotMatch(said.join(' '), /wants its pictures/);
  });

  it('adds the target to the predictions where it is not among the best', async () => {
    const squeeze = modelPath('squeezenet_v1.0_dc.onnx');
    const answer = await service.explain(
      {
        model: squeeze,
        inputs: [dataPath('images/photos/goldfish.jpg')],
        method: 'gradient',
        target: 'top900',
        provider: 'cpu',
      },
      call(),
    );
    const [outcome] = answer.results;
    assert.ok(outcome !== undefined && 'result' in outcome, 'there is no outcome');
    assert.equal(outcome.result.predictions.length, 11);
    assert.equal(outcome.result.predictions[10]!.index, outcome.result.target.index);
  });

  it('stops between the pieces when it is cancelled', async () => {
    const abort = new AbortController();
    const running = service.explain(
      { model, inputs: [cat], method: 'occlusion', params: { patch: 3, stride: 1 }, provider: 'cpu' },
      call((r) => r.message.includes('patches') && abort.abort(), abort.signal),
    );
    await assert.rejects(running, CancelledError);
  });

  it('opens a model anew when its file has changed', async () => {
    const copy = filePath(path.join(folder, 'model.onnx'));
    cpSync(modelPath('small_cnn.onnx'), copy);
    const first = await service.predict({ model: copy, inputs: [cat], provider: 'cpu' }, call());
    cpSync(model, copy);
    utimesSync(copy, new Date(), new Date(Date.now() + 5000));
    const second = await service.predict({ model: copy, inputs: [cat], provider: 'cpu' }, call());
    assert.notEqual(first.sha256, second.sha256);
    assert.notDeepEqual(first.results, second.results);
    writeFileSync(
      path.join(folder, 'model.lens.json'),
      JSON.stringify({ labels: Array.from({ length: 10 }, (_, i) => `number ${i}`) }),
    );
    const third = await service.predict({ model: copy, inputs: [cat], provider: 'cpu' }, call());
    assert.ok('result' in third.results[0]! && third.results[0].result.top![0]!.label.startsWith('number '));
  });

  it('refuses a corrupt model in one sentence', async () => {
    const corrupt = filePath(path.join(folder, 'corrupt.onnx'));
    writeFileSync(corrupt, readFileSync(model).subarray(0, 5000));
    for (const work of [
      () => service.outline({ model: corrupt }, call()),
      () => service.predict({ model: corrupt, inputs: [cat] }, call()),
    ]) {
      await assert.rejects(work, (e: unknown) => e instanceof LensError && e.code.startsWith('checkpoint/'));
    }
  });

  it('frees a model on request and when it is idle', async () => {
    await service.predict({ model, inputs: [cat], provider: 'cpu' }, call());
    assert.ok((await service.status({}, call())).openModels.includes(model));
    await service.release({ model }, call());
    assert.ok(!(await service.status({}, call())).openModels.includes(model));
    const another = new RunnerService({ idleMs: 30 });
    const impatient = another.operations;
    await impatient.predict({ model, inputs: [cat], provider: 'cpu' }, call());
    assert.equal((await impatient.status({}, call())).openModels.length, 1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal((await impatient.status({}, call())).openModels.length, 0);
    await another.dispose();
  });

  it('states the version of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    assert.equal(VERSION, version);
  });
});
