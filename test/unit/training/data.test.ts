import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { floatTensor, type Tensor } from '../../../src/base/tensor.js';
import { augmented, drawn } from '../../../src/training/augment.js';
import { Batches, dropoutMask } from '../../../src/training/batch.js';
import { TimeLeft } from '../../../src/training/estimate.js';
import { normaliseInto, pictureSubset, PicturesInMemory } from '../../../src/training/pictures.js';
import { decodeTraining, encodeTraining } from '../../../src/training/saved.js';
import { batchesOf, rateAt } from '../../../src/training/schedule.js';
import { TRAINING_PARAMETERS, type TrainingRecipe } from '../../../src/result/training.js';

const RECIPE = Object.fromEntries(
  Object.entries(TRAINING_PARAMETERS).map(([name, spec]) => [name, spec.default]),
) as TrainingRecipe;
const STILL = { flip: false, crop: 1, translate: 0, jitter: 0 };
const size = { height: 4, width: 5, channels: 3 };
const picture = Uint8Array.from({ length: 60 }, (_, i) => (i * 37) % 256);

describe('training: what is fed', () => {
  it('leaves a picture as it is where nothing is changed, and mirrors and shifts whole pixels', () => {
    const change = drawn(new Random(3), STILL, size);
    assert.deepEqual(augmented(picture, size, change), picture);
    const mirrored = augmented(picture, size, { ...change, flip: true });
    assert.deepEqual([...mirrored.subarray(0, 3)], [...picture.subarray(12, 15)]);
    assert.deepEqual(augmented(mirrored, size, { ...change, flip: true }), picture);
    const shifted = augmented(picture, size, { ...change, left: 2, top: -1 });
    // The row above the picture is its first; what comes behind its last column is that column.
    const row = [6, 7, 8, 9, 10, 11, 12, 13, 14, 12, 13, 14, 12, 13, 14].map((i) => picture[i]);
    assert.deepEqual([...shifted.subarray(0, 15)], row);
    assert.deepEqual(shifted.subarray(15, 24), picture.subarray(6, 15));
  });

  it('draws parts of the picture no smaller than asked, and shifts no larger', () => {
    const big = { height: 100, width: 60, channels: 3 };
    for (let i = 0; i < 200; i++) {
      const { height, width, top, left } = drawn(new Random(i), { ...STILL, crop: 0.3 }, big);
      assert.ok(height * width >= 0.299 * 6000 || height === 100 || width === 60, `${height} ${width}`);
      assert.ok(top >= 0 && left >= 0 && top + height <= 100.001 && left + width <= 60.001, `${top} ${left}`);
      const moved = drawn(new Random(i), { ...STILL, translate: 0.1 }, big);
      assert.ok(Math.max(moved.top, -moved.top) <= 10 && Math.max(moved.left, -moved.left) <= 6, `${moved.top}`);
    }
  });

  it('resamples a ramp to a ramp, and jitters without leaving the bytes', () => {
    const ramp = { height: 1, width: 64, channels: 1 };
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => 4 * i);
    const half = augmented(bytes, ramp, { ...drawn(new Random(0), STILL, ramp), left: 16, width: 32 });
    half.forEach((v, i) => assert.ok(v >= 62 + 2 * i && v <= 64 + 2 * i, `${i}: ${v}`));
    const bright = augmented(picture, size, { ...drawn(new Random(0), STILL, size), brightness: 1.5 });
    bright.forEach((v, i) => assert.equal(v, Math.min(255, Math.round(1.5 * picture[i]!))));
  });

  it('normalises by the channel that is meant, in both layouts', () => {
    const tables = [0, 1, 2].map((c) => Float32Array.from({ length: 256 }, (_, v) => v + 1000 * c));
    for (const layout of ['NCHW', 'NHWC'] as const) {
      const out = new Float32Array(61);
      normaliseInto(picture, size, { layout, source: [2, 1, 0], tables }, out, 1);
      const at = (c: number, i: number): number => out[1 + (layout === 'NCHW' ? c * 20 + i : i * 3 + c)]!;
      for (let i = 0; i < 20; i++)
        for (let c = 0; c < 3; c++) assert.equal(at(c, i), picture[3 * i + 2 - c]! + 1000 * c);
    }
  });

  const pictures = new PicturesInMemory(
    3,
    2,
    2,
    1,
    Int32Array.from({ length: 11 }, (_, i) => i % 3),
    Uint8Array.from({ length: 44 }, (_, i) => i),
  );
  const source = {
    pictures,
    normalise: { layout: 'NCHW', source: [0], tables: [Float32Array.from({ length: 256 }, (_, v) => v)] },
    recipe: RECIPE,
    seed: 5,
    dims: [1, 2, 2],
    size: 4,
  } as const;

  it('sees each picture once in an epoch, in another order in the next, and fills up the last batch', () => {
    const epoch = (number: number): ReturnType<Batches['make']>[] => {
      const batches = new Batches(source, number);
      return [0, 1, 2].map((step) => {
        const { picture: fed, ...rest } = batches.make(step);
        return { ...rest, picture: floatTensor(fed.dims, fed.data.slice()) };
      });
    };
    const [first, again, second] = [epoch(1), epoch(1), epoch(2)];
    const seen = first.flatMap(({ places, fresh }) => places.slice(0, fresh));
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    assert.equal(first[2]!.fresh, 3);
    assert.equal(first[2]!.places[3], first[0]!.places[0]);
    assert.deepEqual(again, first);
    assert.notDeepEqual(second[0]!.places, first[0]!.places);
    const batch = first[1]!;
    batch.labels.forEach((label, k) => {
      assert.equal(label, batch.places[k]! % 3);
      const row = [...batch.target.data.subarray(3 * k, 3 * k + 3)];
      assert.deepEqual(
        row,
        [0, 1, 2].map((c) => (c === label ? 1 : 0)),
      );
    });
  });

  it('gives a picture the same change whatever was seen before it', () => {
    const wild = { ...source, recipe: { ...RECIPE, crop: 0.4, jitter: 0.5, translate: 0.5 } };
    const all = new Batches(wild, 7);
    all.make(0);
    const late = all.make(1).picture.data.slice();
    assert.deepEqual(new Batches(wild, 7).make(1).picture.data, late);
  });

  it('drops for each picture by itself, wherever it stands in the batch', () => {
    const mask = { name: 'm', dims: [2, 4, 50], batchAxis: 1, keep: 0.25 };
    const make = (...places: number[]): Float32Array =>
      dropoutMask(mask, { seed: 1, epoch: 2, mask: 0, pictures: places }, 'float32').data as Float32Array;
    const [a, b] = [make(8, 3, 5, 1), make(3, 8, 1, 5)];
    const part = (all: Float32Array, row: number): number[] =>
      [0, 1].flatMap((o) => [...all.subarray((o * 4 + row) * 50, (o * 4 + row + 1) * 50)]);
    assert.deepEqual(part(a, 0), part(b, 1));
    assert.deepEqual(part(a, 3), part(b, 2));
    assert.notDeepEqual(part(a, 0), part(a, 1));
    const kept = a.reduce((sum, v) => sum + v, 0) / a.length;
    assert.ok(kept > 0.18 && kept < 0.32, `${kept}`);
  });

  it('takes some of the pictures', () => {
    const some = pictureSubset(pictures, [10, 4]);
    const into = new Uint8Array(4);
    some.bytes(1, into);
    assert.deepEqual([some.count, some.label(0), ...into], [2, 1, 16, 17, 18, 19]);
  });
});

