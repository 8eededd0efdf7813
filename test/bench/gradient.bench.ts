import { int64Tensor, floatTensor, sizeOf } from '../../src/base/tensor.js';
import { Random } from '../../src/base/random.js';
import { openCheckpoint } from '../../src/checkpoint/reader.js';
import { buildGradient } from '../../src/gradient/engine.js';
import { buildGraph } from '../../src/graph/build.js';
import { cutFinalActivation } from '../../src/graph/edits.js';
import { dimsAt } from '../../src/graph/facts.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { probeFacts } from '../../src/session/probe.js';
import { interleaved, zooModel, type Row } from './measure.js';
import { torchModel, torchTime } from './torch.js';

/** Goals at batch 1; 2.0 is the floor, since a gradient costs at least as much as the forward pass again. */
const GOALS: readonly (readonly [model: string, goal: number])[] = [
  ['resnet18', 2.2],
  ['mobilenet_v2', 2.5],
  ['densenet121', 2.5],
  ['timm_deit_tiny_patch16_224', 2.5],
  ['convnext_tiny', 2.5],
  ['efficientnet_b0_dynamo', 2.5],
  ['swin_t', 2.5],
];
/** Networks that are also timed in PyTorch. resnet50 is not among the test data: PyTorch writes it. */
const IN_TORCH = ['resnet18', 'resnet50'];
const BUILD_GOALS: Readonly<Record<string, number>> = { resnet18: 150, swin_t: 1500 };

/** Forward and input gradient over forward alone; time to build the gradient graph; against PyTorch where it is installed. */
export async function bench(): Promise<Row[]> {
  const only = process.env['BENCH_MODELS']?.split(',');
  const rows: Row[] = [];
  for (const [name, goal] of GOALS)
    if (only === undefined || only.includes(name)) rows.push(...(await model(name, goal, zooModel(name))));
  const more = 'resnet50';
  if (only === undefined || only.includes(more)) rows.push(...(await model(more, undefined, torchModel(more))));
  return rows;
}

async function model(name: string, goal: number | undefined, file: string | undefined): Promise<Row[]> {
  const what = `forward + gradient over forward, ${name}, batch 1, one thread`;
  if (file === undefined) return [{ what, skipped: `there is no file of ${name} here` }];
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const graph = buildGraph(await openCheckpoint(file));
  const facts = await probeFacts(graph, sessions);
  const input = graph.inputs[0]!.name;
  const value = cutFinalActivation(graph, graph.outputs[0]!.name).value;
  const times: number[] = [];
  const build = (): ReturnType<typeof buildGradient> => {
    const start = performance.now();
    const built = buildGradient(graph, facts, { score: { value, seed: 'index' }, wrt: [input] });
    times.push(performance.now() - start);
    return built;
  };
  const built = build();
  for (let i = 0; i < 4; i++) build();
  const [forward, backward] = [await sessions.open(graph), await sessions.open(built.graph)];
  const dims = dimsAt(facts.get(input)!, 1);
  const random = new Random(1);
  const x = floatTensor(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );
  const target = int64Tensor([1], [7]);
  const output = graph.outputs[0]!.name;
  const fetched = [built.score, built.gradients.get(input)!];
  const measured = await interleaved(
    {
      forward: () => forward.run({ [input]: x }, [output]),
      both: () => backward.run({ [input]: x, [built.seed!]: target }, fetched),
    },
    IN_TORCH.includes(name) ? 21 : 11,
  );
  const rows: Row[] = [
    ratio(
      what,
      measured.both / measured.forward,
      goal,
      `${measured.forward.toFixed(0)} → ${measured.both.toFixed(0)} ms`,
    ),
  ];
  const limit = BUILD_GOALS[name];
  if (limit !== undefined) {
    const first = times[0]!;
    rows.push({
      what: `building the gradient graph of ${name} (${graph.nodes.length} nodes), first time`,
      value: `${first.toFixed(0)} ms`,
      goal: `≤ ${limit} ms`,
      met: first <= limit,
    });
  }
  if (IN_TORCH.includes(name)) rows.push(torchRow(name, measured.both));
  await sessions.dispose();
  return rows;
}

function torchRow(name: string, ours: number): Row {
  const what = `forward + gradient, ours over PyTorch's, ${name}, processor time, one thread`;
  const torch = torchTime(name);
  return typeof torch === 'string'
    ? { what, skipped: torch }
    : ratio(what, ours / torch, 0.5, `${ours.toFixed(0)} against ${torch.toFixed(0)} ms`);
}

function ratio(what: string, value: number, goal: number | undefined, detail: string): Row {
  const row = { what, value: `${value.toFixed(2)} (${detail})` };
  return goal === undefined ? row : { ...row, goal: `≤ ${goal}`, met: value <= goal };
}
