import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { sizeOf, type Tensor } from '../../../../src/base/tensor.js';
import { IMAGENET_COLOURS } from '../../../../src/method/reconstruction/colours.js';
import { naturalSpectrum } from '../../../../src/method/reconstruction/folder.js';
import { writeAscent, type AscentPlan } from '../../../../src/method/reconstruction/graph/ascent.js';
import type { Objective } from '../../../../src/method/reconstruction/graph/objective.js';
import { drawViews } from '../../../../src/method/reconstruction/graph/views.js';
import { pictureSpace } from '../../../../src/method/reconstruction/space.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { openSmall, seeded, SIDE } from './smallNets.js';

const HALF = 1e-5;

const TARGET: Objective = { kind: 'target', target: { index: 1, label: '' } };

const IMAGE = { sigmoid: true, decay: 1.5, base: Float32Array.of(0.1, -0.2, 0.3), colours: IMAGENET_COLOURS } as const;
const MOVED = {
  jitter: 1,
  scale: 0.2,
  rotation: 0,
  box: [0.9, 0.7],
  noise: 0.05,
  blur: 0.7,
  fill: [0.5, 0.4, 0.6],
} as const;
const STILL = { jitter: 0, scale: 0, rotation: 0, box: [1, 1], noise: 0, blur: 0, fill: [0, 0, 0] } as const;
const NONE = { variation: 0, variationKind: 'l2', near: 0, anchor: new Float32Array(3), dark: 0 } as const;
const ALL = {
  variation: 0.01,
  variationKind: 'isotropic',
  near: 2,
  anchor: seeded(3 * SIDE * SIDE),
  dark: 0.5,
} as const;

const CASES: Readonly<Record<string, Partial<AscentPlan>>> = {
  'a spectrum in colours, moved, with all penalties': {
    image: { kind: 'fourier', ...IMAGE },
    views: MOVED,
    penalties: ALL,
    samples: 3,
  },
  'a phase': {
    image: { kind: 'phase', ...IMAGE, ...naturalSpectrum(3, { height: SIDE, width: SIDE }) },
    views: { ...MOVED, box: [1, 1] },
  },
  'pixels, several pictures at once': {
    image: { kind: 'pixels', ...IMAGE },
    pictures: 2,
    samples: 2,
    views: MOVED,
    penalties: { ...ALL, variationKind: 'l1' },
  },
  'the logarithm of a probability': { image: { kind: 'fourier', ...IMAGE }, measure: 'log_probability' },
  'all of a layer': { terms: [{ weight: 1, objective: { kind: 'layer', value: 'map' } }] },
  'a direction of channels': {
    terms: [{ weight: 1, objective: { kind: 'direction', value: 'map', direction: Float32Array.of(1, -2, 0.5, 0.1) } }],
  },
  'a direction of all values, and a class less': {
    terms: [
      { weight: 1, objective: { kind: 'direction', value: 'bent', direction: seeded(36) } },
      { weight: -0.3, objective: TARGET },
    ],
  },
};

describe('the slope of a picture’s parameters', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  let subject: ModelSubject;
  before(async () => void (subject = await openSmall({ type: 'float64' }, sessions)));
  after(() => subject.dispose());
  after(() => sessions.dispose());

  for (const [what, more] of Object.entries(CASES)) {
    it(`of ${what} is the central difference, in double precision`, async () => {
      const plan: AscentPlan = {
        space: pictureSpace(subject.input, [2, 1, 0]),
        pictures: 1,
        samples: 1,
        colours: true,
        image: { kind: 'pixels', ...IMAGE },
        views: STILL,
        terms: [{ weight: 1, objective: TARGET }],
        measure: 'score',
        beforeRectifier: false,
        penalties: NONE,
        gradientBlur: 0,
        type: 'float64',
        ...more,
      };
      const ascent = writeAscent(subject, plan);
      const session = await sessions.open(ascent.graph);
      const random = new Random(2);
      const views = drawViews(ascent.views, plan.views, 0.5, random);
      const feeds: Record<string, Tensor> = {};
      for (const value of Object.values(ascent.views) as (typeof ascent.parameter)[])
        feeds[value.name] = double(value.dims, views.get(value.name)!);
      const at = async (x: Float64Array): Promise<{ score: number; gradient: Float64Array }> => {
        const { name, dims } = ascent.parameter;
        const raw = await session.run({ ...feeds, [name]: double(dims, x) }, [ascent.score, ascent.gradient]);
        const score = (raw[ascent.score]!.data as Float64Array).reduce((a, b) => a + b, 0);
        return { score, gradient: raw[ascent.gradient]!.data as Float64Array };
      };
      const x = Float64Array.from({ length: sizeOf(ascent.parameter.dims) }, () => random.normal());
      const { gradient } = await at(x);
      for (let k = 0; k < 3; k++) {
        const along = x.map(() => random.normal());
        const moved = (by: number): Float64Array => x.map((v, i) => v + by * along[i]!);
        const slope = ((await at(moved(HALF))).score - (await at(moved(-HALF))).score) / (2 * HALF);
        assertClose([gradient.reduce((sum, g, i) => sum + g * along[i]!, 0)], [slope], { relative: 1e-6 }, 'slope');
      }
      assert.ok(
        gradient.some((g) => g !== 0),
        'the slope is not zero',
      );
      await session.dispose();
    });
  }
});

const double = (dims: readonly number[], data: ArrayLike<number>): Tensor => ({
  type: 'float64',
  dims,
  data: Float64Array.from(data),
});
