import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../../../src/base/tensor.js';
import { buildGradient } from '../../../../src/gradient/sweep/engine.js';
import { ascend, type Ascended } from '../../../../src/method/reconstruction/ascend.js';
import { writeAscent, type AscentPlan } from '../../../../src/method/reconstruction/graph/ascent.js';
import { totalVariation, type VariationKind } from '../../../../src/method/reconstruction/graph/variation.js';
import { Writer } from '../../../../src/method/reconstruction/graph/writer.js';
import { pictureSpace } from '../../../../src/method/reconstruction/space.js';
import { findTarget } from '../../../../src/method/target/index.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { reference, requireData } from '../../support/data.js';
import { suiteSubject } from '../../support/subject.js';

/** Nothing but the picture itself, as the model gets it. */
const PLAIN = {
  pictures: 1,
  samples: 1,
  colours: false,
  image: { kind: 'pixels', sigmoid: false, decay: 1, base: new Float32Array(3) },
  views: { jitter: 0, scale: 0, rotation: 0, box: [1, 1], noise: 0, blur: 0, fill: [0, 0, 0] },
  measure: 'score',
  beforeRectifier: false,
  penalties: { variation: 0, variationKind: 'l2', near: 0, anchor: new Float32Array(3), dark: 0 },
  gradientBlur: 0,
} as const satisfies Partial<AscentPlan>;

describe('gradient ascent on the input', () => {
  const at = suiteSubject('small_cnn');

  for (const [name, variation] of [
    ['featurevis_conv3_c5', 0],
    ['featurevis_conv3_c5_tv', 0.001],
  ] as const) {
    it(`ends where ${name} does, by the same scores`, async () => {
      const { subject, signal } = at;
      const expected = reference('small_cnn', name);
      const { trace } = expected.params as { trace: number[] };
      const target = findTarget('conv3#5', {
        scores: new Float32Array(10),
        labels: { names: [], origin: { kind: 'default', detail: '' } } as never,
        subject,
      });
      const ascent = writeAscent(subject, {
        ...PLAIN,
        space: pictureSpace(subject.input, [0, 1, 2]),
        terms: [{ weight: 1, objective: { kind: 'target', target } }],
        penalties: { ...PLAIN.penalties, variation },
      });
      const found: Ascended = await ascend(subject, ascent, reference('small_cnn', 'featurevis_start').data, {
        views: PLAIN.views,
        steps: 20,
        optimiser: 'normalised',
        rate: 0.5,
        random: new Random(0),
        signal,
      });
      assertClose(found.parameter, expected.data, { absolute: 1e-3 }, 'picture');
      assertClose(found.traces[0]!, trace, { absolute: 1e-4 }, 'trace');
      assert.equal(found.done, 20);
    });
  }
});

describe('total variation', () => {
  before(requireData);
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  for (const kind of ['l1', 'l2', 'isotropic'] as const satisfies readonly VariationKind[]) {
    it(`${kind} and its gradient are those of the reference`, async () => {
      const rgb = reference('common', 'rgb');
      const pictures = planesOf(rgb);
      const w = new Writer([]);
      const picture = w.input('picture', pictures.dims);
      const value = totalVariation(w, picture, kind);
      const graph = {
        name: 'variation',
        irVersion: 8,
        opset: 18,
        opsets: new Map(),
        inputs: w.inputs,
        outputs: [{ name: value.name }],
        nodes: w.nodes,
        weights: new Map(w.weights.map((v) => [v.name, v])),
        metadata: new Map(),
      };
      const facts = { dynamicBatch: false, batch: 4, get: (name: string) => w.facts.get(name) };
      const made = buildGradient(graph, facts, { score: { value: value.name, seed: 'sum' }, wrt: [picture.name] });
      const session = await sessions.open(made.graph);
      const gradient = made.gradients.get(picture.name)!;
      const raw = await session.run({ [picture.name]: pictures }, [made.score, gradient]);
      await session.dispose();
      const said = `tv_${kind}`;
      assertClose(raw[made.score]!.data as Float32Array, reference('common', said).data, { relative: 1e-5 }, 'value');
      const slope = reference('common', `${said}_gradient`).data;
      assertClose(raw[gradient]!.data as Float32Array, slope, { absolute: 1e-4 }, 'gradient');
    });
  }
});

/** Bytes `[n, H, W, 3]` as planes `[n, 3, H, W]` from 0 to 1. */
function planesOf({ dims, data }: FloatTensor): FloatTensor {
  const [n, h, w] = dims as [number, number, number];
  const out = floatTensor([n, 3, h, w]);
  for (let k = 0; k < n; k++)
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < h * w; i++) out.data[(k * 3 + c) * h * w + i] = data[(k * h * w + i) * 3 + c]! / 255;
  return out;
}
