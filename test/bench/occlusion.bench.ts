import { openCheckpoint } from '../../src/checkpoint/reader.js';
import { buildGraph } from '../../src/graph/build/build.js';
import { Random } from '../../src/base/random.js';
import { floatTensor } from '../../src/base/tensor.js';
import { occlusionWindows } from '../../src/method/attribution/occlusion.js';
import { windowGrid } from '../../src/method/attribution/occlusion/grid.js';
import { windowScorer } from '../../src/method/attribution/occlusion/scorer.js';
import { openSubject } from '../../src/method/subject/modelSubject.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { probeFacts } from '../../src/session/probe.js';
import { interleaved, zooModel, type Row } from './measure.js';

/** Occlusion at 224 px, 16-px squares, stride 8 (729 of them): incremental against plain batched inference, one thread. */
export async function bench(): Promise<Row[]> {
  return [...(await model('vgg11', 4)), ...(await model('resnet18', 2, 5))];
}

async function model(name: string, goal: number, fineGoal?: number): Promise<Row[]> {
  const what = `occlusion of ${name}, 729 squares of 16 px: plain batched inference over incremental`;
  const file = zooModel(name);
  if (file === undefined) return [{ what, skipped: 'the test data is absent' }];
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const graph = buildGraph(await openCheckpoint(file));
  const facts = await probeFacts(graph, sessions);
  const spec = { name: graph.inputs[0]!.name, layout: 'NCHW', channels: 3, height: 224, width: 224 } as const;
  const input = {
    ...spec,
    fill: () => [0, 0, 0],
    toTensor: (_: number, v: number) => v,
    toPixel: (_: number, v: number) => v,
  };
  const subject = await openSubject({ graph, facts, layers: [], input, sessions }, { session: { threads: 1 } });
  const random = new Random(1);
  const picture = floatTensor(
    [1, 3, 224, 224],
    new Float32Array(3 * 224 * 224).map(() => random.normal()),
  );
  const occlusion = {
    input: picture,
    fill: floatTensor(picture.dims),
    target: { index: 3, label: '' },
    score: 'logit',
    grid: windowGrid(224, 224, 16, 8),
  } as const;
  const signal = new AbortController().signal;
  const grid = occlusion.grid;
  const count = grid.rows * grid.columns;
  // Whole inputs cost the same wherever the square is: a sample of the squares tells the cost of all of them.
  const sample = Array.from({ length: 64 }, (_, i) => Math.floor(((i + 0.5) * count) / 64));
  const all = Array.from({ length: count }, (_, i) => i);
  const scored = async (incremental: boolean, windows: readonly number[]): Promise<Map<number, number>> => {
    const scorer = await windowScorer(subject, occlusion, incremental, signal);
    const out = new Map<number, number>();
    await scorer.scores(windows, signal, (done, scores) => scores.forEach((s, k) => out.set(done[k]!, s)));
    return out;
  };
  const exact = await scored(false, sample);
  const found = await scored(true, all);
  const [clean] = await subject.scores(picture, occlusion.target, 'logit', signal);
  const scale = Math.max(...[...exact.values()].map((v) => Math.abs(v - clean!)));
  const error = Math.max(...sample.map((i) => Math.abs(exact.get(i)! - found.get(i)!))) / scale;
  const contenders: Record<string, () => Promise<unknown>> = {
    whole: () => scored(false, sample),
    incremental: () => scored(true, all),
  };
  if (fineGoal !== undefined)
    contenders['fine'] = () => occlusionWindows(subject, occlusion, { incremental: true, refine: 0.15 }, signal);
  const time = await interleaved(contenders, 5);
  const whole = (time['whole']! * count) / sample.length;
  const ratio = whole / time['incremental']!;
  const rows: Row[] = [
    {
      what,
      value: `${ratio.toFixed(2)} ×`,
      goal: `≥ ${goal} ×`,
      met: ratio >= goal,
    },
    {
      what: `incremental occlusion of ${name}, over the largest drop of the score`,
      against: 'whole pictures, batched',
      value: error.toExponential(1),
      goal: '< 1e-4',
      met: error < 1e-4,
    },
  ];
  if (fineGoal !== undefined) {
    const fine = whole / time['fine']!;
    rows.push({
      what: `the same over coarse to fine (refine 0.15), ${name}`,
      value: `${fine.toFixed(2)} ×`,
      goal: `≥ ${fineGoal} ×`,
      met: fine >= fineGoal,
    });
  }
  await subject.dispose();
  return rows;
}
