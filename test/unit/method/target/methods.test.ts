import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../../../src/base/tensor.js';
import { prune } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { layersOf } from '../../../../src/graph/layers/layers.js';
import type { Labels } from '../../../../src/input/labels.js';
import { attributionMethodById } from '../../../../src/method/index.js';
import type { AttributionAnswer } from '../../../../src/method/method.js';
import { parseParameters } from '../../../../src/method/parameters.js';
import { featureMapOf, toPlanes } from '../../../../src/method/subject/featureMap.js';
import { openSubject, type ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { Target } from '../../../../src/method/target/target.js';
import { probeFacts } from '../../../../src/session/probe.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { testSpec } from '../../support/subject.js';
import { openTiny, SIDE, tinyPicture } from '../tinyNet.js';
import { CASES, openCase } from './cases.js';
import { detectorNet, KINDS } from './detectorNet.js';

describe('method/target: every method with every kind', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  const x = tinyPicture();
  after(() => sessions.dispose());

  for (const asked of CASES) {
    describe(asked.text, () => {
      let own: ModelSubject;
      let subject: ModelSubject;
      let target: Target;
      const score = async (input: FloatTensor, of = subject): Promise<number> =>
        (await of.scores(input, target, 'logit', signal))[0]!;
      const ask = async (
        id: string,
        params: Record<string, string | number | boolean> = {},
      ): Promise<AttributionAnswer> => {
        const method = attributionMethodById(id);
        const given = parseParameters(id, method.parameters, params);
        const request = { input: x, target, score: 'logit', params: given, seed: 0 } as const;
        const answer = await method.run(subject, request, { signal, random: new Random(0), progress: () => undefined });
        const data = answer.attribution.values.data as Float32Array;
        assert.ok(data.every(Number.isFinite), id);
        assert.ok(
          data.some((v) => v !== 0),
          `${id} is all zeros`,
        );
        return answer;
      };
      before(async () => {
        ({ own, target } = await openCase(asked, sessions, signal));
        subject = own.asking(target);
      });
      after(() => own.dispose());

      it('gradient: as central differences', async () => {
        const { attribution } = await ask('gradient');
        const g = attribution.values.data as Float32Array;
        const norm = Math.hypot(...g);
        const step = 2e-3;
        const moved = (sign: number): Promise<number> =>
          score(
            floatTensor(
              x.dims,
              x.data.map((v, i) => v + (sign * step * g[i]!) / norm),
            ),
          );
        assertClose(
          norm,
          ((await moved(1)) - (await moved(-1))) / (2 * step),
          { absolute: 2e-3 + 0.01 * norm },
          'slope',
        );
      });

      it('integrated_gradients: add up to the difference of the scores', async () => {
        const { attribution } = await ask('integrated_gradients', {
          steps: 300,
          rule: 'riemann_middle',
          baseline: 'zero',
        });
        const sum = (attribution.values.data as Float32Array).reduce((a, b) => a + b, 0);
        const apart = (await score(x)) - (await score(floatTensor(x.dims)));
        assertClose(
          sum,
          apart,
          { absolute: (asked.jumps === true ? 0.1 : 0.01) * Math.max(1, Math.abs(apart)) },
          'sum',
        );
      });

      it('occlusion: the drop of the score, window by window, incremental or not', async () => {
        const params = { patch: '4', stride: '4', fill: 'zero', upsample: false };
        const { attribution, notes } = await ask('occlusion', params);
        const whole = await ask('occlusion', { ...params, inference: 'whole' });
        const drops = attribution.values.data as Float32Array;
        assertClose(
          drops,
          whole.attribution.values.data as Float32Array,
          { absolute: 1e-4 },
          `whole; ${notes.join(' ')}`,
        );
        const base = await score(x);
        for (const window of [0, 6, 15]) {
          const [top, left] = [4 * Math.floor(window / 4), 4 * (window % 4)];
          const covered = floatTensor(x.dims, x.data.slice());
          for (let c = 0; c < 3; c++)
            for (let y = top; y < top + 4; y++)
              covered.data.fill(0, (c * SIDE + y) * SIDE + left, (c * SIDE + y) * SIDE + left + 4);
          assertClose(drops[window]!, base - (await score(covered)), { absolute: 1e-4 }, `window ${window}`);
        }
      });

      it('gradcam: channels weighted by the mean slope of the score, at a layer that is named', async () => {
        const answer = await ask('gradcam', { upsample: false, relu: false });
        const name = answer.layer!;
        assert.ok(answer.notes.some((n) => n.includes(`"${name}"`)));
        const value = subject.layers.find((l) => l.name === name)?.output ?? name;
        const map = featureMapOf(subject, value)!;
        const act = (await subject.values(x, [value], signal)).get(value)!;
        // The rest of the network, fed with the layer's own values.
        const [, ...dims] = act.dims;
        const kept = own.graph.nodes.filter((n) => !n.outputs.includes(value));
        const cut = prune({ ...own.graph, nodes: kept });
        const graph: Graph = {
          ...cut,
          inputs: [
            ...cut.inputs,
            { name: value, type: 'float32', dims: [own.facts.dynamicBatch ? 'batch' : 1, ...dims] },
          ],
        };
        const facts = await probeFacts(graph, sessions);
        const rest = await openSubject(
          { graph, facts, layers: layersOf(graph), input: { ...testSpec(value, [3, SIDE, SIDE]) }, sessions },
          { labels: asked.labels, ...(asked.said && { said: asked.said }) },
        );
        try {
          const behind = rest.asking(target);
          const planes = toPlanes(map, act.data);
          const places = map.height * map.width;
          const expected = new Float64Array(places);
          const step = 5e-4;
          for (let c = 0; c < map.channels; c++) {
            // All places of a channel at once: the sum of its slopes.
            const moved = async (sign: number): Promise<number> => {
              const data = act.data.slice();
              for (let y = 0; y < map.height; y++)
                for (let p = 0; p < map.width; p++) data[map.at(c, y, p)]! += sign * step;
              return score(floatTensor(act.dims, data), behind);
            };
            const weight = ((await moved(1)) - (await moved(-1))) / (2 * step) / places;
            for (let i = 0; i < places; i++) expected[i]! += weight * planes[c * places + i]!;
          }
          const largest = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
          assertClose(
            answer.attribution.values.data as Float32Array,
            expected,
            { absolute: 0.05 * largest + 1e-5 },
            name,
          );
        } finally {
          await rest.dispose();
        }
      });
    });
  }

  it('takes Grad-CAM of a box at the scale that found it, before box and class part', async () => {
    const subject = await openTiny(detectorNet(), sessions, { labels: KINDS });
    try {
      const labels: Labels = { names: KINDS, origin: { kind: 'metadata', detail: 'names' } };
      const values = await subject.values(x, ['raw'], signal);
      const sample = new Map([...values].map(([name, t]) => [name, t.data]));
      const raw = sample.get('raw')!;
      const layers = new Set<string>();
      // The surest boxes, and the box of a candidate of each scale itself.
      const own = (c: number): string => {
        const [cx, cy, w, h] = [0, 1, 2, 3].map((k) => raw[80 * k + c]!) as [number, number, number, number];
        return `dog@${[cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2].map((v) => v.toFixed(4)).join(',')}`;
      };
      for (const text of ['box:1', 'box:2', own(20), own(70)]) {
        const target = findTarget(text, { scores: [], labels, subject, sample });
        const method = attributionMethodById('gradcam');
        const params = parseParameters('gradcam', method.parameters, {});
        const request = { input: x, target, score: 'logit', params, seed: 0 } as const;
        const context = { signal, random: new Random(0), progress: () => undefined };
        const { layer, notes } = await method.run(subject.asking(target), request, context);
        // The first 64 candidates are of the fine grid.
        const middle = [(target.box![0] + target.box![2]) / 2, (target.box![1] + target.box![3]) / 2];
        const candidate = Array.from({ length: 80 }, (_, c) => c).find(
          (c) => Math.hypot(raw[c]! - middle[0]!, raw[80 + c]! - middle[1]!) < 1e-3,
        )!;
        assert.equal(layer, candidate < 64 ? 'fine' : 'coarse', `${target.label}: candidate ${candidate}`);
        assert.match(notes.join(' '), /the score is decided at this scale; there is also (8×8|4×4)/);
        layers.add(layer);
      }
      assert.deepEqual([...layers].sort(), ['coarse', 'fine']);
    } finally {
      await subject.dispose();
    }
  });
});
