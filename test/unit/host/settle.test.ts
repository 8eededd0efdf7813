import assert from 'node:assert/strict';
import { LensError } from '../../../src/base/errors.js';
import { byTraining, sameLayers, seriesOf } from '../../../src/host/workspace/series.js';
import type { LayerDescription } from '../../../src/result/inspection.js';
import { Lookout } from '../../../src/host/disk/lookout.js';
import { readWhenWhole, untilStill, type Clock, type Stamp } from '../../../src/host/disk/settle.js';

/** A file whose size is known at each moment, and a clock that only sleeping moves. */
function world(size: (now: number) => number | undefined, start = 1_000_000) {
  let now = start;
  let last: number | undefined;
  let modified = start - 60_000;
  const clock: Clock = {
    now: () => now,
    sleep: async (ms) => {
      for (let i = 0; i < ms; i++) {
        now++;
        const next = size(now - start);
        if (next !== last) [last, modified] = [next, now];
      }
    },
  };
  last = size(0);
  const look = async (): Promise<readonly (Stamp | undefined)[]> => [
    last === undefined ? undefined : { size: last, modified },
  ];
  return { clock, look, elapsed: () => now - start, size: () => last };
}

const never = new AbortController().signal;
const truncated = (): LensError => new LensError('input', 'checkpoint/truncated', 'It is cut off.');

describe('a file that is being written', () => {
  it('is waited for until nothing has changed for a while', async () => {
    const file = world((now) => Math.min(1000, now));
    const [stamp] = await untilStill(file.look, never, file.clock);
    assert.equal(stamp?.size, 1000);
    assert.ok(file.elapsed() >= 1600 && file.elapsed() < 2200, String(file.elapsed()));
  });

  it('is read again when it is whole, and what was read of its half is not believed', async () => {
    const file = world((now) => (now < 100 ? 400 : now < 3000 ? 500 : 1000));
    let waited = 0;
    const read = async (): Promise<number> => {
      await file.clock.sleep(10);
      if (file.size()! < 1000) throw truncated();
      return file.size()!;
    };
    await file.clock.sleep(150); // it was touched a moment ago
    const size = await readWhenWhole(read, file.look, never, () => waited++, file.clock);
    assert.equal(size, 1000);
    assert.equal(waited, 1);
  });

  it('that nobody has touched for long is refused at once', async () => {
    const file = world(() => 500);
    await assert.rejects(
      readWhenWhole(
        () => Promise.reject(truncated()),
        file.look,
        never,
        () => assert.fail(),
        file.clock,
      ),
      /cut off/,
    );
    assert.equal(file.elapsed(), 0);
  });

  it('is refused in the end where it stays as it is', async () => {
    const file = world((now) => (now < 50 ? 400 : 500));
    await file.clock.sleep(60);
    await assert.rejects(
      readWhenWhole(() => Promise.reject(truncated()), file.look, never, undefined, file.clock),
      /cut off/,
    );
    assert.ok(file.elapsed() > 9000 && file.elapsed() < 12_000, String(file.elapsed()));
  });

  it('is not waited for where its writing cannot be the reason', async () => {
    const file = world((now) => now);
    const error = new LensError('input', 'checkpoint/git-lfs', 'This is a pointer.');
    await assert.rejects(
      readWhenWhole(
        () => Promise.reject(error),
        file.look,
        never,
        () => assert.fail(),
        file.clock,
      ),
      /pointer/,
    );
  });
});

describe('a refusal of a file that changes while it is read', () => {
  it('is not believed, whatever it says', async () => {
    const file = world((now) => (now < 5 ? 400 : 500));
    let reads = 0;
    const read = async (): Promise<string> => {
      reads++;
      await file.clock.sleep(10);
      if (reads === 1) throw new LensError('input', 'graph/no-layer', 'There is no such layer.');
      return 'there it is';
    };
    assert.equal(await readWhenWhole(read, file.look, never, undefined, file.clock), 'there it is');
    assert.equal(reads, 2);
  });
});

describe('a lookout', () => {
  /** A clock that only `pass` moves, after what waits for the moment has run. */
  function manualClock() {
    let now = 0;
    const waiting: { at: number; go: () => void }[] = [];
    const clock: Clock = {
      now: () => now,
      sleep: (ms, signal) =>
        new Promise((go) => {
          waiting.push({ at: now + ms, go });
          signal?.addEventListener('abort', () => go(), { once: true });
        }),
    };
    const pass = async (ms: number): Promise<void> => {
      for (const end = now + ms; now < end;) {
        now++;
        for (const each of waiting.splice(0)) {
          if (each.at <= now) each.go();
          else waiting.push(each);
        }
        await new Promise(setImmediate);
      }
    };
    return { clock, pass, waiting };
  }

  it('looks without an event, and no more than a small part of the time where looking is slow', async () => {
    const { clock, pass } = manualClock();
    const looks: number[] = [];
    const lookout = new Lookout(
      async () => {
        looks.push(clock.now());
        if (looks.length > 1) await clock.sleep(800);
      },
      undefined,
      clock,
    );
    await pass(9000);
    lookout.dispose();
    assert.deepEqual(looks, [2000, 4000, 8800]);
    await pass(9000);
    assert.equal(looks.length, 3, 'it has ended');
  });

  it('looks once more when something is raised during a look, and goes on after one that failed', async () => {
    const { clock } = manualClock();
    const errors: unknown[] = [];
    let looks = 0;
    let finish = (): void => undefined;
    const lookout = new Lookout(
      () => {
        looks++;
        return new Promise((resolve, reject) => {
          finish = looks === 1 ? () => reject(new Error('gone')) : resolve;
        });
      },
      (error) => errors.push(error),
      clock,
    );
    const [first, second, third] = [lookout.raise(), lookout.raise(), lookout.raise()];
    assert.deepEqual([looks, lookout.looking], [1, true]);
    finish();
    await new Promise(setImmediate);
    assert.equal(looks, 2);
    finish();
    await Promise.all([first, second, third]);
    assert.deepEqual([looks, lookout.looking, errors.length], [2, false, 1]);
    lookout.dispose();
  });
});

