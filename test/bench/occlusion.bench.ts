import { openCheckpoint } from '../../src/checkpoint/reader.js';
import { buildGradient } from '../../src/gradient/engine.js';
import { buildGraph } from '../../src/graph/build.js';
import { Random } from '../../src/base/random.js';
import { floatTensor } from '../../src/base/tensor.js';
import { occlusionWindows } from '../../src/method/attribution/occlusion.js';
import { windowGrid } from '../../src/method/attribution/windowGrid.js';
import { openSubject } from '../../src/method/modelSubject.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { probeFacts } from '../../src/session/probe.js';
import { interleaved, zooModel, type Row } from './measure.js';

/** Occlusion at 224 px, 16-px squares, stride 8 (729 of them): incremental against plain batched inference, one thread. */
export async function bench(): Promise<Row[]> {
  return [...(await model('vgg11', 4)), ...(await model('resnet18', 2, 5))];
}

async function model(name: string, goal: number, fineGoal?: number): Promise<Row[]> {
  const what = `occlusion of ${name}, plain batched inference over incremental, processor time`;
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
  const subject = await openSubject(
    { graph, facts, layers: [], input, sessions, differentiate: buildGradient, rules: () => new Map() },
    { session: { threads: 1 } },
  );
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
  const run = (incremental: boolean, refine: number) => (): Promise<{ drops: { data: Float32Array } }> =>
    occlusionWindows(subject, occlusion, { incremental, refine }, signal);
  const exact = (await run(false, 1)()).drops.data;
  const incremental = (await run(true, 1)()).drops.data;
  const scale = exact.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const error = exact.reduce((m, v, i) => Math.max(m, Math.abs(v - incremental[i]!)), 0) / scale;
  const contenders: Record<string, () => Promise<unknown>> = { whole: run(false, 1), incremental: run(true, 1) };
  if (fineGoal !== undefined) contenders['fine'] = run(true, 0.15);
  const time = await interleaved(contenders, 2);
  const ratio = time['whole']! / time['incremental']!;
  const rows: Row[] = [
    {
      what,
      value: `${ratio.toFixed(2)} × (largest difference ${error.toExponential(0)} of the largest drop)`,
      goal: `≥ ${goal} ×, exact to 1e-4`,
      met: ratio >= goal && error < 1e-4,
    },
  ];
  if (fineGoal !== undefined) {
    const fine = time['whole']! / time['fine']!;
    rows.push({
      what: `the same, coarse to fine (refine 0.15)`,
      value: `${fine.toFixed(2)} ×`,
      goal: `≥ ${fineGoal} ×`,
      met: fine >= fineGoal,
    });
  }
  await subject.dispose();
  return rows;
}
