import assert from 'node:assert/strict';
import { type FilePath } from '../../../src/base/place.js';
import { CancelledError } from '../../../src/base/errors.js';
import { Foreground } from '../../../src/runner/model/foreground.js';
import { RunnerService } from '../../../src/runner/service.js';
import { dataPath, modelPath, requireData } from '../support/data.js';

describe('runner/sanity', () => {
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
    const runner = new RunnerService();
    const service = runner.operations;
    const model = modelPath('cifar_resnet20.onnx');
    const [cat, dog] = ['cat', 'dog'].map((c) => dataPath(`images/cifar10_test_jpg/${c}/0000.jpg`)) as [
      FilePath,
      FilePath,
    ];
    const call = { signal: new AbortController().signal, progress: () => undefined };
    const ask = { model, provider: 'cpu', method: 'gradient', depths: 3 } as const;
    before(requireData);
    after(() => runner.dispose());

    it('computes a badge once for a model and a method, with the maps and the curve', async () => {
      const messages: string[] = [];
      const first = await service.sanity(
        { ...ask, input: cat },
        { ...call, progress: (p) => messages.push(p.message) },
      );
      assert.equal(first.cached, false);
      assert.equal(first.sanity.input, cat);
      assert.equal(first.sanity.verdict, 'learned');
      assert.deepEqual(
        first.sanity.stages.map((s) => s.layer),
        ['linear', first.sanity.stages[1]!.layer, 'conv1'],
      );
      assert.equal(first.sanity.original.values.length, 32 * 32);
      assert.ok(messages.some((m) => m.includes('down to linear')));
      const second = await service.sanity({ ...ask, input: dog }, call);
      assert.equal(second.cached, true);
      assert.deepEqual(second.sanity, first.sanity);
      const fresh = await service.sanity({ ...ask, input: dog, fresh: true }, call);
      assert.deepEqual([fresh.cached, fresh.sanity.input], [false, dog]);
      const other = await service.sanity({ ...ask, input: cat, target: '3 - 5' }, call);
      assert.equal(other.cached, false);
    });

    it('lets an explanation that was asked for later finish first, and stops when it is cancelled', async () => {
      const order: string[] = [];
      const request = { ...ask, method: 'smoothgrad', params: { samples: 40 }, depths: 5, input: cat };
      const badge = service.sanity(request, call).then(() => order.push('badge'));
      await new Promise((resolve) => setTimeout(resolve, 50));
      await service.explain({ ...ask, inputs: [dog] }, call);
      order.push('explanation');
      await badge;
      assert.deepEqual(order, ['explanation', 'badge']);
      const abort = new AbortController();
      const running = service.sanity(
        { ...request, fresh: true },
        { signal: abort.signal, progress: ({ fraction }) => void ((fraction ?? 0) > 0.3 && abort.abort()) },
      );
      await assert.rejects(running, CancelledError);
    });
  });

  describe('says in words what is known of the methods', () => {
    const runner = new RunnerService();
    const service = runner.operations;
    const call = { signal: new AbortController().signal, progress: () => undefined };
    const picture = dataPath('images/cifar10_test_jpg/cat/0000.jpg');
    const ask = async (method: string, depths = 5) =>
      (
        await service.sanity(
          { model: modelPath('cifar_resnet20.onnx'), provider: 'cpu', method, depths, input: picture },
          call,
        )
      ).sanity;
    before(requireData);
    after(() => runner.dispose());

    it('gradient, SmoothGrad, Grad-CAM and occlusion pass; input × gradient less clearly; guided backprop does not', async function () {
      this.timeout(240_000);
      for (const method of ['gradient', 'smoothgrad', 'gradcam', 'occlusion']) {
        const { verdict, sentence } = await ask(method);
        assert.equal(verdict, 'learned', `${method}: ${sentence}`);
        assert.match(sentence, /^A network that has learned nothing gives a map that is \d+ % alike: this one depends/);
      }
      const [gradient, multiplied, guided] = [
        await ask('gradient'),
        await ask('input_x_gradient'),
        await ask('guided_backprop'),
      ];
      assert.notEqual(guided.verdict, 'learned', guided.sentence);
      assert.ok(multiplied.similarity > gradient.similarity, 'the input itself is in every map');
      assert.ok(
        guided.cascade > multiplied.cascade,
        `guided.cascade: ${guided.cascade}, multiplied.cascade: ${multiplied.cascade}`,
      );
    });

    it('does not take the empty maps of random networks whose last ReLU is shut for a passed test', async function () {
      this.timeout(240_000);
      const { sanity } = await service.sanity(
        {
          model: modelPath('squeezenet_v1.0_dc.onnx'),
          provider: 'cpu',
          method: 'guided_backprop',
          depths: 3,
          input: dataPath('images/photos/goldfish.jpg'),
          target: '1',
        },
        call,
      );
      for (const { map, layer } of sanity.stages)
        assert.ok(
          map.values.some((v) => v !== map.values[0]) || sanity.notes.some((n) => n.includes(layer)),
          `${layer}: an empty map is counted`,
        );
      assert.ok(
        sanity.notes.some((n) => /class that they prefer|not counted/.test(n)),
        sanity.notes.join(),
      );
    });
  });
});
