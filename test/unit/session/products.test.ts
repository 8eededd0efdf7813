import assert from 'node:assert/strict';
import { floatTensor } from '../../../src/base/tensor.js';
import { Random } from '../../../src/base/random.js';
import { nearestNeighbours } from '../../../src/numeric/neighbours.js';
import { plainProducts } from '../../../src/numeric/products.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { SessionProducts } from '../../../src/session/products.js';
import { assertClose } from '../support/close.js';

describe('products by ONNX Runtime', () => {
  const sessions = new OrtSessions();
  const products = new SessionProducts(sessions);
  after(async () => {
    await products.dispose();
    assert.equal(sessions.openCount, 0);
  });

  const random = new Random(6);
  const normals = (...dims: [number, number]) => {
    const out = floatTensor(dims);
    for (let i = 0; i < out.data.length; i++) out.data[i] = random.normal();
    return out;
  };

  for (const transposed of [{}, { a: true }, { b: true }, { a: true, b: true }]) {
    it(`multiply as plain ones do, transposed ${JSON.stringify(transposed)}`, async () => {
      // One row first: sizes stay free in the session that is kept.
      for (const n of [1, 7, 300]) {
        const a = 'a' in transposed ? normals(20, n) : normals(n, 20);
        const b = 'b' in transposed ? normals(5, 20) : normals(20, 5);
        const [own, plain] = [
          await products.multiply(a, b, transposed),
          await plainProducts.multiply(a, b, transposed),
        ];
        assert.deepEqual(own.dims, plain.dims);
        assertClose(own.data, plain.data, { relative: 1e-6 }, `${n} rows`);
      }
    });
  }

  it('find the same neighbours, also far from zero', async () => {
    for (const offset of [0, 1000]) {
      const points = normals(700, 12);
      for (let i = 0; i < points.data.length; i++) points.data[i]! += offset;
      const [own, plain] = [await nearestNeighbours(points, 9, { products }), await nearestNeighbours(points, 9)];
      assert.deepEqual(own.indices, plain.indices);
      assert.deepEqual(own.distances, plain.distances);
    }
  });
});
