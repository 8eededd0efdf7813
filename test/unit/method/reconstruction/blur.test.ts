import { floatTensor, sizeOf } from '../../../../src/base/tensor.js';
import { writeBlur } from '../../../../src/method/reconstruction/graph/views.js';
import { Writer } from '../../../../src/method/reconstruction/graph/writer.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { seeded } from './smallNets.js';

describe('a blur', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  async function blurred(dims: readonly number[], data: Float32Array, sigma: number): Promise<Float32Array> {
    const w = new Writer([]);
    const picture = w.input('picture', dims);
    const out = writeBlur(w, picture, sigma);
    const session = await sessions.open({
      name: 'blur',
      irVersion: 8,
      opset: 18,
      opsets: new Map(),
      inputs: w.inputs,
      outputs: [{ name: out.name }],
      nodes: w.nodes,
      weights: new Map(w.weights.map((v) => [v.name, v])),
      metadata: new Map(),
    });
    const raw = await session.run({ [picture.name]: floatTensor(dims, data) }, [out.name]);
    await session.dispose();
    return raw[out.name]!.data as Float32Array;
  }

  for (const dims of [
    [1, 2, 20, 17],
    [2, 2, 70, 81],
  ] as const) {
    it(`of ${dims.join('×')} is the mean by a Gaussian of what lies in the picture`, async () => {
      const data = seeded(sizeOf(dims));
      const [n, c, height, width] = dims;
      const sigma = 1.3;
      const gauss = (d: number): number => (Math.abs(d) > 6 ? 0 : Math.exp(-(d * d) / (2 * sigma * sigma)));
      const expected = Float64Array.from({ length: data.length }, (_, i) => {
        const [x, y] = [i % width, Math.floor(i / width) % height];
        const plane = i - y * width - x;
        let [sum, weights] = [0, 0];
        for (let v = Math.max(0, y - 6); v <= Math.min(height - 1, y + 6); v++)
          for (let u = Math.max(0, x - 6); u <= Math.min(width - 1, x + 6); u++) {
            const weight = gauss(u - x) * gauss(v - y);
            sum += weight * data[plane + v * width + u]!;
            weights += weight;
          }
        return sum / weights;
      });
      const found = await blurred([n, c, height, width], data, sigma);
      assertClose(found, expected, { absolute: 1e-5 }, 'picture');
    });
  }
});
