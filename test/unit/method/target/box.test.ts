import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { Random } from '../../../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../../../src/base/tensor.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Labels } from '../../../../src/input/labels.js';
import { overlap } from '../../../../src/method/output/detection/boxes.js';
import { valuesOf } from '../../../../src/method/output/layout.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import type { SubjectOptions } from '../../../../src/method/subject/parts.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { TargetQuestion } from '../../../../src/method/target/kind.js';
import type { Target } from '../../../../src/method/target/target.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { openTiny, tinyPicture } from '../tinyNet.js';
import { detectorNet, KINDS } from './detectorNet.js';

const labels: Labels = { names: KINDS, origin: { kind: 'metadata', detail: 'names' } };

describe('method/target/box', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  after(() => sessions.dispose());

  const use = async (
    graph: Graph,
    work: (subject: ModelSubject) => Promise<void>,
    options: SubjectOptions = {},
  ): Promise<void> => {
    const subject = await openTiny(graph, sessions, { labels: KINDS, ...options });
    try {
      await work(subject);
    } finally {
      await subject.dispose();
    }
  };
  const question = async (subject: ModelSubject, x: FloatTensor): Promise<TargetQuestion> => {
    const values = await subject.values(x, valuesOf(subject.output.layout!), signal);
    const sample = new Map([...values].map(([name, t]) => [name, t.data]));
    return { scores: [], labels, subject, sample };
  };
  const read = async (subject: ModelSubject, text: string, x = tinyPicture()): Promise<Target> =>
    findTarget(text, await question(subject, x));
  const score = async (subject: ModelSubject, target: Target, x: FloatTensor): Promise<number> =>
    (await subject.asking(target).scores(x, target, 'logit', signal))[0]!;

  for (const head of ['v8', 'v5', 'obb', 'end2end'] as const) {
    it(`is the largest overlap times score over all candidates (${head})`, async () => {
      await use(detectorNet({ head }), async (subject) => {
        const x = tinyPicture();
        assert.equal(subject.output.kind, 'detection');
        const target = await read(subject, 'box:2', x);
        assert.match(target.label, /^box 2: (cat|dog|hen) in /);
        const other = tinyPicture(9);
        for (const picture of [x, other]) {
          const name = head === 'end2end' ? 'rows' : 'raw';
          const raw = (await subject.values(picture, [name], signal)).get(name)!.data;
          assertClose(await score(subject, target, picture), reference(head, raw, target), { absolute: 2e-3 }, head);
        }
        // Where the box is the candidate's own, its score is all there is.
        const first = await read(subject, 'box:1', x);
        const { boxes } = await found(subject, x);
        assertClose(await score(subject, first, x), boxes[0]!.score, { absolute: 1e-5 }, 'best box');
      });
    });

    it(`has the gradient that central differences have (${head})`, async () => {
      await use(detectorNet({ head }), async (subject) => {
        const x = tinyPicture();
        const box = (await read(subject, 'box:1', x)).box!;
        // Moved, so that the overlap slopes as well.
        const [w, h] = [box[2] - box[0], box[3] - box[1]];
        const moved = [box[0] + 0.1 * w, box[1] + 0.2 * h, box[2] + 0.15 * w, box[3] + 0.3 * h]
          .map((v) => v.toFixed(3))
          .join(',');
        const { index } = await read(subject, 'box:1', x);
        for (const text of ['box:1', `${KINDS[index]}@${moved}`, `box:1 - ${KINDS[index]}@${moved}`, `box:1 - box:2`]) {
          const target = await read(subject, text, x);
          const asked = subject.asking(target);
          const answer = await asked.gradients(x, { of: asked.scoreAt(target, 'logit') }, signal);
          const g = answer.gradients.get('x')!.data;
          assertClose(answer.scores[0]!, await score(subject, target, x), { absolute: 1e-5 }, text);
          const norm = Math.hypot(...g);
          assert.ok(norm > 1e-4, `${text}: ${norm}`);
          const step = 2e-3;
          // Where the box is a candidate's own, the overlap is at its highest, which it leaves in both directions alike.
          const tolerance = text.startsWith('box:') ? 2e-3 : 4e-4;
          const along = (sign: number): FloatTensor =>
            floatTensor(
              x.dims,
              x.data.map((v, i) => v + (sign * step * g[i]!) / norm),
            );
          const difference = (await score(subject, target, along(1))) - (await score(subject, target, along(-1)));
          assertClose(norm, difference / (2 * step), { absolute: tolerance + 0.01 * norm }, text);
        }
      });
    });
  }

  it('slopes in every number of a box as the formula does, in double precision', async () => {
    const candidates = 12;
    const size = (4 + KINDS.length) * candidates;
    const graph: Graph = {
      name: 'list',
      irVersion: 9,
      opset: 18,
      opsets: new Map(),
      inputs: [{ name: 'x', type: 'float64', dims: ['batch', 4 + KINDS.length, candidates] }],
      outputs: [{ name: 'raw', type: 'float64', dims: ['batch', 4 + KINDS.length, candidates] }],
      nodes: [makeNode('Identity', 'raw', ['x'])],
      weights: new Map(),
      metadata: new Map(),
    };
    const random = new Random(5);
    const x = floatTensor([1, 4 + KINDS.length, candidates]);
    for (let i = 0; i < size; i++) {
      const row = Math.floor(i / candidates);
      x.data[i] = row < 2 ? 8 + 2 * random.normal() : row < 4 ? 4 + random.uniform() * 4 : random.uniform();
    }
    await use(
      graph,
      async (subject) => {
        for (const corners of [
          [5, 4, 11, 12],
          [7, 7, 9, 9.5],
        ]) {
          const target = await read(subject, `dog@${corners.join(',')}`, x);
          const asked = subject.asking(target);
          const answer = await asked.gradients(x, { of: asked.scoreAt(target, 'logit') }, signal);
          const g = answer.gradients.get('x')!.data;
          const at = Float64Array.from(x.data);
          assertClose(answer.scores[0]!, smooth(at, candidates, corners, 1), { absolute: 1e-6 }, 'score');
          const h = 1e-6;
          let moving = 0;
          for (let i = 0; i < size; i++) {
            const [up, down] = [at.slice(), at.slice()];
            up[i]! += h;
            down[i]! -= h;
            const slope = (smooth(up, candidates, corners, 1) - smooth(down, candidates, corners, 1)) / (2 * h);
            assertClose(g[i]!, slope, { absolute: 1e-6 }, `number ${i}`);
            if (Math.abs(slope) > 1e-4) moving++;
          }
          // Four numbers of the best candidate's box, and its score.
          assert.ok(moving >= 3, `${moving} numbers count`);
        }
      },
      { said: { raw: { kind: 'detection', head: 'v8' } } },
    );
  });

  it('refuses what is no box, by its reason', async () => {
    await use(detectorNet(), async (subject) => {
      const refused = async (text: string, message: RegExp): Promise<void> => {
        const asked = await question(subject, tinyPicture());
        assert.throws(
          () => findTarget(text, asked),
          (e: unknown) => e instanceof LensError && message.test(e.message) && e.hint !== undefined,
        );
      };
      await refused('box:0', /counted from 1/);
      await refused('box:5000', /no box 5000: the model finds \d+/);
      await refused('box:best', /is no box/);
      await refused('cat@9,9,9,12', /has no area/);
      await refused('cat@100,100,300,300', /lies outside of what the model sees, which is 16×16/);
      assert.deepEqual((await read(subject, 'cat@9,12,3,4')).box, [3, 4, 9, 12]);
      await refused('emu@1,1,3,12', /No single class is called "emu"/);
      await refused('mask:cat', /part of a map/);
      await refused('place:1=cat', /place in a sequence/);
    });
  });

  async function found(subject: ModelSubject, x: FloatTensor): Promise<{ boxes: readonly { score: number }[] }> {
    const { boxesOf } = await import('../../../../src/method/output/detection/boxes.js');
    const { sample } = await question(subject, x);
    const layout = subject.output.layout!;
    if (layout.kind !== 'detection') assert.fail(layout.kind);
    return { boxes: boxesOf(layout, sample!, { labels, input: subject.input, most: 3 }) };
  }
});

