import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { filePath, type FilePath } from '../../src/base/place.js';
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
import type { Call } from '../../src/protocol/channel.js';
import { RunnerService } from '../../src/runner/service.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { probeFacts } from '../../src/session/probe.js';
import { DATA, dataMissing } from '../data.mjs';
import { interleaved, type Row } from './measure.js';

const ROUNDS = 3;
/** Steps that a measured picture takes; with the look for a gradient before and the last picture, two runs more. */
const STEPS = 24;
const SEEDS = process.argv.includes('--quick') ? [0] : [0, 1];
const PRESETS = ['naive', 'smooth', 'distill', 'maco'] as const;

/** What a step costs over what it cannot do without, and how many pictures of each preset another network names alike. */
export async function bench(): Promise<Row[]> {
  return [...(await steps()), ...(await transfers())];
}

async function steps(): Promise<Row[]> {
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

interface Pair {
  readonly name: string;
  readonly from: FilePath;
  readonly to: FilePath;
  readonly classes: number;
}

function pairs(): readonly Pair[] {
  const birds = (name: string): FilePath => filePath(path.resolve('models/birds', `birds_${name}.onnx`));
  const digits = (name: string): FilePath => filePath(path.join(DATA, 'models', `mnist_${name}.onnx`));
  const both = (what: string, of: (name: string) => FilePath, classes: number): Pair[] => [
    { name: `${what}, CNN to transformer`, from: of('cnn'), to: of('vit'), classes },
    { name: `${what}, transformer to CNN`, from: of('vit'), to: of('cnn'), classes },
  ];
  return [...(dataMissing === undefined ? both('digits', digits, 10) : []), ...both('birds', birds, 8)];
}

/** Share of the pictures of all classes that the network they were not made for takes for the class. */
async function transfers(): Promise<Row[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'lens-visualize-'));
  const runner = new RunnerService({}, new OrtSessions({ provider: 'cpu', threads: 1 }));
  const config = (model: string): FilePath | undefined => {
    if (!path.basename(model).startsWith('mnist_')) return undefined;
    const file = path.join(folder, `${path.basename(model)}.json`);
    const vit = model.includes('vit');
    const range = vit ? { range: [0, 1], mean: [0.1307], std: [0.3081] } : { range: [0, 255] };
    writeFileSync(file, JSON.stringify({ input: { color: 'gray', size: [28, 28], ...range } }));
    return filePath(file);
  };
  const asked = (model: FilePath): { model: FilePath; config?: FilePath } => {
    const file = config(model);
    return file === undefined ? { model } : { model, config: file };
  };
  const call: Call<never> = { signal: new AbortController().signal, progress: () => undefined };
  const rows: Row[] = [];
  for (const pair of pairs()) {
    const shares: string[] = [];
    for (const preset of PRESETS) {
      let alike = 0;
      let sure = 0;
      for (const seed of SEEDS) {
        for (let k = 0; k < pair.classes; k++) {
          const request = { ...asked(pair.from), target: String(k), seed, params: { preset } };
          const { result } = await runner.operations.visualize(request, call);
          if (result.says.probability! > 0.9) sure++;
          const file = filePath(path.join(folder, 'made.png'));
          writeFileSync(file, result.saved.png);
          const said = await runner.operations.predict({ ...asked(pair.to), inputs: [file] }, call);
          const [first] = said.results;
          if (first !== undefined && 'result' in first && first.result.top?.[0]?.index === k) alike++;
        }
      }
      const all = pair.classes * SEEDS.length;
      shares.push(`${preset} ${Math.round((100 * alike) / all)} % (own > .9: ${Math.round((100 * sure) / all)} %)`);
    }
    rows.push({ what: `made pictures that another network names alike: ${pair.name}`, value: shares.join(', ') });
  }
  await runner.dispose();
  rmSync(folder, { recursive: true, force: true });
  return rows;
}
