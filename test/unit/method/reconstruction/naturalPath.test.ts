import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { naturalPath } from '../../../../src/method/reconstruction/naturalPath.js';
import { assertClose } from '../../support/close.js';

describe('the way of natural pictures', () => {
  const random = new Random(4);
  const EACH = 12;
  const classOf = Array.from({ length: 3 * EACH }, (_, i) => Math.floor(i / EACH));
  const noise = (middle: readonly number[], width: number): Float64Array =>
    Float64Array.from(middle, (m) => m + width * random.normal());
  /** One layer tells three classes apart, another tells nothing, a third is always the same. */
  const telling = classOf.map((c) => noise([c === 0 ? 9 : 0, c === 1 ? 900 : 0, c === 2 ? 0.09 : 0, 5], 0.01));
  const mute = classOf.map(() => noise([1, 2, 3, 4], 1));
  const constant = classOf.map(() => Float64Array.of(1, 2));
  const sites = ['telling', 'mute', 'constant'].map((layer) => ({ layer, value: layer }));
  const natural = { natural: [telling, mute, constant], classOf };
  const pathOf = (k: number): ReturnType<typeof naturalPath> =>
    naturalPath(sites, natural, [telling[k]!, mute[k]!, constant[k]!], { own: 0, other: 1 });

  it('is at 1 for a picture of the class and at 0 for another, whatever its channels are counted in', () => {
    const [own, other] = [pathOf(3)[0]!, pathOf(EACH + 3)[0]!];
    assertClose([own.value!, other.value!], [1, 0], { absolute: 0.1 }, 'own class and another');
    assertClose([own.other!, other.other!], [0, 1], { absolute: 0.1 }, 'as the other class');
    assert.ok(own.low! < own.high! && own.low! > 0.8 && own.high! < 1.2, `${own.low} to ${own.high}`);
  });

  it('leaves out layers that do not tell the class from others', () => {
    const [, second, third] = pathOf(3);
    assert.deepEqual(second, { layer: 'mute' });
    assert.deepEqual(third, { layer: 'constant' });
  });
});
