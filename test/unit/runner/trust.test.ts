import assert from 'node:assert/strict';
import { CancelledError } from '../../../src/base/errors.js';
import { Foreground } from '../../../src/runner/foreground.js';
import { RunnerService } from '../../../src/runner/service.js';
import { dataPath, modelPath, requireData } from '../support/data.js';

describe('runner/trust', () => {
  it('stands back while somebody waits, and hears a cancel meanwhile', async () => {
    const foreground = new Foreground();
    const { signal } = new AbortController();
    await foreground.idle(signal);
    const order: string[] = [];
    let finish = (): void => undefined;
    const work = foreground.during(() =>
      new Promise<void>((resolve) => (finish = resolve)).then(() => order.push('work')),
    );
    const abort = new AbortController();
    const cancelled = foreground.idle(abort.signal);
    const back = foreground.idle(signal).then(() => order.push('back'));
    setTimeout(() => abort.abort(), 5);
    await assert.rejects(cancelled, CancelledError);
    assert.deepEqual(order, []);
    finish();
    await Promise.all([work, back]);
    assert.deepEqual(order, ['work', 'back']);
  });

  describe('on cifar_resnet20', () => {
    const service = new RunnerService();
    const model = modelPath('cifar_resnet20.onnx');
    const [cat, dog] = ['cat', 'dog'].map((c) => dataPath(`images/cifar10_test_jpg/${c}/0000.jpg`)) as [string, string];
    const call = { signal: new AbortController().signal, progress: () => undefined };
    const ask = { model, provider: 'cpu', method: 'gradient', depths: 3 } as const;
    before(requireData);
    after(() => service.dispose());

    it('computes a badge once for a model and a method, with the maps and the curve', async () => {
      const messages: string[] = [];
      const first = await service.trust({ ...ask, input: cat }, { ...call, progress: (p) => messages.push(p.message) });
      assert.equal(first.cached, false);
      assert.equal(first.trust.input, cat);
      assert.equal(first.trust.verdict, 'learned');
      assert.deepEqual(
        first.trust.stages.map((s) => s.layer),
        ['linear', first.trust.stages[1]!.layer, 'conv1'],
      );
      assert.equal(first.trust.original.values.length, 32 * 32);
      assert.ok(messages.some((m) => m.includes('down to linear')));
      const second = await service.trust({ ...ask, input: dog }, call);
      assert.equal(second.cached, true);
      assert.deepEqual(second.trust, first.trust);
      const fresh = await service.trust({ ...ask, input: dog, fresh: true }, call);
      assert.deepEqual([fresh.cached, fresh.trust.input], [false, dog]);
      const other = await service.trust({ ...ask, input: cat, target: '3 - 5' }, call);
      assert.equal(other.cached, false);
    });

    it('lets an explanation that was asked for later finish first, and stops when it is cancelled', async () => {
      const order: string[] = [];
      const request = { ...ask, method: 'smoothgrad', params: { samples: 40 }, depths: 5, input: cat };
      const badge = service.trust(request, call).then(() => order.push('badge'));
      await new Promise((resolve) => setTimeout(resolve, 50));
      await service.explain({ ...ask, inputs: [dog] }, call);
      order.push('explanation');
      await badge;
      assert.deepEqual(order, ['explanation', 'badge']);
      const abort = new AbortController();
      const running = service.trust(
        { ...request, fresh: true },
        { signal: abort.signal, progress: ({ fraction }) => void ((fraction ?? 0) > 0.3 && abort.abort()) },
      );
      await assert.rejects(running, CancelledError);
    });
  });
});
