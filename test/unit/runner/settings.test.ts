import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import type { PredictAnswer } from '../../../src/protocol/prediction.js';
import { RunnerService } from '../../../src/runner/service.js';
import { dataPath, modelPath, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';
import { call } from '../support/call.js';

describe('settings that lie in files', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const folder = path.join(temporaryFolder(), 'onnx');
  const model = filePath(path.join(folder, 'net.onnx'));
  const cat = dataPath('images/cifar10_test_jpg/cat/0000.jpg');
  before(requireData);
  before(() => {
    mkdirSync(folder);
    cpSync(modelPath('cifar_resnet20.onnx'), model);
  });
  after(() => runner.dispose());

  const write = (name: string, content: unknown): void =>
    writeFileSync(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  const ask = (): Promise<PredictAnswer> => service.predict({ model, inputs: [cat], provider: 'cpu' }, call());
  const best = (answer: PredictAnswer): { label: string; logit: number } => {
    const [outcome] = answer.results;
    assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
    return outcome.result.top![0]!;
  };
  const names = (of: string): string => Array.from({ length: 10 }, (_, i) => `${of} ${i}`).join('\n');

  it('are read again when one of the files changes, comes or goes, whichever it is', async () => {
    const guessed = await ask();
    assert.match(guessed.preprocessing.mean!.origin.detail, /nothing says otherwise/);

    write('preprocessor_config.json', { image_mean: [0.485, 0.456, 0.406], image_std: [0.5, 0.5, 0.5] });
    const first = await ask();
    assert.deepEqual(first.preprocessing.std!.value, [0.5, 0.5, 0.5]);
    write('preprocessor_config.json', { image_mean: [0.485, 0.456, 0.406], image_std: [0.1, 0.1, 0.1] });
    const second = await ask();
    assert.deepEqual(second.preprocessing.std!.value, [0.1, 0.1, 0.1]);
    assert.notEqual(best(second).logit, best(first).logit);

    write('../labels.txt', names('above'));
    assert.match(best(await ask()).label, /^above/, 'a file that was looked for, in the folder above');
    write('names.txt', names('first'));
    write('net.lens.json', { labels: 'names.txt' });
    assert.match(best(await ask()).label, /^first/);
    write('names.txt', names('second'));
    assert.match(best(await ask()).label, /^second/, 'a file that the sidecar names');
    rmSync(path.join(folder, 'net.lens.json'));
    assert.match(best(await ask()).label, /^above/);
  });

  it('are not read again, and the model not opened anew, while nothing changes', async () => {
    const [first, second] = [await ask(), await ask()];
    assert.deepEqual(second.preprocessing, first.preprocessing);
    assert.deepEqual((await service.status({}, call())).openModels, [model]);
  });
});
