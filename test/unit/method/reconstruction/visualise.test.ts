import assert from 'node:assert/strict';
import { floatTensor } from '../../../../src/base/tensor.js';
import type { Objective } from '../../../../src/method/reconstruction/graph/objective.js';
import { settled } from '../../../../src/method/reconstruction/presets.js';
import { pictureSpace, tensorPlanes, toPlanes } from '../../../../src/method/reconstruction/space.js';
import {
  visualise,
  type MadeFacet,
  type Visualized,
  type VisualizeQuestion,
} from '../../../../src/method/reconstruction/visualise.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import type { ParameterValue } from '../../../../src/result/method.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { openSmall, seeded, SIDE, type SmallNet, type SmallRange } from './smallNets.js';

const CLASS = { index: 2, label: 'two' };
const ONE: Objective = { kind: 'target', target: CLASS };

describe('a picture of what a unit wants to see', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());
  const { signal } = new AbortController();

  async function opened<T>(
    net: SmallNet,
    range: SmallRange | undefined,
    work: (s: ModelSubject) => Promise<T>,
  ): Promise<T> {
    const subject = await openSmall(net, sessions, range);
    try {
      return await work(subject);
    } finally {
      await subject.dispose();
    }
  }

  async function made(
    subject: ModelSubject,
    given: Readonly<Record<string, ParameterValue>>,
    { objective = ONE, ...more }: Partial<VisualizeQuestion> & { readonly objective?: Objective } = {},
  ): Promise<Visualized & MadeFacet> {
    const { channels } = subject.input;
    const space = pictureSpace(subject.input, channels === 3 ? [2, 1, 0] : [0]);
    const params = settled(given, {
      ...space,
      transformer: false,
      start: more.start === undefined ? 'noise' : more.start.colours ? 'picture' : 'array',
      folder: more.folder !== undefined,
      probability: true,
    });
    const all = await visualise(
      subject,
      { space, terms: [{ weight: 1, objective }], params, seed: 1, ...more },
      { signal },
    );
    return { ...all, ...all.facets[0]! };
  }

  const NETS: Readonly<Record<string, readonly [SmallNet, SmallRange?]>> = {
    colour: [{}],
    'channels last': [{ layout: 'NHWC' }],
    'grey from 0 to 255': [{ channels: 1 }, { most: 255, mean: 0 }],
    'values around zero': [{}, { most: 255, mean: 120 }],
    'a fixed batch of four': [{ batch: 4 }],
    'double precision': [{ type: 'float64' }],
  };
  for (const [what, [net, range]] of Object.entries(NETS)) {
    for (const preset of ['naive', 'smooth', 'distill', 'maco'] as const) {
      it(`${preset}: ${what}: the model answers it as the trace says`, () =>
        opened(net, range, async (subject) => {
          const { tensor, trace, steps, planes } = await made(subject, { preset, steps: 6 });
          assert.deepEqual([steps, trace.length], [6, 7]);
          assert.ok(
            planes.every((v) => v >= 0 && v <= 1),
            'colours are from 0 to 1',
          );
          const input = floatTensor([1, ...subject.inputDims], tensor);
          const scores = await subject.scores(input, CLASS, 'logit', signal);
          assertClose(scores, [trace.at(-1)!], { relative: 1e-4 }, 'score');
        }));
    }
  }

  it('goes uphill, also from whole numbers that are only cast', () =>
    opened({ type: 'uint8' }, { most: 255, mean: 0 }, async (subject) => {
      const { trace } = await made(subject, { preset: 'naive', steps: 10 });
      assert.ok(trace.at(-1)! > trace[0]!, `${trace[0]} to ${trace.at(-1)}`);
    }));

  it('is the same for the same seed, and another for another', () =>
    opened({}, undefined, async (subject) => {
      const [a, b] = [await made(subject, { steps: 4 }), await made(subject, { steps: 4 })];
      const c = await made(subject, { steps: 4 }, { seed: 2 });
      assert.deepEqual(a, b);
      assert.notDeepEqual(a.planes, c.planes);
    }));

  it('makes facets of one unit, less alike the more their likeness counts, and says what each depended on', () =>
    opened({}, undefined, async (subject) => {
      const alike = async (diversity: number): Promise<number> => {
        const { facets } = await made(subject, { steps: 24, facets: 2, diversity });
        const [a, b] = facets as [MadeFacet, MadeFacet];
        assert.notDeepEqual(a.planes, b.planes);
        assert.equal(a.pushed.length, SIDE * SIDE);
        assert.ok(
          a.pushed.some((v) => v > 0),
          'it depended on something',
        );
        return correlation(a.planes, b.planes);
      };
      const [same, apart] = [await alike(0), await alike(2)];
      assert.ok(apart < same, `${apart} with, ${same} without`);
    }));

  it('begins as the photograph that it accentuates, and stays near it', () =>
    opened({}, undefined, async (subject) => {
      const planes = seeded(3 * SIDE * SIDE).map((v) => 0.1 + 0.8 * v);
      const start = { planes, colours: true };
      const far = async (near: number): Promise<number> => {
        const found = await made(subject, { preset: 'accentuate', steps: 16, near }, { start });
        return Math.hypot(...found.planes.map((v, i) => v - planes[i]!));
      };
      const still = await made(subject, { preset: 'accentuate', steps: 1, lr: 0 }, { start });
      assertClose(still.planes, planes, { absolute: 1e-5 }, 'photograph');
      const [free, held] = [await far(0), await far(1000)];
      assert.ok(held < free / 2, `${held} is held, ${free} is free`);
    }));

  it('takes the spectrum and the colours of a folder', () =>
    opened({}, undefined, async (subject) => {
      const folder = [1, 2, 3].map((k) => seeded(3 * SIDE * SIDE, k));
      const { trace, planes } = await made(subject, { preset: 'maco', steps: 8 }, { folder });
      assert.ok(trace.every(Number.isFinite) && planes.every(Number.isFinite), 'numbers');
    }));

  it('takes a unit that is off before its rectifier', () =>
    opened({ ends: 'rectified', bias: -50 }, undefined, async (subject) => {
      const objective: Objective = {
        kind: 'target',
        target: { ...CLASS, unit: { value: 'rectified', pick: { index: 2 } } },
      };
      const { trace, notes } = await made(subject, { steps: 8 }, { objective });
      assert.match(notes.join(), /no gradient: it is taken before its last rectifier/);
      assert.ok(trace.at(-1)! > trace[0]!, `${trace[0]} to ${trace.at(-1)}`);
      const kept = made(subject, { steps: 8, relu: 'keep', objective: 'log_probability' }, { objective: ONE });
      await assert.rejects(kept, /no gradient: nothing says which way to go/);
    }));

  it('wakes a class that is off by the logarithm of its probability', () =>
    opened({ ends: 'raised', bias: -0.05 }, undefined, async (subject) => {
      const off = await offAt(subject);
      const objective: Objective = { kind: 'target', target: { index: off, label: '' } };
      const { notes } = await made(
        subject,
        { preset: 'naive', steps: 20, lr: 0.001, objective: 'score' },
        { objective, start: DARK },
      );
      assert.match(notes.join(), /follow the logarithm of the probability/);
    }));

  it('starts from an array as it is, and refuses a spectrum of it', () =>
    opened({ layout: 'NHWC' }, { most: 1, mean: 0.5 }, async (subject) => {
      const space = pictureSpace(subject.input, [2, 1, 0]);
      const array = seeded(3 * SIDE * SIDE).map((v) => 4 * v);
      const start = { planes: tensorPlanes(space, array), colours: false };
      const { tensor } = await made(subject, { preset: 'naive', lr: 0, steps: 1 }, { start });
      assert.deepEqual(tensor, array);
      await assert.rejects(made(subject, { preset: 'distill' }, { start }), /are changed as they are/);
      const planes = toPlanes(space, floatTensor([array.length], array));
      assert.equal(planes.length, array.length);
    }));
});

/** A black picture, on which biases alone decide. */
const DARK = { planes: new Float32Array(3 * SIDE * SIDE), colours: true };

/** A class whose rectifier lets nothing through on black. */
async function offAt(subject: ModelSubject): Promise<number> {
  const black = floatTensor([1, ...subject.inputDims]);
  const values = (await subject.values(black, ['rectified'], new AbortController().signal)).get('rectified')!;
  const off = values.data.indexOf(0);
  assert.ok(off >= 0, 'one of the classes is off on black');
  return off;
}

/** Of two pictures, −1 to 1. */
function correlation(a: Float32Array, b: Float32Array): number {
  const centred = (x: Float32Array): Float32Array => {
    const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
    return x.map((v) => v - mean);
  };
  const [p, q] = [centred(a), centred(b)];
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
  return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
}
