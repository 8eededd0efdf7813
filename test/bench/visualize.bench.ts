import path from 'node:path';
import { Random } from '../../src/base/random.js';
import { floatTensor } from '../../src/base/tensor.js';
import { openCheckpoint } from '../../src/checkpoint/reader.js';
import { buildGraph } from '../../src/graph/build/build.js';
import { layersOf } from '../../src/graph/layers/layers.js';
import { settled } from '../../src/method/reconstruction/presets.js';
import { pictureSpace } from '../../src/method/reconstruction/space.js';
import { visualise } from '../../src/method/reconstruction/visualise.js';
import { openSubject } from '../../src/method/subject/modelSubject.js';
import type { InputSpec } from '../../src/method/subject/subject.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { probeFacts } from '../../src/session/probe.js';
import { DATA, dataMissing } from '../data.mjs';
import { interleaved, type Row } from './measure.js';

const ROUNDS = 3;
/** Steps that a measured picture takes; with the look for a gradient before and the last picture, two runs more. */
const STEPS = 24;

/** What a step costs over what it cannot do without. */
export async function bench(): Promise<Row[]> {
  const goals = { naive: 1.15, smooth: 1.15, distill: 1.3 } as const;
  const presets = Object.keys(goals) as (keyof typeof goals)[];
  const named = (preset: string): string => `a step of ${preset} over forward + gradient, SqueezeNet at 227 px`;
  if (dataMissing !== undefined) return presets.map((p) => ({ what: named(p), skipped: dataMissing! }));
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const graph = buildGraph(await openCheckpoint(path.join(DATA, 'models', 'squeezenet_v1.0_dc.onnx')));
  const input = specOf(graph.inputs[0]!.name);
  const facts = await probeFacts(graph, sessions, { [input.name]: [1, 3, SIDE, SIDE] });
  const subject = await openSubject({ graph, facts, layers: layersOf(graph), input, sessions });
  const { signal } = new AbortController();
  const space = pictureSpace(input, [0, 1, 2]);
  const target = { index: 1, label: 'goldfish' };
  const made = (preset: string) => (): Promise<unknown> => {
    const params = settled(
      { preset, steps: STEPS, relu: 'before', ...(preset === 'smooth' ? { tv: 1e-3 } : {}) },
      { ...space, transformer: false, start: 'noise', folder: false, probability: true },
    );
    const terms = [{ weight: 1, objective: { kind: 'target', target } }] as const;
    return visualise(subject, { space, terms, params, seed: 0 }, { signal });
  };
  const random = new Random(1);
  const picture = floatTensor([1, 3, SIDE, SIDE]);
  for (let i = 0; i < picture.data.length; i++) picture.data[i] = 50 * random.normal();
  const of = subject.scoreAt(target, 'logit');
  const times = await interleaved(
    {
      plain: async () => {
        for (let i = 0; i < STEPS + 2; i++) await subject.gradients(picture, { of }, signal);
      },
      naive: made('naive'),
      smooth: made('smooth'),
      distill: made('distill'),
    },
    ROUNDS,
  );
  await subject.dispose();
  await sessions.dispose();
  return presets.map((preset) => {
    const ratio = times[preset] / times.plain;
    const [one, other] = [times.plain, times[preset]].map((t) => (t / (STEPS + 2)).toFixed(1));
    const value = `${ratio.toFixed(2)} (${one} → ${other} ms)`;
    return { what: named(preset), value, goal: `≤ ${goals[preset]}`, met: ratio <= goals[preset] };
  });
}

const SIDE = 227;

function specOf(name: string): InputSpec {
  return {
    name,
    layout: 'NCHW',
    channels: 3,
    height: SIDE,
    width: SIDE,
    fill: () => [0, 0, 0],
    toTensor: (_c, pixel) => pixel - 115,
    toPixel: (_c, value) => value + 115,
  };
}