describe('training: rates, batches and time', () => {
  it('warms up, then falls as it is said', () => {
    const of = (schedule: TrainingRecipe['schedule'], warmup = 0): number[] =>
      Array.from({ length: 8 }, (_, step) =>
        Number(rateAt({ rate: 1, schedule, warmup, epochs: 4 }, step, 2).toFixed(6)),
      );
    assert.deepEqual(of('constant'), [1, 1, 1, 1, 1, 1, 1, 1]);
    assert.deepEqual(of('steps'), [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01]);
    const cosine = of('cosine', 1);
    assert.deepEqual(cosine.slice(0, 3), [0.333333, 0.666667, 1]);
    for (let i = 3; i < 8; i++) assert.ok(cosine[i]! < cosine[i - 1]! && cosine[i]! > 0, `${cosine[i]}`);
  });

  it('makes batches equal where there are few', () => {
    assert.deepEqual(batchesOf(35, 32), { size: 18, steps: 2 });
    assert.deepEqual(batchesOf(6, 32), { size: 6, steps: 1 });
    assert.deepEqual(batchesOf(2000, 128), { size: 128, steps: 16 });
  });

  it('says nothing of the time before it has measured, and then what was measured', () => {
    const left = new TimeLeft();
    assert.equal(left.seconds(10, 1, 0), undefined);
    [900, 900, 100, 300].forEach((ms) => left.step(ms));
    assert.equal(left.seconds(10, 2, 500), 3);
    left.epochEnd(1000);
    assert.equal(left.seconds(10, 2, 500), 4);
  });

  it('keeps a training to the bit, and refuses bytes that are cut off', () => {
    const saved = {
      epoch: 3,
      state: new Map<string, Tensor>([
        ['w', floatTensor([2], Float32Array.of(0.1, -0))],
        ['n', { type: 'int64', dims: [], data: BigInt64Array.of(7n) }],
      ]),
      curve: [{ epoch: 1, loss: 2, accuracy: 0.5, rate: 0.1, seconds: 1 }],
      best: { epoch: 1, measured: { loss: 1, accuracy: 0.5 }, weights: new Map([['w', floatTensor([1])]]) },
    };
    const bytes = encodeTraining(saved);
    assert.deepEqual(decodeTraining(bytes), saved);
    assert.throws(() => decodeTraining(bytes.subarray(0, bytes.length - 1)));
  });
});
