import { Random } from '../../../../src/base/random.js';
import { floatTensor } from '../../../../src/base/tensor.js';
import { decorrelated, IMAGENET_COLOURS } from '../../../../src/method/reconstruction/colours.js';
import { halfOf, inverseTransform, transform } from '../../../../src/method/reconstruction/graph/fourier.js';
import { Writer } from '../../../../src/method/reconstruction/graph/writer.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';

describe('the spectrum of a picture', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  // Even, odd, prime, and sides that differ.
  for (const [height, width] of [
    [8, 8],
    [7, 9],
    [13, 6],
  ] as const) {
    it(`of ${height}×${width} gives the picture back, by products of matrices`, async () => {
      const random = new Random(1);
      const planes = Float32Array.from({ length: 2 * height * width }, () => random.normal());
      const size = { height, width };
      const w = new Writer([]);
      const spectrum = w.input('spectrum', [1, 2, 2 * height, halfOf(width)]);
      const picture = inverseTransform(w, spectrum, size);
      const session = await sessions.open({
        name: 'spectrum',
        irVersion: 8,
        opset: 18,
        opsets: new Map(),
        inputs: w.inputs,
        outputs: [{ name: picture.name }],
        nodes: w.nodes,
        weights: new Map(w.weights.map((v) => [v.name, v])),
        metadata: new Map(),
      });
      const data = Float32Array.from(transform(planes, 2, size));
      const raw = await session.run({ [spectrum.name]: floatTensor(spectrum.dims, data) }, [picture.name]);
      await session.dispose();
      assertClose(raw[picture.name]!.data as Float32Array, planes, { absolute: 1e-5 }, 'picture');
    });
  }

  it('lies in colours that are taken apart and put together again', () => {
    const planes = Float64Array.from({ length: 6 }, (_, i) => i / 6);
    const apart = decorrelated(IMAGENET_COLOURS, planes, 3);
    const together = planes.map((_, i) => {
      const [row, place] = [Math.floor(i / 2), i % 2];
      return [0, 1, 2].reduce((sum, j) => sum + IMAGENET_COLOURS[3 * row + j]! * apart[2 * j + place]!, 0);
    });
    assertClose(together, planes, { absolute: 1e-12 }, 'colours');
  });
});
