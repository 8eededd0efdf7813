import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { LensError, CancelledError } from '../../../src/base/errors.js';
import { floatTensor, type Tensor } from '../../../src/base/tensor.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { candidates, missingHere } from '../../../src/session/ort/providers.js';
import { firstSentence } from '../../../src/session/ort/ortErrors.js';
import { largestDifference, SelfCheckedSession } from '../../../src/session/ort/selfCheck.js';
import type { Session } from '../../../src/session/session.js';
import { assertClose } from '../support/close.js';
import { dataPath, modelPath, reference, requireData } from '../support/data.js';

describe('session/ort', () => {
  before(requireData);

  it('runs a model from bytes and equals the reference logits', async () => {
    const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
    const session = await sessions.openBytes({ bytes: readFileSync(modelPath('small_cnn.onnx')) });
    assert.equal(sessions.openCount, 1);
    assert.deepEqual(session.provider, { used: 'cpu', refused: [] });
    const input = reference('small_cnn', 'input');
    const { logits } = await session.run({ input }, ['logits']);
    assertClose(logits!.data as Float32Array, reference('small_cnn', 'logits').data, { relative: 1e-5 }, 'logits');
    await session.dispose();
    await session.dispose();
    assert.equal(sessions.openCount, 0);
    await assert.rejects(session.run({ input }, ['logits']), /disposed/);
  });

  it('reads external weights from the folder', async () => {
    const sessions = new OrtSessions({ provider: 'cpu' });
    const bytes = readFileSync(modelPath('cifar_resnet20_dynamo.onnx'));
    const session = await sessions.openBytes({ bytes, folder: dataPath('models') });
    const { logits } = await session.run({ input: reference('cifar_resnet20', 'input') }, ['logits']);
    assertClose(logits!.data as Float32Array, reference('cifar_resnet20', 'logits').data, { relative: 1e-4 }, 'logits');
    await sessions.dispose();
    assert.equal(sessions.openCount, 0);
  });

  it('turns what the runtime throws into one sentence', async () => {
    const sessions = new OrtSessions({ provider: 'cpu' });
    await assert.rejects(
      sessions.openBytes({ bytes: new Uint8Array(100) }),
      (e: LensError) => e.code === 'session/open' && !/\n|onnxruntime_src/.test(e.message),
    );
    const session = await sessions.openBytes({ bytes: readFileSync(modelPath('small_cnn.onnx')) });
    const wrong = floatTensor([1, 3, 31, 32]);
    await assert.rejects(session.run({ input: wrong }, ['logits']), (e: LensError) => {
      assert.equal(e.code, 'session/input-shape');
      assert.equal(e.message, 'The input "input" has size 31 in dimension 2, the model wants 32.');
      return true;
    });
    const double: Tensor = { type: 'float64', dims: [1, 3, 32, 32], data: new Float64Array(3072) };
    await assert.rejects(session.run({ input: double }, ['logits']), (e: LensError) => e.code === 'session/input-type');
    const stopped = AbortSignal.abort();
    await assert.rejects(session.run({ input: floatTensor([1, 3, 32, 32]) }, ['logits'], stopped), CancelledError);
    await sessions.dispose();
  });

  it('never falls back from a provider chosen by name, and says why it was refused', async () => {
    const sessions = new OrtSessions();
    const absent = process.platform === 'win32' ? 'coreml' : 'dml';
    await assert.rejects(
      sessions.openBytes({ bytes: readFileSync(modelPath('small_cnn.onnx')) }, { provider: absent }),
      (e: LensError) =>
        e.code === 'session/provider' && e.message.includes(absent) && e.message.includes(missingHere(absent)!),
    );
    assert.equal(sessions.openCount, 0);
  });

  it('keeps the reasons of the providers that were refused under auto', async () => {
    const sessions = new OrtSessions();
    const session = await sessions.openBytes(
      { bytes: readFileSync(modelPath('small_cnn.onnx')) },
      { provider: 'auto' },
    );
    await session.run({ input: floatTensor([1, 3, 32, 32]) }, ['logits']);
    const order = candidates('auto');
    const { used, refused } = session.provider;
    assert.deepEqual(
      refused.map((r) => r.provider),
      order.slice(0, order.indexOf(used)),
    );
    assert.ok(refused.every((r) => r.reason.length > 0 && !r.reason.includes('\n')));
    await sessions.dispose();
  });

  it('shortens native messages', () => {
    assert.equal(
      firstSentence(
        '/onnxruntime_src/onnxruntime/core/x.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n',
      ),
      'Failed to get a WebGPU adapter: No supported adapters.',
    );
  });
});

describe('session/ort self check', () => {
  const fake = (used: 'webgpu' | 'cpu', value: number, log: string[]): Session => ({
    provider: { used, refused: [] },
    run: () => (log.push(`run ${used}`), Promise.resolve({ y: floatTensor([1], Float32Array.of(value)) })),
    dispose: () => (log.push(`dispose ${used}`), Promise.resolve()),
  });

  it('replaces a GPU that computes something else, and keeps the reason', async () => {
    const log: string[] = [];
    const session = new SelfCheckedSession(fake('webgpu', 1.1, log), () => Promise.resolve(fake('cpu', 1, log)), true);
    const { y } = await session.run({}, ['y']);
    assert.equal(y!.data[0], 1);
    assert.equal(session.provider.used, 'cpu');
    assert.match(session.provider.refused[0]!.reason, /something else than the CPU/);
    assert.ok(log.includes('dispose webgpu'));
    assert.ok(!log.includes('dispose cpu'));
  });

  it('refuses a wrong provider that was chosen by name', async () => {
    const log: string[] = [];
    const session = new SelfCheckedSession(fake('webgpu', 1.1, log), () => Promise.resolve(fake('cpu', 1, log)), false);
    await assert.rejects(session.run({}, ['y']), (e: LensError) => e.code === 'session/provider-wrong');
    assert.ok(log.includes('dispose cpu'));
  });

  it('keeps a right one and frees the CPU session', async () => {
    const log: string[] = [];
    const session = new SelfCheckedSession(fake('webgpu', 1, log), () => Promise.resolve(fake('cpu', 1, log)), false);
    await session.run({}, ['y']);
    assert.equal(session.provider.used, 'webgpu');
    assert.ok(log.includes('dispose cpu'));
  });

  it('measures differences, and treats a NaN on one side as infinite', () => {
    const t = (...v: number[]): Record<string, Tensor> => ({ y: floatTensor([v.length], Float32Array.from(v)) });
    assertClose(largestDifference(t(2, 4), t(2, 5)), 0.25, { absolute: 1e-7 }, 'largest difference');
    assert.equal(largestDifference(t(NaN, 1), t(NaN, 1)), 0);
    assert.equal(largestDifference(t(1), t(NaN)), Infinity);
  });
});
