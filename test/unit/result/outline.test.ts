import assert from 'node:assert/strict';
import type { Rgb } from '../../../src/base/picture.js';
import { colormap, DIVERGING, SEQUENTIAL } from '../../../src/result/colormap.js';
import { divergingAgainst, labOf, sequentialAgainst } from '../../../src/result/contrast.js';
import { normalise, type ValueMap } from '../../../src/result/heatmap.js';
import { assertClose } from '../support/close.js';
import { magnified, outlined, strongest, withPartLines } from '../../../src/result/outline.js';

const plain = (width: number, height: number, colour: readonly number[]): Rgb => ({
  width,
  height,
  data: Uint8Array.from({ length: 3 * width * height }, (_, i) => colour[i % 3]!),
});
const map = (width: number, height: number, values: readonly number[], signed = false): ValueMap => ({
  width,
  height,
  values: Float32Array.from(values),
  signed,
});
const at = ({ data, width }: Rgb, x: number, y: number): number[] => [
  ...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];

describe('the picture where a map is strongest', () => {
  const picture = plain(4, 4, [200, 200, 200]);
  const values = map(4, 1, [0, 1, -9, 4], true);

  it('is this share of the places, by magnitude, and black elsewhere', () => {
    const shown = (share: number) => {
      const out = strongest(picture, normalise(values, 100), values.values, share, false);
      return [0, 1, 2, 3].map((x) => at(out, x, 0)[0]! > 0);
    };
    assert.deepEqual(shown(0.25), [false, false, true, false]);
    assert.deepEqual(shown(0.5), [false, false, true, true]);
    assert.deepEqual(shown(0), [false, false, false, false]);
    assert.deepEqual(shown(1), [false, true, true, true], 'what has no influence at all is never shown');
  });

  it('ranks the values themselves, also where the scale is clipped', () => {
    const clipped = normalise(values, 50);
    const out = strongest(picture, clipped, values.values, 0.25, false);
    assert.deepEqual(
      [0, 1, 2, 3].map((x) => at(out, x, 3)[0]),
      [0, 0, 200, 0],
    );
  });
});

describe('an outline', () => {
  const picture = plain(8, 8, [10, 120, 30]);
  const half = map(2, 1, [0, 1]);

  it('runs where the map crosses the level, and leaves the picture alone elsewhere', () => {
    const out = outlined(picture, normalise(half, 100), colormap('magma'), 0.5, false);
    const side = out.width;
    assert.equal(side, 512);
    assert.notDeepEqual(at(out, side / 2, side / 2), [10, 120, 30]);
    for (const xy of [5, side - 6]) assert.deepEqual(at(out, xy, xy), [10, 120, 30], `${xy}, ${xy}`);
    const above = outlined(picture, normalise(half, 100), colormap('magma'), 1.01, false);
    assert.deepEqual(at(above, side / 2, side / 2), [10, 120, 30], 'nothing lies above it');
  });

  it('of a signed map has a colour for each side', () => {
    const signed = map(3, 1, [-1, 0, 1], true);
    const colors = colormap('RdBu');
    const out = outlined(plain(9, 9, [128, 128, 128]), normalise(signed, 100), colors, 0.5, false);
    const row = Array.from({ length: out.width }, (_, x) => at(out, x, Math.floor(out.height / 2)).join());
    const colour = (end: number) => [...colors.table.subarray(3 * end, 3 * end + 3)].join();
    const [against, for_] = [row.indexOf(colour(25)), row.indexOf(colour(230))];
    assert.ok(against > 0 && against < out.width / 2, `${against}`);
    assert.ok(for_ > out.width / 2, `${for_}`);
  });

  it('magnifies small pictures by whole pixels', () => {
    const big = magnified(plain(100, 50, [1, 2, 3]));
    assert.deepEqual([big.width, big.height], [500, 250]);
    assert.deepEqual(magnified(plain(600, 3, [1, 2, 3])).width, 600);
  });
});

describe('the borders of parts', () => {
  it('run where the part changes, and nowhere else', () => {
    const picture = plain(4, 2, [90, 90, 90]);
    const of = Int32Array.from([0, 0, 1, -1, 0, 0, 1, -1]);
    const out = withPartLines(picture, { of }, picture);
    const row = Array.from({ length: out.width }, (_, x) => at(out, x, 5)[0]!);
    const lines = row.flatMap((v, x) => (v === 90 ? [] : [x]));
    const cell = out.width / 4;
    assert.deepEqual(lines, [2 * cell - 1, 2 * cell, 3 * cell - 1, 3 * cell]);
    assert.deepEqual([row[2 * cell - 1], row[2 * cell]], [255, 0], 'a light and a dark line');
  });
});

describe('colours against a picture', () => {
  const distance = (picture: Rgb, name: (typeof DIVERGING | typeof SEQUENTIAL)[number], t: number): number => {
    const { table } = colormap(name);
    const i = 3 * Math.round(255 * t);
    const [a, b] = [
      labOf(table[i]!, table[i + 1]!, table[i + 2]!),
      labOf(...(at(picture, 0, 0) as [number, number, number])),
    ];
    return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  };
  const HUES: Readonly<Record<string, readonly number[]>> = {
    orange: [230, 120, 20],
    red: [200, 30, 30],
    blue: [30, 60, 200],
    green: [40, 160, 60],
    purple: [120, 40, 150],
    white: [250, 250, 250],
    black: [5, 5, 5],
  };
  for (const [name, colour] of Object.entries(HUES)) {
    it(`are seen on ${name}: both sides of a pair, and the strong end of a scale`, () => {
      const picture = plain(20, 20, colour);
      const pair = divergingAgainst(picture);
      for (const t of [0, 1])
        assert.ok(distance(picture, pair, t) > 35, `${pair} at ${t}: ${distance(picture, pair, t)}`);
      const scale = sequentialAgainst(picture);
      const seen = Math.min(...[0.55, 0.7, 0.85, 1].map((t) => distance(picture, scale, t)));
      assert.ok(seen > 25, `${scale}: ${seen}`);
    });
  }

  it('are no orange pair on an orange fish', () => {
    const fish = plain(20, 20, [230, 120, 20]);
    assert.notEqual(divergingAgainst(fish), 'PuOr');
    assert.ok(distance(fish, divergingAgainst(fish), 1) > distance(fish, 'PuOr', 0), 'seen better than that');
  });

  it('are chosen by what is colourful, not by a dark ground around it', () => {
    const fish = plain(40, 40, [230, 120, 20]);
    const ground = plain(40, 40, [25, 35, 25]);
    const both = { ...ground, data: ground.data.map((v, i) => (i < ground.data.length / 4 ? fish.data[i]! : v)) };
    assert.equal(divergingAgainst(both), divergingAgainst(fish));
  });

  it('measures colours as the eye does', () => {
    const near = (a: readonly number[], b: readonly number[]): void =>
      assertClose(a, b, { absolute: 0.05 }, 'lightness, green to red, blue to yellow');
    near(labOf(255, 255, 255), [100, 0, 0]);
    near(labOf(255, 0, 0), [53.24, 80.09, 67.2]);
    near(labOf(0, 0, 255), [32.3, 79.19, -107.86]);
  });
});