describe('a series of checkpoints', () => {
  const steps = (name: string, files: readonly string[]): unknown => seriesOf(name, files).map((f) => [f.name, f.step]);
  const alone = (name: string, ...files: string[]): void =>
    assert.deepEqual(
      seriesOf(name, files).map((f) => f.name),
      [name],
    );

  it('holds the files whose names differ in the step, by that number', () => {
    const files = ['epoch_10.onnx', 'epoch_2.onnx', 'best.onnx', 'epoch_3.onnx.data', 'other_3.onnx', 'epoch_2b.onnx'];
    assert.deepEqual(steps('epoch_2.onnx', files), [
      ['epoch_2.onnx', 2],
      ['epoch_10.onnx', 10],
      ['best.onnx', 11],
    ]);
    assert.deepEqual(seriesOf('best.onnx', ['other.onnx']), [
      { name: 'best.onnx', label: 'best', step: 0, certain: false },
    ]);
  });

  it('ends with what a training has left without a number, where the layers will have to be the same', () => {
    const files = ['last.onnx', 'best.onnx', 'notes.txt', 'resnet.onnx'];
    const known = (name: string): unknown => seriesOf(name, files).map((f) => [f.name, f.label, f.certain]);
    const both = [
      ['best.onnx', 'best', false],
      ['last.onnx', 'last', false],
    ];
    assert.deepEqual(known('best.onnx'), both);
    assert.deepEqual(known('last.onnx'), both);
    const birds = ['birds_cnn_epoch1.onnx', 'birds_cnn.onnx', 'birds_vit.onnx', 'birds_cnn_final.onnx'];
    for (const name of ['birds_cnn_epoch1.onnx', 'birds_cnn.onnx'])
      assert.deepEqual(steps(name, birds), [
        ['birds_cnn_epoch1.onnx', 1],
        ['birds_cnn_final.onnx', 2],
        ['birds_cnn.onnx', 3],
      ]);
  });

  it('is looked through from its end: what is trained first', () => {
    const files = ['net_epoch_2.onnx', 'net_epoch_10.onnx', 'net.onnx'];
    assert.deepEqual(files.sort(byTraining), ['net.onnx', 'net_epoch_10.onnx', 'net_epoch_2.onnx']);
  });

  for (const [one, other, certain] of [
    ['3.onnx', '12.onnx', false],
    ['model_3.onnx', 'model_4.onnx', false],
    ['model3.onnx', 'model4.onnx', false],
    ['net-0010.onnx', 'net-0200.onnx', false],
    ['model_v1.onnx', 'model_v2.onnx', false],
    ['ckpt-100.ONNX', 'ckpt-200.onnx', true],
    ['birds_epoch3.onnx', 'birds_epoch4.onnx', true],
    ['e1.onnx', 'e2.onnx', true],
    ['resnet18_epoch_1_fp16.onnx', 'resnet18_epoch_2_fp16.onnx', true],
    ['step_900.onnx', 'step_10k.onnx', true],
    ['epoch=1-step=900-val_loss=0.31.onnx', 'epoch=2-step=1800-val_loss=0.25.onnx', true],
  ] as const)
    it(`${one} and ${other} are ${certain ? 'surely' : 'by their names'} of one training`, () => {
      const found = seriesOf(one, [other]);
      assert.deepEqual(
        found.map((f) => [f.name, f.certain]),
        [
          [one, certain],
          [other, certain],
        ],
      );
      assert.ok(found[0]!.step < found[1]!.step, `found[0].step: ${found[0]!.step}, found[1].step: ${found[1]!.step}`);
    });

  it('knows numbers that are no steps', () => {
    alone('resnet18.onnx', 'resnet50.onnx', 'resnet18_dynamo.onnx');
    alone('vgg11.onnx', 'vgg16.onnx');
    alone('efficientnet_b0.onnx', 'efficientnet_b1.onnx');
    alone('vit_b_16.onnx', 'vit_b_32.onnx');
    alone('regnet_y_400mf.onnx', 'regnet_y_800mf.onnx');
    alone('model_fp16.onnx', 'model_fp32.onnx');
    alone('model_opset11.onnx', 'model_opset13.onnx');
    alone('fold_1.onnx', 'fold_2.onnx');
    alone('resnet18_epoch1.onnx', 'resnet34_epoch1.onnx', 'resnet34_epoch2.onnx');
  });

  it('is of one training only where the layers are the same', () => {
    const layer = (name: string, parameters: number): LayerDescription =>
      ({ name, op: 'Conv', parameters }) as LayerDescription;
    const own = [layer('a', 10), layer('relu', 0), layer('b', 20)];
    assert.ok(sameLayers(own, [layer('a', 10), layer('b', 20)]));
    assert.ok(!sameLayers(own, [layer('a', 10), layer('b', 21)]));
    assert.ok(!sameLayers(own, [layer('a', 10)]));
  });
});
