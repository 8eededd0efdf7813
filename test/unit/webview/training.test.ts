import assert from 'node:assert/strict';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import { address } from '../../../src/base/place.js';
import { floatTensor } from '../../../src/base/tensor.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ModelHostApi, SeriesEntry } from '../../../src/protocol/modelPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import type { LayerWeights, WeightStatistics } from '../../../src/result/weights.js';
import { TrainingFrames } from '../../../webview/model/training/frames.js';
import { Lane, type Job } from '../../../webview/model/training/lane.js';

type Host = Pick<Client<ModelHostApi>, 'weightsOf' | 'weightStatisticsOf' | 'explainWith'>;

const entry = (step: number, version = '1'): SeriesEntry => ({
  file: { uri: address(`file:///epoch_${step}.onnx`), name: `epoch_${step}.onnx` },
  step,
  version,
});
const stepOf = (uri: string): number => Number(/(\d+)\.onnx$/.exec(uri)![1]);
const statistics = (magnitude: number): WeightStatistics => ({
  count: 4,
  min: -magnitude,
  max: magnitude / 2,
  mean: 0,
  std: 1,
  sparsity: 0,
  l1: 1,
  l2: 1,
  nan: 0,
  infinite: 0,
  histogram: { min: -magnitude, max: magnitude / 2, counts: Uint32Array.of(1, magnitude) },
  filterNorms: Float32Array.of(1),
  dead: Uint8Array.of(0),
  magnitude,
});
const weights = (step: number): LayerWeights => ({
  layer: 'conv',
  op: 'Conv',
  weights: [],
  shown: { name: 'w', role: 'weight', dims: [2, 2], type: 'float32', view: 'matrix', shape: [2, 2] },
  page: { rows: Int32Array.of(0, 1), columns: Int32Array.of(0, 1), values: floatTensor([2, 2]) },
  statistics: statistics(step),
  notes: [],
});
const explanation = (step: number, index: number): Explanation =>
  ({
    target: { index, label: `class ${index}` },
    value: 10 * step,
    attribution: {
      values: floatTensor([2, 1, 2], Float32Array.of(step, -step, step, 0)),
      axes: 'CHW',
      signed: true,
      unit: 'x',
    },
  }) as unknown as Explanation;

/** A host that notes what it is asked, and answers when it is let. */
class FakeHost {
  readonly asked: string[] = [];
  readonly stopped: string[] = [];
  private waiting: (() => void)[] = [];
  held = false;
  broken = new Set<number>();
  /** The weights of the layer in a checkpoint. */
  weights: (step: number) => LayerWeights['weights'] = () => [];

  readonly host: Host = {
    weightsOf: ({ uri, weight, page }, options) => {
      const what = page?.rowCount === 1 ? 'names' : 'weights';
      return this.answer(`${what} ${stepOf(uri)}${weight === undefined ? '' : ` ${weight}`}`, options?.signal, () => ({
        ...weights(stepOf(uri)),
        weights: this.weights(stepOf(uri)),
      }));
    },
    weightStatisticsOf: ({ uri, weight }, options) =>
      this.answer(`statistics ${stepOf(uri)}${weight === undefined ? '' : ` ${weight}`}`, options?.signal, () =>
        statistics(stepOf(uri)),
      ),
    explainWith: ({ uri, target }, options) =>
      this.answer(`explain ${stepOf(uri)} ${target}`, options?.signal, () =>
        explanation(stepOf(uri), target === 'top1' ? 7 : Number(target)),
      ),
  };

  release(): void {
    this.held = false;
    for (const go of this.waiting.splice(0)) go();
  }

