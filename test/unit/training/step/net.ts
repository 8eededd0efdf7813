import { Random } from '../../../../src/base/random.js';
import {
  castFloating,
  floatTensor,
  sizeOf,
  toNumbers,
  type FloatTensor,
  type Tensor,
} from '../../../../src/base/tensor.js';
import { inMemory } from '../../../../src/checkpoint/model.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../../src/graph/graph.js';
import { numbers } from '../../../../src/gradient/emit/tape.js';
import { probeFacts } from '../../../../src/session/probe.js';
import type { Sessions } from '../../../../src/session/session.js';
import { trainableWeights } from '../../../../src/training/step/parameters.js';
import type { StepRequest, TrainingStep } from '../../../../src/training/step/step.js';

/** Seeded noise. */
export function noise(dims: readonly number[], seed: number, scale = 1): FloatTensor {
  const random = new Random(seed);
  return floatTensor(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => scale * random.normal()),
  );
}

/** A graph of nodes over weights, with one picture as input. */
export function net(
  nodes: readonly GraphNode[],
  weights: Readonly<Record<string, Tensor>>,
  picture: readonly (number | string)[],
): Graph {
  return {
    name: 'net',
    irVersion: 10,
    opset: 18,
    opsets: new Map(),
    nodes,
    metadata: new Map(),
    inputs: [{ name: 'picture', type: 'float32', dims: picture }],
    outputs: [{ name: nodes.at(-1)!.outputs[0]!, type: 'float32' }],
    weights: new Map(Object.entries(weights).map(([name, t]) => [name, inMemory(name, t)])),
  };
}

