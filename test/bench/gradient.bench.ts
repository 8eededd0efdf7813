import { fork } from 'node:child_process';
import { int64Tensor, floatTensor, sizeOf, type Tensor } from '../../src/base/tensor.js';
import { Random } from '../../src/base/random.js';
import { storedBytes } from '../../src/checkpoint/elements.js';
import { openCheckpoint } from '../../src/checkpoint/reader.js';
import { buildGradient } from '../../src/gradient/sweep/engine.js';
import { buildGraph } from '../../src/graph/build/build.js';
import { cutFinalActivation } from '../../src/graph/edits.js';
import { dimsAt, type Facts } from '../../src/graph/facts.js';
import type { Graph } from '../../src/graph/graph.js';
import { OrtSessions } from '../../src/session/ort/ortSession.js';
import { probeFacts } from '../../src/session/probe.js';
import { interleaved, median, zooModel, type Row } from './measure.js';
import { AT_ITS_BEST, torchModel, torchTime } from './torch.js';

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
  const alone = process.env['BENCH_MEMORY'];
  if (alone !== undefined) return [{ what: alone, value: String(await peakOf(alone)) }];
  const rows: Row[] = [];
  for (const [name, goal] of GOALS)
    if (only === undefined || only.includes(name)) rows.push(...(await model(name, goal, zooModel(name))));
  const more = 'resnet50';
  if (only === undefined || only.includes(more)) rows.push(...(await model(more, undefined, torchModel(more))));
  return rows;
}

async function model(name: string, goal: number | undefined, file: string | undefined): Promise<Row[]> {
  const what = `forward + gradient over forward, ${name}`;
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
    21,
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
  if (IN_TORCH.includes(name)) {
    const run = (): Promise<unknown> => backward.run({ [input]: x, [built.seed!]: target }, fetched);
    rows.push(await torchRow(name, async () => (await interleaved({ run }, 9)).run));
  }
  if (name === 'resnet18') rows.push(await memoryRow(graph, facts));
  await sessions.dispose();
  return rows;
}

/** Bytes that opening and one run add to a process of its own, over what the weights and the forward values take. */
async function memoryRow(graph: Graph, facts: Facts): Promise<Row> {
  const what =
    'peak memory of opening a gradient and running it twice, over weights and activations, resnet18, batch 8';
  const weights = [...graph.weights.values()].reduce((sum, w) => sum + storedBytes(w), 0);
  const values = graph.nodes.flatMap((n) => n.outputs.flatMap((o) => facts.get(o) ?? []));
  const whole = weights + 4 * values.reduce((sum, fact) => sum + sizeOf(dimsAt(fact, MEMORY_BATCH)), 0);
  const [forward, both] = [await inChild('forward'), await inChild('gradient')];
  const mega = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const detail = `${mega(both)} MB; forward alone ${mega(forward)}; weights and activations ${mega(whole)}`;
  return ratio(what, both / whole, 1.3, detail);
}

const MEMORY_BATCH = 8;

/** This benchmark again as a child that does one thing, so that nothing else is in its memory. */
async function inChild(which: string): Promise<number> {
  const child = fork(process.argv[1]!, [], { env: { ...process.env, BENCH_MEMORY: which } });
  return new Promise((resolve, reject) => {
    child.once('message', (rows) => resolve(Number((rows as Row[])[0]!.value)));
    child.once('exit', (code) => reject(new Error(`The measuring process ended with ${code}`)));
  });
}

/** Growth of this process's largest resident size, in bytes, through opening and running a graph. */
async function peakOf(which: string): Promise<number> {
  const graph = buildGraph(await openCheckpoint(zooModel('resnet18')!));
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const input = graph.inputs[0]!.name;
  const dims = [MEMORY_BATCH, 3, 224, 224];
  const facts = await probeFacts(graph, sessions, { [input]: [1, 3, 224, 224] });
  const value = graph.outputs[0]!.name;
  const built = buildGradient(graph, facts, { score: { value, seed: 'index' }, wrt: [input], keep: [] });
  const feeds: Record<string, Tensor> = { [input]: floatTensor(dims, new Float32Array(sizeOf(dims)).fill(0.5)) };
  global.gc?.();
  const before = process.memoryUsage.rss();
  const gradient = which === 'gradient';
  const session = await sessions.open(gradient ? built.graph : graph);
  if (gradient) feeds[built.seed!] = int64Tensor([MEMORY_BATCH], Array<number>(MEMORY_BATCH).fill(7));
  // Twice: what a second run adds stays, too.
  for (let i = 0; i < 2; i++) await session.run(feeds, gradient ? [built.score, ...built.gradients.values()] : [value]);
  return process.resourceUsage().maxRSS * 1024 - before;
}

/** Ours and PyTorch's in turn, a few times: a slow moment of the machine hits one pair, and the median leaves it out. */
async function torchRow(name: string, ours: () => Promise<number>): Promise<Row> {
  const what = `forward + gradient, ours over PyTorch's in its faster layout, ${AT_ITS_BEST}, ${name}`;
  const pairs: (readonly [ours: number, theirs: number])[] = [];
  for (let i = 0; i < 5; i++) {
    const theirs = torchTime(name);
    if (typeof theirs === 'string') return { what, skipped: theirs };
    pairs.push([await ours(), theirs]);
  }
  const shares = pairs.map(([a, b]) => a / b).sort((a, b) => a - b);
  const of = (i: 0 | 1): string => median(pairs.map((pair) => pair[i])).toFixed(0);
  const range = `${shares[0]!.toFixed(2)} to ${shares.at(-1)!.toFixed(2)}`;
  return ratio(what, median(shares), 0.5, `${of(0)} against ${of(1)} ms; five pairs: ${range}`);
}

function ratio(what: string, value: number, goal: number | undefined, detail: string): Row {
  const row = { what, value: `${value.toFixed(2)} (${detail})` };
  return goal === undefined ? row : { ...row, goal: `≤ ${goal}`, met: value <= goal };
}
