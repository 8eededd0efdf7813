import { toErrorData } from '../../base/errors.js';
import { floatTensor, sizeOf, toFloat32, toNumbers, type Tensor } from '../../base/tensor.js';
import { Random } from '../../base/random.js';
import { dimsAt } from '../../graph/facts.js';
import { makeNode, withOutputs } from '../../graph/edits.js';
import type { Graph } from '../../graph/graph.js';
import { numbers } from '../../gradient/emit/tape.js';
import type { Session, SessionOptions, Sessions } from '../../session/session.js';
import { NCHWC } from './blocked/writer.js';
import { trainingStep } from './build.js';
import type { StepRequest, TrainingStep } from './step.js';

/** Blocks that ONNX Runtime has: 16 channels with AVX-512, 8 with AVX, 4 elsewhere. */
const SIZES = [16, 8, 4];

/**
 * Channels of one block of ONNX Runtime's blocked layout on this processor, or undefined where it has none: told by where a
 * tiny session puts the numbers 0, 1, 2, ….
 */
export async function blockSize(sessions: Sessions): Promise<number | undefined> {
  const channels = SIZES[0]!;
  const dims = [1, channels, 1, 2];
  const graph: Graph = {
    name: 'block',
    irVersion: 10,
    opset: 18,
    opsets: new Map([[NCHWC, 1]]),
    inputs: [{ name: 'x', type: 'float32', dims }],
    outputs: [{ name: 'y', type: 'float32' }],
    nodes: [{ ...makeNode('ReorderInput', 'y', ['x']), domain: NCHWC }],
    weights: new Map(),
    metadata: new Map(),
  };
  const data = Float32Array.from({ length: 2 * channels }, (_, i) => i);
  try {
    const session = await sessions.open(graph, { provider: 'cpu', threads: 1 });
    try {
      const { y } = await session.run({ x: floatTensor(dims, data) }, ['y']);
      const found = toFloat32(y!);
      return SIZES.find((size) => found.every((v, i) => v === placed(i, size)));
    } finally {
      await session.dispose();
    }
  } catch {
    // A build of the runtime without these operators.
    return undefined;
  }
}

/** The number at place i of [channels/size, 2, size], where [channels, 2] was written. */
function placed(i: number, size: number): number {
  const [block, position, lane] = [Math.floor(i / (2 * size)), Math.floor(i / size) % 2, i % size];
  return (block * size + lane) * 2 + position;
}

/** A step in the form that suits the processor, with its session. */
export interface ChosenStep {
  readonly step: TrainingStep;
  readonly session: Session;
  /** The same step in operators of ai.onnx, in which every value of the model has its name. It takes the same feeds. */
  readonly plain: TrainingStep;
  /** Which form it is, and why, as a sentence. */
  readonly said: string;
}

/**
 * The only place where the form of a step is chosen: blocked on processors that ONNX Runtime has a blocked layout for, if
 * convolutions are in it and a first step gives there what it gives in plain operators; else plain. Whoever goes on with a
 * training on the same kind of machine gets the same form.
 */
export async function chosenStep(
  request: Omit<StepRequest, 'form'>,
  sessions: Sessions,
  options: Partial<SessionOptions> = {},
): Promise<ChosenStep> {
  const plain = trainingStep({ ...request, form: 'plain' });
  const open = (graph: Graph): Promise<Session> => sessions.open(graph, { ...options, optimised: true });
  const stay = async (why: string): Promise<ChosenStep> => {
    return { step: plain, plain, session: await open(plain.graph), said: `Steps run in plain operators: ${why}.` };
  };
  if (!plain.graph.nodes.some((n) => n.domain === '' && n.op === 'Conv')) return stay('the model has no convolutions');
  const block = await blockSize(sessions);
  if (block === undefined) return stay('ONNX Runtime has no blocked layout for this processor');
  const step = trainingStep({ ...request, form: { block } });
  if (!step.graph.nodes.some((n) => n.domain === NCHWC && n.op === 'Conv'))
    return stay('none of its convolutions has a blocked form');
  const feeds = { ...probeFeeds(request, plain), ...Object.fromEntries(await plain.start()) };
  const expected = await firstStep(plain, feeds, open);
  if (expected.provider !== 'cpu') return stay(`they run on ${expected.provider}`);
  let off: string | undefined;
  try {
    off = difference(expected, await firstStep(step, feeds, open));
  } catch (error) {
    off = `it failed (${toErrorData(error).message})`;
  }
  if (off !== undefined) return stay(`the first step in the blocked layout was checked against them, and ${off}`);
  const said = `Steps run in ONNX Runtime's blocked layout (${block} channels), checked against plain operators.`;
  return { step, plain, session: await open(step.graph), said };
}

interface FirstStep {
  readonly provider: string;
  readonly loss: number;
  readonly norm: number;
  readonly gradients: ReadonlyMap<string, readonly number[]>;
}

async function firstStep(
  step: TrainingStep,
  feeds: Readonly<Record<string, Tensor>>,
  open: (graph: Graph) => Promise<Session>,
): Promise<FirstStep> {
  const { loss, gradientNorm } = step.outputs;
  const names = [loss, gradientNorm, ...step.gradients.values()];
  const session = await open({ ...withOutputs(step.graph, names), inputs: step.graph.inputs });
  try {
    const out = await session.run(feeds, names);
    return {
      provider: session.provider.used,
      loss: toNumbers(out[loss]!)[0]!,
      norm: toNumbers(out[gradientNorm]!)[0]!,
      gradients: new Map([...step.gradients].map(([name, ref]) => [name, [...toNumbers(out[ref]!)]])),
    };
  } finally {
    await session.dispose();
  }
}

/** A value within rounding of 0 flips its rectifier, in any float32: that moves a gradient by a few percent of its length. */
const FLIPS = 0.1;
/** What rounding leaves of a gradient that is 0, as a share of all gradients: the bias in front of a normalisation. */
const NOISE = 1e-3;

function difference(a: FirstStep, b: FirstStep): string | undefined {
  // Written so that what is no number differs.
  if (!(Math.abs(a.loss - b.loss) <= 1e-3 * Math.max(1, Math.abs(a.loss))))
    return `its loss was ${b.loss}, not ${a.loss}`;
  for (const [name, expected] of a.gradients) {
    const found = b.gradients.get(name)!;
    const apart = length(expected.map((v, i) => v - found[i]!));
    if (!(apart <= FLIPS * length(expected) + NOISE * a.norm)) return `the gradient of "${name}" differed`;
  }
  return undefined;
}

function length(v: readonly number[]): number {
  return Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
}

/** Noise as pictures, one class after the other, nothing dropped. */
function probeFeeds(
  { facts, input, batch }: Omit<StepRequest, 'form'>,
  { feeds, classes }: TrainingStep,
): Record<string, Tensor> {
  const of = (dims: readonly number[], value: (i: number) => number): Tensor =>
    numbers(
      feeds.type,
      dims,
      Float64Array.from({ length: sizeOf(dims) }, (_, i) => value(i)),
    );
  const random = new Random(1);
  const out: Record<string, Tensor> = {
    [feeds.picture]: of(dimsAt(facts.get(input)!, batch), () => random.normal()),
    [feeds.target]: of([batch, classes], (i) => (Math.floor(i / classes) % classes === i % classes ? 1 : 0)),
    [feeds.rate]: of([], () => 0),
  };
  if (feeds.step !== undefined) out[feeds.step] = of([], () => 1);
  if (feeds.apply !== undefined) out[feeds.apply] = numbers('bool', [], [1]);
  for (const mask of feeds.masks) out[mask.name] = of(mask.dims, () => 1);
  return out;
}
