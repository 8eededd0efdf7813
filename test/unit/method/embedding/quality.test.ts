import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { floatTensor } from '../../../../src/base/tensor.js';
import { qualityOf } from '../../../../src/method/embedding/embed.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { SessionProducts } from '../../../../src/session/products.js';

describe('the quality of a picture of points', () => {
  const sessions = new OrtSessions();
  const products = new SessionProducts(sessions);
  after(async () => {
    await products.dispose();
    await sessions.dispose();
  });

  it('says how many points a probe was fitted to, where they were not all', async () => {
    const random = new Random(0);
    const of = async (n: number): Promise<Awaited<ReturnType<typeof qualityOf>>> => {
      const points = floatTensor([n, 2]);
      const classes = Int32Array.from({ length: n }, (_, i) => i % 2);
      for (let i = 0; i < points.data.length; i++) points.data[i] = random.normal() + 3 * classes[i >> 1]!;
      return qualityOf(points, points, classes, { products, seed: 0, pause: () => Promise.resolve() });
    };
    const [few, many] = [await of(200), await of(10_500)];
    assert.deepEqual([few!.probe!.examples, many!.probe!.examples], [undefined, 10_000]);
    for (const { probe } of [few!, many!]) assert.ok(probe!.accuracy > 0.95, `${probe!.accuracy}`);
  });
});