  private async answer<T>(what: string, signal: AbortSignal | undefined, value: () => T): Promise<T> {
    this.asked.push(what);
    const step = Number(/\d+/.exec(what)![0]);
    if (this.held)
      await new Promise<void>((resolve, reject) => {
        this.waiting.push(resolve);
        signal?.addEventListener('abort', () => {
          this.stopped.push(what);
          reject(new CancelledError());
        });
      });
    if (this.broken.has(step)) throw new LensError('usage', 'graph/layer', 'The model has no layer "conv".');
    return value();
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

function make(steps: readonly number[]): { fake: FakeHost; frames: TrainingFrames } {
  const fake = new FakeHost();
  const frames = new TrainingFrames(fake.host, () => undefined);
  frames.setSeries(steps.map((step) => entry(step)));
  return { fake, frames };
}

describe('the checkpoints of a training', () => {
  it('are asked for in the order in which they are looked at: this one, its neighbours, then the numbers of all', async () => {
    const { fake, frames } = make([1, 2, 3, 4, 5, 6]);
    frames.lookAt(2);
    frames.setLayer('conv');
    await settle();
    assert.deepEqual(fake.asked, ['weights 3', 'weights 4', 'weights 2', 'weights 5', 'statistics 1', 'statistics 6']);
    assert.deepEqual(frames.magnitude, { limit: 6, of: 6 });
    assert.deepEqual(frames.histograms, { range: [-6, 3], most: 6 });
    assert.ok(frames.ready(2) && !frames.ready(0), 'the first has its numbers, but no picture yet');
    frames.dispose();
  });

  it('show another weight of the layer, by its part where a checkpoint calls it otherwise', async () => {
    const { fake, frames } = make([1, 2]);
    const entryOf = (name: string, role: string): LayerWeights['shown'] => ({ ...weights(1).shown, name, role });
    fake.weights = (step) => [entryOf('w', 'weight'), entryOf(step === 1 ? 'b' : 'val_7', 'bias')];
    frames.setLayer('conv');
    await settle();
    const before = fake.asked.length;
    frames.setLayer('conv', { name: 'b', role: 'bias' });
    assert.equal(frames.list[0]!.weights, undefined, 'what was there is of another weight');
    await settle();
    assert.deepEqual(fake.asked.slice(before), ['names 1', 'weights 1 b', 'names 2', 'weights 2 val_7']);
    frames.setLayer('conv', { name: 'b', role: 'bias' });
    await settle();
    assert.equal(fake.asked.length, before + 4, 'the same is not asked again');
    frames.dispose();
  });

  it('explain one class everywhere: that of the newest; the scale is the largest of those that are there', async () => {
    const { fake, frames } = make([1, 2, 3, 4, 5]);
    frames.setQuestion({ picture: address('file:///a.png'), method: 'gradient', target: 'top1' });
    await settle();
    assert.deepEqual(fake.asked, ['explain 5 top1', 'explain 1 7', 'explain 2 7', 'explain 3 7']);
    assert.deepEqual(frames.explained, { index: '7', label: 'class 7' });
    // |5| + |5| in the first pixel, by the 99.5th percentile of two pixels.
    assert.deepEqual(frames.mapLimit, { limit: frames.list[4]!.limit, of: 4 });
    assert.deepEqual([...frames.list[0]!.explanation!.attribution.values.data], [2, 1]);
    frames.explainAll(true);
    await settle();
    assert.equal(fake.asked.at(-1), 'explain 4 7');
    assert.deepEqual(
      frames.list.map((frame) => frame.score),
      [10, 20, 30, 40, 50],
    );
    // Another method asks anew, about the same class.
    frames.setQuestion({ picture: address('file:///a.png'), method: 'occlusion', target: 'top1' });
    await settle();
    assert.ok(
      fake.asked.slice(5).every((what) => what.endsWith(' 7')),
      fake.asked.join(),
    );
    frames.dispose();
  });

  it('make room for what is looked at, and stop when they are told to', async () => {
    const { fake, frames } = make([1, 2, 3, 4, 5, 6, 7, 8]);
    frames.setQuestion({ picture: address('file:///a.png'), method: 'gradient', target: '3' });
    await settle();
    fake.held = true;
    frames.explainAll(true);
    await settle();
    assert.equal(fake.asked.at(-1), 'explain 4 3');
    frames.lookAt(6);
    await settle();
    assert.deepEqual(fake.stopped, ['explain 4 3']);
    assert.equal(fake.asked.at(-1), 'explain 7 3');
    frames.stop();
    await settle();
    assert.deepEqual([frames.working, frames.stopped], [undefined, true]);
    fake.release();
    const before = fake.asked.length;
    frames.lookAt(7);
    await settle();
    assert.deepEqual(fake.asked.slice(before), ['explain 8 3'], 'what is looked at, and nothing else');
    frames.resume();
    await settle();
    assert.ok(frames.list.every((frame) => frame.score !== undefined));
    frames.dispose();
  });

  it('are asked anew where the file was rewritten; the others stay, and one without the layer says so', async () => {
    const { fake, frames } = make([1, 2]);
    frames.setLayer('conv');
    await settle();
    const second = frames.list[1];
    fake.broken.add(3);
    const before = fake.asked.length;
    frames.setSeries([entry(1, '2'), entry(2), entry(3)]);
    await settle();
    assert.deepEqual(fake.asked.slice(before), ['weights 1', 'weights 3']);
    assert.equal(frames.list[1], second);
    assert.equal(frames.list[2]!.weightsError?.message, 'The model has no layer "conv".');
    assert.deepEqual(frames.magnitude, { limit: 2, of: 2 });
    fake.broken.clear();
    frames.resume();
    await settle();
    assert.equal(frames.list[2]!.statistics?.magnitude, 3);
    frames.dispose();
  });

  it('answer for another layer only what is asked of that', async () => {
    const { fake, frames } = make([1]);
    fake.held = true;
    frames.setLayer('conv');
    await settle();
    frames.setLayer('other');
    fake.release();
    await settle();
    assert.deepEqual(fake.asked, ['weights 1', 'weights 1']);
    assert.deepEqual(fake.stopped, ['weights 1']);
    frames.dispose();
  });
});

describe('a lane', () => {
  it('does one thing after the other, and begins none twice', async () => {
    const done: string[] = [];
    const todo = ['a', 'b'];
    const job = (key: string): Job => ({
      key,
      urgent: false,
      run: async () => {
        await settle();
        done.push(todo.shift()!);
      },
    });
    const lane = new Lane(
      () => (todo[0] === undefined ? undefined : job(todo[0])),
      () => undefined,
    );
    lane.look();
    lane.look();
    await settle();
    await settle();
    await settle();
    assert.deepEqual(done, ['a', 'b']);
    lane.close();
  });
});
