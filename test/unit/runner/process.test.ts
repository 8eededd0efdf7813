import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { filePath } from '../../../src/base/place.js';
import { LensError } from '../../../src/base/errors.js';
import { Channel } from '../../../src/protocol/channel.js';
import type { RunnerApi } from '../../../src/protocol/runner.js';
import { bundled } from '../support/bundled.js';
import { dataPath, modelPath, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

describe('runner/main', () => {
  let script: string;
  const temporary = temporaryFolder();
  let child: ChildProcess;
  let channel: Channel<RunnerApi>;
  before(requireData);
  before(() => {
    script = bundled('src/runner/main.ts', 'runner-under-test.cjs');
  });
  beforeEach(() => {
    const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: temporary };
    delete env['ORT_DISABLE_TELEMETRY'];
    child = fork(script, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env });
    channel = new Channel<RunnerApi>(
      {
        post: (message) => void child.send(message as object),
        listen: (onMessage, onClose) => {
          child.on('message', onMessage);
          child.on('exit', () => onClose(new LensError('runtime', 'runner/died', 'gone')));
        },
      },
      {},
    );
  });
  afterEach(() => void child.kill('SIGKILL'));

  const ended = (): Promise<number | null> => new Promise((resolve) => child.once('exit', (code) => resolve(code)));

  it('answers with typed arrays', async () => {
    const { pid } = await channel.client.status({});
    assert.equal(pid, child.pid);
    const cat = dataPath('images/cifar10_test_jpg/cat/0000.jpg');
    const answer = await channel.client.explain({
      model: modelPath('small_cnn.onnx'),
      inputs: [cat],
      method: 'gradient',
      provider: 'cpu',
    });
    const [outcome] = answer.results;
    assert.ok(outcome !== undefined && 'result' in outcome, 'there is no outcome');
    assert.ok(outcome.result.attribution.values.data instanceof Float32Array);
    assert.ok(outcome.result.picture.data instanceof Uint8Array);
  });

  it('leaves nothing among the temporary files: ONNX Runtime reports to nobody', async () => {
    await channel.client.inspect({ model: modelPath('small_cnn.onnx') });
    assert.deepEqual(readdirSync(temporary), []);
  });

  it('hears a cancel between the pieces and goes on serving', async () => {
    const abort = new AbortController();
    let answered: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => (answered = resolve));
    const running = channel.client.explain(
      {
        model: modelPath('cifar_resnet20.onnx'),
        inputs: [dataPath('images/cifar10_test_jpg/cat/0000.jpg')],
        method: 'occlusion',
        params: { patch: 2, stride: 1 },
        provider: 'cpu',
      },
      {
        signal: abort.signal,
        onProgress: (r) => r.message.includes('patches') && abort.abort(),
        onAnswered: () => answered(),
      },
    );
    await assert.rejects(running, { name: 'CancelledError' });
    await settled;
    assert.equal((await channel.client.status({})).pid, child.pid);
  });

  it('sends errors as data', async () => {
    await assert.rejects(
      channel.client.outline({ model: filePath('/none/such.onnx') }),
      (e: unknown) => e instanceof LensError,
    );
  });

  it('ends with its parent', async () => {
    await channel.client.status({});
    const end = ended();
    child.disconnect();
    assert.equal(await end, 0);
  });
});
