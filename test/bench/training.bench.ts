import type { Tensor } from '../../src/base/tensor.js';
import type { Graph } from '../../src/graph/graph.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { probeFacts } from '../../src/session/probe.js';
import { chosenStep } from '../../src/training/step/form.js';
import { trainingStep } from '../../src/training/step/build.js';
import { trainableWeights } from '../../src/training/step/parameters.js';
import type { TrainingStep } from '../../src/training/step/step.js';
import { guideNet, residualNet } from '../unit/training/step/blockedNets.js';
import { noise, oneHot, stepFeeds } from '../unit/training/step/net.js';
import { median, processorTime, type Row } from './measure.js';
import { AT_ITS_BEST } from './torch.js';
import { TorchTraining } from './torchTraining.js';

/** Steps that warm up: the first ones fetch memory, and take several times as long. */
const WARM = 4;
const ROUNDS = 7;

const NETS = [
  ['residual', 'a ResNet20 (32 px, batch 128)', residualNet(128, 32, 3)],
  ['guide', 'birds_cnn (64 px, batch 64)', guideNet(64, 64)],
] as const;

/** Pictures that one second of the processor trains on, ours over PyTorch's: the sides take turns in one run, one thread each. */
export async function bench(): Promise<Row[]> {
  const only = process.env['BENCH_MODELS']?.split(',');
  const rows: Row[] = [];
  for (const [name, what, graph] of NETS)
    if (only === undefined || only.includes(name)) rows.push(...(await network(name, what, graph)));
  return rows;
}

async function network(name: (typeof NETS)[number][0], what: string, graph: Graph): Promise<Row[]> {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const logits = graph.outputs[0]!.name;
  const [batch, , side] = graph.inputs[0]!.dims as [number, number, number, number];
  const facts = await probeFacts(graph, sessions);
  const request = {
    graph,
    facts,
    input: 'picture',
    logits,
    batch,
    loss: { kind: 'cross-entropy' as const },
    optimiser: { kind: 'sgd' as const, momentum: 0.9 },
    dropout: true,
    trainable: trainableWeights(graph, logits),
  };
  const chosen = await chosenStep(request, sessions);
  console.error(`  ${chosen.said}`);
  const plain = trainingStep({ ...request, form: 'plain' });
  const feedsOf = (step: TrainingStep): Record<string, Tensor> =>
    stepFeeds(step, {
      picture: noise([batch, 3, side, side], 5),
      target: oneHot(batch, facts.get(logits)!.base[1]!),
      rate: 0.01,
    });
  const ours = await sideOf(chosen.step, chosen.session, feedsOf(chosen.step));
  const other = await sideOf(plain, await sessions.open(plain.graph), feedsOf(plain));
  const torch = await TorchTraining.start(name, batch, side);
  const times = { ours: [] as number[], plain: [] as number[], last: [] as number[], first: [] as number[] };
  for (let round = -1; round < ROUNDS; round++) {
    const count = round < 0 ? WARM : 1;
    const taken = {
      ours: await ours(count),
      plain: await other(count),
      last: (await torch?.step('channels_last', count)) ?? NaN,
      first: (await torch?.step('NCHW', count)) ?? NaN,
    };
    if (round < 0) continue;
    for (const key of Object.keys(times) as (keyof typeof times)[]) times[key].push(taken[key]);
  }
  torch?.stop();
  await sessions.dispose();
  const perSecond = (ms: readonly number[]): string => ((batch / median(ms)) * 1000).toFixed(0);
  const row = (against: string, theirs: readonly number[], goal?: number): Row => {
    const text = `training ${what}, pictures per second of the processor, ours over ${against}`;
    if (theirs.some(Number.isNaN))
      return { what: text, skipped: 'PyTorch is not installed (ONNX_LENS_PYTHON names a Python that has it)' };
    const shares = theirs.map((t, i) => t / times.ours[i]!).sort((a, b) => a - b);
    const value = median(shares);
    const range = `${shares[0]!.toFixed(2)} to ${shares.at(-1)!.toFixed(2)}`;
    const said = `${value.toFixed(2)} (${perSecond(times.ours)} against ${perSecond(theirs)}; ${ROUNDS} rounds: ${range})`;
    return { what: text, value: said, ...(goal === undefined ? {} : { goal: `≥ ${goal}`, met: value >= goal }) };
  };
  return [
    row(`PyTorch’s in channels_last, ${AT_ITS_BEST}`, times.last, 0.85),
    row(`PyTorch’s in NCHW, ${AT_ITS_BEST}`, times.first, 1.1),
    row('our own in plain operators', times.plain),
  ];
}

/** Trains some steps, each from the state of the one before, and tells the processor time of one in ms. */
async function sideOf(
  step: TrainingStep,
  session: Awaited<ReturnType<OrtSessions['open']>>,
  feeds: Record<string, Tensor>,
): Promise<(count: number) => Promise<number>> {
  let state = await step.start();
  const names = step.graph.outputs.map((o) => o.name);
  return async (count) => {
    const start = processorTime();
    for (let i = 0; i < count; i++) {
      const out = await session.run({ ...feeds, ...Object.fromEntries(state) }, names);
      state = new Map(step.state.map((s) => [s.input, out[s.output]!]));
    }
    return (processorTime() - start) / count;
  };
}
