import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../../src/base/tensor.js';
import type { AttentionLayer } from '../../../src/result/attention.js';
import {
  areaOf,
  boundOf,
  byChance,
  drawnToken,
  insideShare,
  looksRight,
  mapsOf,
  meanSimilarity,
  numberOfMaps,
  randomToken,
  shuffledLayers,
  tokenAt,
} from '../../../src/result/attentionBias.js';
import { assertClose } from '../support/close.js';

const map = (rows: readonly (readonly number[])[]): FloatTensor =>
  floatTensor([rows.length, rows[0]!.length], Float32Array.from(rows.flat()));

/** A class token and a grid of 2 × 3, two heads. */
const layer = (name: string): AttentionLayer => {
  const layout = { grid: [2, 3], prefix: 1, cells: Int32Array.of(-1, 0, 1, 2, 3, 4, 5) } as const;
  return {
    name,
    node: name,
    value: name,
    kind: 'tokens',
    heads: 2,
    windows: 1,
    queries: 7,
    keys: 7,
    notes: [],
    from: layout,
    to: layout,
  };
};

/** Every row of a head says the same: what its seven keys have. */
const weights = (...heads: readonly (readonly number[])[]): FloatTensor =>
  floatTensor(
    [1, heads.length, 7, 7],
    Float32Array.from(heads.flatMap((keys) => Array.from({ length: 7 }, () => keys).flat())),
  );

describe('result/attentionBias', () => {
  it('counts the maps that are looked through', () => {
    const swin = { heads: 3, windows: 64, queries: 49 };
    assert.deepEqual(numberOfMaps([layer('a'), layer('b'), swin]), { ofToken: 7, all: 2 * 14 + 3 * 64 * 49 });
  });

  it('has the mean correlation of all pairs', () => {
    const random = new Random(3);
    const maps = Array.from({ length: 5 }, () => map([0, 1, 2].map(() => [0, 1, 2, 3].map(() => random.uniform()))));
    const correlation = (a: FloatTensor, b: FloatTensor): number => {
      const centred = ({ data }: FloatTensor): number[] => {
        const mean = data.reduce((s, v) => s + v, 0) / data.length;
        return Array.from(data, (v) => v - mean);
      };
      const [x, y] = [centred(a), centred(b)];
      const dot = (p: number[], q: number[]): number => p.reduce((s, v, i) => s + v * q[i]!, 0);
      return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
    };
    const pairs = maps.flatMap((a, i) => maps.slice(i + 1).map((b) => correlation(a, b)));
    assertClose(
      [meanSimilarity(maps)],
      [pairs.reduce((s, v) => s + v, 0) / pairs.length],
      { absolute: 1e-7 },
      'as computed by hand',
    );
  });

  it('brings maps of several sizes to one, and leaves out what is the same everywhere', () => {
    const small = map([[0, 1]]);
    const large = map([
      [0, 0, 2, 2],
      [0, 0, 2, 2],
    ]);
    const flat = map([[0.1, 0.1]]);
    assertClose([meanSimilarity([small, large, flat])], [1], { absolute: 1e-12 }, 'as computed by hand');
    assert.equal(meanSimilarity([small, flat]), NaN);
  });

  it('knows how much of a map lies in a region that cuts cells', () => {
    const even = map([
      [1, 1],
      [1, 1],
    ]);
    const region = { left: 0.25, top: 0, right: 0.75, bottom: 0.25 };
    assertClose(
      [insideShare(even, region), areaOf(region)],
      [0.125, 0.125],
      { absolute: 1e-12 },
      'as computed by hand',
    );
    const all = map([
      [1, 0],
      [0, 0],
    ]);
    assertClose([insideShare(all, region)], [0.25], { absolute: 1e-12 }, 'as computed by hand');
    assert.equal(insideShare(map([[0, 0]]), region), NaN);
  });

  it('calls a map right from twice the share of the area on, and from less where the region is large', () => {
    const small = { left: 0, top: 0, right: 0.5, bottom: 0.5 };
    assert.equal(boundOf(small), 0.5);
    assertClose(
      [boundOf({ left: 0, top: 0, right: 0.8, bottom: 1 })],
      [0.9],
      { absolute: 1e-12 },
      'as computed by hand',
    );
    const [right, wrong] = [map([[0.6, 0.2, 0.1, 0.1]]), map([[0.25, 0.25, 0.25, 0.25]])];
    assert.deepEqual(looksRight([right, wrong], { left: 0, top: 0, right: 0.25, bottom: 1 }), { count: 1, of: 2 });
  });

  it('draws the same token for the same seed, and puts no layer in its own place', () => {
    assert.deepEqual(randomToken(7), randomToken(7));
    assert.notDeepEqual(randomToken(7), randomToken(8));
    for (const count of [2, 3, 12]) {
      const order = shuffledLayers(count, 1);
      assert.deepEqual(
        order.toSorted((a, b) => a - b),
        [...Array(count).keys()],
      );
      assert.ok(
        order.every((other, i) => other !== i),
        `${order.join()} leaves one in its place`,
      );
    }
    assert.deepEqual(shuffledLayers(1, 1), [0]);
  });

  it('draws one of the queries where none has a place, and the place where there is one', () => {
    const draw = drawnToken(7);
    assert.deepEqual(draw(layer('a')), tokenAt(randomToken(7))(layer('a')));
    const cells = new Int32Array(5).fill(-1);
    const decoder = { ...layer('b'), queries: 5, from: { grid: [2, 3] as const, prefix: 5, cells } };
    const token = draw(decoder);
    assert.ok(token !== undefined && token.token >= 0 && token.token < 5, JSON.stringify(token));
    assert.deepEqual(draw(decoder), token);
    const { from: _from, ...blind } = layer('c');
    assert.equal(draw(blind), undefined);
  });

  it('says how often a region looks right by chance', () => {
    const left = [0, 1, 0, 0, 1, 0, 0];
    const even = [0, 1, 1, 1, 1, 1, 1];
    const layers = [layer('a'), layer('b')];
    const matrices = [
      { layer: 'a', weights: weights(left, even) },
      { layer: 'b', weights: weights(left, left) },
    ];
    const region = { left: 0, top: 0, right: 1 / 3, bottom: 1 };
    const own = mapsOf(layers, matrices, tokenAt({ prefix: 0 }));
    assert.deepEqual(
      own.map(({ layer: name, head }) => `${name}:${head}`),
      ['a:0', 'a:1', 'b:0', 'b:1'],
    );
    assert.deepEqual(byChance(layers, matrices, { prefix: 0 }, region), {
      bound: 2 / 3,
      area: 1 / 3,
      chosen: { count: 3, of: 4 },
      random: { count: 3, of: 4 },
      // b:1 has a:1 in its place, which is even.
      shuffled: { count: 2, of: 3 },
    });
  });
});