/** The definition, written out for each head. */
function reference(head: 'v8' | 'v5' | 'obb' | 'end2end', raw: Float32Array, { index, box }: Target): number {
  const count = head === 'end2end' ? 10 : 80;
  let best = 0;
  for (let c = 0; c < count; c++) {
    const n = (k: number): number => raw[head === 'end2end' ? c * 6 + k : k * count + c]!;
    const [cx, cy, w, h] = [n(0), n(1), n(2), n(3)];
    let corners = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2];
    let score = n(4 + index);
    if (head === 'end2end') [corners, score] = [[cx, cy, w, h], n(5) === index ? n(4) : 0];
    if (head === 'v5') score = n(4) * n(5 + index);
    if (head === 'obb') {
      const [cos, sin] = [Math.abs(Math.cos(n(7))), Math.abs(Math.sin(n(7)))];
      const [dx, dy] = [(w * cos + h * sin) / 2, (w * sin + h * cos) / 2];
      corners = [cx - dx, cy - dy, cx + dx, cy + dy];
    }
    best = Math.max(best, overlap(corners, box!) * score);
  }
  return best;
}

/** The same with the rounded corners of the graph, in double precision, of rows cx, cy, w, h, scores. */
function smooth(raw: Float64Array, count: number, [x0, y0, x1, y1]: readonly number[], index: number): number {
  const common = (low: number, high: number, from: number, to: number): number => {
    const eps = 1e-3 * (to - from);
    const apart = (d: number): number => Math.sqrt(d * d + eps * eps) - eps;
    return Math.max(0, (high + to - apart(high - to)) / 2 - (low + from + apart(low - from)) / 2);
  };
  let best = 0;
  for (let c = 0; c < count; c++) {
    const [cx, cy, w, h] = [0, 1, 2, 3].map((k) => raw[k * count + c]!) as [number, number, number, number];
    const both = common(cx - w / 2, cx + w / 2, x0!, x1!) * common(cy - h / 2, cy + h / 2, y0!, y1!);
    best = Math.max(best, (both / (w * h + (x1! - x0!) * (y1! - y0!) - both)) * raw[(4 + index) * count + c]!);
  }
  return best;
}
