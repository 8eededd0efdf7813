import assert from 'node:assert/strict';
import type { PictureEdit, Rgb } from '../../../src/base/picture.js';
import { Random } from '../../../src/base/random.js';
import { painted } from '../../../src/input/edit.js';
import { toTensor } from '../../../src/input/preprocessing.js';
import type { Preprocessing } from '../../../src/input/settings.js';
import { assertClose } from '../support/close.js';

const by = <T>(value: T) => ({ value, origin: { kind: 'default' as const, detail: '' } });
const plan = (change: Partial<Preprocessing> = {}): Preprocessing =>
  ({
    layout: by('NCHW'),
    channels: by(3),
    size: by([4, 6]),
    color: by('RGB'),
    resize: by({ mode: 'exact', size: [4, 6], interpolation: 'bilinear' }),
    crop: by('none'),
    pad: by([0, 0, 0]),
    range: by([0, 1]),
    mean: by([0.485, 0.456, 0.406]),
    std: by([0.229, 0.224, 0.225]),
    ...change,
  }) as unknown as Preprocessing;
const random = new Random(3);
const noise = (width: number, height: number): Rgb => ({
  width,
  height,
  data: Uint8Array.from({ length: 3 * width * height }, () => Math.floor(256 * random.uniform())),
});
const prepared = (picture: Rgb, p: Preprocessing) => toTensor({ ...picture, channels: 3 }, p);
/** An edit that paints another picture where `alpha` says so. */
const over = ({ width, height, data }: Rgb, alpha: (i: number) => number): PictureEdit => ({
  width,
  height,
  data: Uint8Array.from({ length: 4 * width * height }, (_, at) =>
    at % 4 === 3 ? alpha((at - 3) / 4) : data[3 * Math.floor(at / 4) + (at % 4)]!,
  ),
});

describe('a picture that is painted over', () => {
  const PLANS: readonly (readonly [string, Preprocessing])[] = [
    ['RGB', plan()],
    ['BGR, rows of pixels', plan({ color: by('BGR'), layout: by('NHWC') })],
    ['grey', plan({ color: by('gray'), channels: by(1), mean: by([0.1307]), std: by([0.3081]) })],
    ['0 to 255', plan({ range: by([0, 255]), mean: by([123, 117, 104]), std: by([1, 1, 1]) })],
  ];
  for (const [name, p] of PLANS) {
    it(`is the painted picture where it is painted, and as it was elsewhere: ${name}`, () => {
      const [a, b] = [noise(6, 4), noise(6, 4)];
      const [one, two] = [prepared(a, p), prepared(b, p)];
      assert.deepEqual(
        painted(
          one,
          over(b, () => 255),
          p,
        ).tensor,
        two.tensor,
        'all of it',
      );
      assert.deepEqual(
        painted(
          one,
          over(b, () => 255),
          p,
        ).view,
        two.view,
      );
      assert.deepEqual(
        painted(
          one,
          over(b, () => 0),
          p,
        ).tensor,
        one.tensor,
        'nothing of it',
      );
      const left = painted(
        one,
        over(b, (i) => (i % 6 < 2 ? 255 : 0)),
        p,
      );
      const [planar, count] = [p.layout.value === 'NCHW', p.channels.value];
      left.tensor.data.forEach((v, at) => {
        const pixel = planar ? at % 24 : Math.floor(at / count);
        assert.equal(v, (pixel % 6 < 2 ? two : one).tensor.data[at]);
      });
      assert.notDeepEqual(left.tensor, one.tensor);
    });
  }

  it('is mixed where the paint is thin', () => {
    const p = plan();
    const [one, two] = [prepared(noise(6, 4), p), prepared(noise(6, 4), p)];
    const half = painted(
      one,
      over(two.view, () => 51),
      p,
    ).tensor.data;
    const wanted = one.tensor.data.map((v, i) => 0.8 * v + 0.2 * two.tensor.data[i]!);
    assertClose(half, wanted, { absolute: 1e-6 }, 'what is half painted over');
  });

  it('is refused where it is not of the size that the model sees', () => {
    const p = plan();
    const one = prepared(noise(6, 4), p);
    const wrong = over(noise(4, 6), () => 255);
    assert.throws(() => painted(one, wrong, p), { code: 'input/edit-size' });
    const short = { width: 6, height: 4, data: new Uint8Array(5) };
    assert.throws(() => painted(one, short, p), { code: 'input/edit-size' });
  });
});