/** Convolution, batch normalisation, activation, pool, matrix: the least that has all kinds of state. */
export function smallNet(batch: number | string = 'batch', classes = 3, curve = 'Relu'): Graph {
  const nodes = [
    makeNode('Conv', 'conv', ['picture', 'conv.weight'], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }),
    makeNode('BatchNormalization', 'bn', ['conv', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var']),
    makeNode(curve, 'curve', ['bn']),
    makeNode('GlobalAveragePool', 'pool', ['curve']),
    makeNode('Flatten', 'flat', ['pool']),
    makeNode('Gemm', 'logits', ['flat', 'fc.weight', 'fc.bias'], { transB: 1 }),
  ];
  return net(
    nodes,
    {
      'conv.weight': noise([4, 2, 3, 3], 1, 0.5),
      'bn.weight': floatTensor([4], Float32Array.of(1, 0.8, 1.2, 0.9)),
      'bn.bias': floatTensor([4], Float32Array.of(0.1, -0.2, 0.3, 0)),
      'bn.running_mean': floatTensor([4], Float32Array.of(0.1, 0, -0.1, 0.2)),
      'bn.running_var': floatTensor([4], Float32Array.of(1, 2, 0.5, 1.5)),
      'fc.weight': noise([classes, 4], 2),
      'fc.bias': noise([classes], 3),
    },
    [batch, 2, 5, 6],
  );
}

/** The same without convolution, for which there is no kernel in double precision. */
export function flatNet(batch: number | string = 'batch', classes = 3): Graph {
  const nodes = [
    makeNode('BatchNormalization', 'bn', ['picture', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var']),
    makeNode('Tanh', 'tanh', ['bn']),
    makeNode('Flatten', 'flat', ['tanh']),
    makeNode('Gemm', 'hidden', ['flat', 'hidden.weight', 'hidden.bias']),
    makeNode('Sigmoid', 'sigmoid', ['hidden']),
    makeNode('MatMul', 'product', ['sigmoid', 'fc.weight']),
    makeNode('Add', 'logits', ['product', 'fc.bias']),
  ];
  return net(
    nodes,
    {
      'bn.weight': floatTensor([2], Float32Array.of(1, 0.8)),
      'bn.bias': floatTensor([2], Float32Array.of(0.1, -0.2)),
      'bn.running_mean': floatTensor([2], Float32Array.of(0.1, 0)),
      'bn.running_var': floatTensor([2], Float32Array.of(1, 2)),
      'hidden.weight': noise([12, 5], 2, 0.5),
      'hidden.bias': noise([5], 3),
      'fc.weight': noise([5, classes], 4),
      'fc.bias': noise([classes], 5),
    },
    [batch, 2, 2, 3],
  );
}

/** One-hot targets, class i mod classes. */
export function oneHot(batch: number, classes: number): FloatTensor {
  const target = floatTensor([batch, classes]);
  for (let i = 0; i < batch; i++) target.data[i * classes + (i % classes)] = 1;
  return target;
}

/** Plain descent of all weights of a net whose last node gives the logits. */
export async function requestOf(graph: Graph, sessions: Sessions, batch: number): Promise<StepRequest> {
  const logits = graph.outputs[0]!.name;
  return {
    graph,
    facts: await probeFacts(graph, sessions),
    input: graph.inputs[0]!.name,
    logits,
    batch,
    loss: { kind: 'cross-entropy' },
    optimiser: { kind: 'sgd' },
    dropout: true,
    trainable: trainableWeights(graph, logits),
    form: 'plain',
  };
}

export interface StepAnswer {
  readonly loss: number;
  readonly norm: number;
  readonly logits: Tensor;
  readonly state: Map<string, Tensor>;
  readonly fetched: Readonly<Record<string, Tensor>>;
}

export interface StepInputs {
  readonly picture: Tensor;
  readonly target: Tensor;
  readonly rate: number;
  readonly step?: number;
  readonly apply?: boolean;
  readonly more?: Readonly<Record<string, Tensor>>;
}

/** What a step is fed beside its state, in its type of numbers. */
export function stepFeeds({ feeds }: TrainingStep, inputs: StepInputs): Record<string, Tensor> {
  const scalar = (v: number): Tensor => numbers(feeds.type, [], [v]);
  const cast = (t: Tensor): Tensor =>
    t.type === feeds.type ? t : castFloating(t, feeds.type as 'float32' | 'float64');
  return {
    [feeds.picture]: cast(inputs.picture),
    [feeds.target]: cast(inputs.target),
    [feeds.rate]: scalar(inputs.rate),
    ...(feeds.step === undefined ? {} : { [feeds.step]: scalar(inputs.step ?? 1) }),
    ...(feeds.apply === undefined ? {} : { [feeds.apply]: numbers('bool', [], [inputs.apply === false ? 0 : 1]) }),
    ...Object.fromEntries(Object.entries(inputs.more ?? {}).map(([name, t]) => [name, cast(t)])),
  };
}

/** The same graph with every float32 as float64, constants within nodes left as they are. */
export function inDouble(graph: Graph): Graph {
  const info = (v: Graph['inputs'][number]): Graph['inputs'][number] =>
    v.type === 'float32' ? { ...v, type: 'float64' } : v;
  const weights = [...graph.weights].map(([name, w]) => {
    const wide = w.at.kind === 'memory' && w.type === 'float32' ? castFloating(w.at.tensor, 'float64') : undefined;
    return [name, wide === undefined ? w : inMemory(name, wide)] as const;
  });
  return { ...graph, inputs: graph.inputs.map(info), outputs: graph.outputs.map(info), weights: new Map(weights) };
}

/** Runs a step some times over, beginning at a state: what it answers each time, and the state after it. */
export async function runSteps(
  sessions: Sessions,
  step: TrainingStep,
  start: ReadonlyMap<string, Tensor>,
  runs: readonly StepInputs[],
  fetches: readonly string[] = [],
): Promise<StepAnswer[]> {
  const session = await sessions.open({
    ...step.graph,
    outputs: [...step.graph.outputs, ...fetches.map((name) => ({ name }))],
  });
  const answers: StepAnswer[] = [];
  try {
    let state = start;
    for (const inputs of runs) {
      const { outputs } = step;
      const names = [...step.graph.outputs.map((o) => o.name), ...fetches];
      const out = await session.run({ ...stepFeeds(step, inputs), ...Object.fromEntries(state) }, names);
      const answer = {
        loss: toNumbers(out[outputs.loss]!)[0]!,
        norm: toNumbers(out[outputs.gradientNorm]!)[0]!,
        logits: out[outputs.logits]!,
        state: new Map(step.state.map((s) => [s.input, out[s.output]!])),
        fetched: out,
      };
      answers.push(answer);
      state = answer.state;
    }
  } finally {
    await session.dispose();
  }
  return answers;
}

/** Runs a step once. */
export async function runStep(
  sessions: Sessions,
  step: TrainingStep,
  state: ReadonlyMap<string, Tensor>,
  inputs: StepInputs,
  fetches: readonly string[] = [],
): Promise<StepAnswer> {
  return (await runSteps(sessions, step, state, [inputs], fetches))[0]!;
}
