import { Random } from '../../../src/base/random.js';
import { floatTensor, sizeOf, type Tensor } from '../../../src/base/tensor.js';
import { makeAttributes, type AttributeInput } from '../../../src/graph/attributes.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { buildGradient } from '../../../src/gradient/sweep/engine.js';
import type { GradientGraph } from '../../../src/gradient/request.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../src/session/probe.js';

export const onCpu = new OrtSessions({ provider: 'cpu', threads: 1 });

/** A node with one output, over inputs x, w … of these dimensions. */
export interface Shape {
  readonly op: string;
  readonly x: readonly number[];
  readonly w?: readonly number[];
  readonly attributes: Readonly<Record<string, AttributeInput>>;
}

export const title = (s: Shape): string =>
  `${s.op} ${s.x.join('×')}${s.w === undefined ? '' : ` kernel ${s.w.join('×')}`} ${JSON.stringify(s.attributes)}`;

export function node(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Shape['attributes'],
): GraphNode {
  return {
    name: `node_${output}`,
    op,
    domain: '',
    inputs,
    outputs: [output],
    attributes: makeAttributes(attributes),
    doc: '',
    metadata: new Map(),
  };
}

/** A graph of nodes over float inputs of these dimensions. */
export function graphOf(
  nodes: readonly GraphNode[],
  inputs: Readonly<Record<string, readonly number[]>>,
  outputs: readonly string[],
): Graph {
  return {
    name: 'case',
    irVersion: 10,
    opset: 18,
    opsets: new Map(),
    nodes,
    metadata: new Map(),
    inputs: Object.entries(inputs).map(([name, dims]) => ({ name, type: 'float32', dims })),
    outputs: outputs.map((name) => ({ name })),
    weights: new Map(),
  };
}

/** The gradient along a direction, by every input, in the forms of a provider. */
export async function gradientOf(s: Shape, provider: string): Promise<GradientGraph> {
  const inputs = { x: s.x, ...(s.w === undefined ? {} : { w: s.w }) };
  const graph = graphOf([node(s.op, Object.keys(inputs), 'y', s.attributes)], inputs, ['y']);
  const facts = await probeFacts(graph, onCpu);
  const wrt = Object.keys(inputs);
  return buildGradient(graph, facts, { score: { value: 'y', seed: 'direction' }, wrt, keep: [], provider });
}

/** Seeded noise for the inputs of a graph, the same for inputs of the same place. */
export function noiseFor(graph: Graph): Record<string, Tensor> {
  const random = new Random(5);
  return Object.fromEntries(
    graph.inputs.map((i) => {
      const dims = i.dims!.map(Number);
      return [
        i.name,
        floatTensor(
          dims,
          Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
        ),
      ];
    }),
  );
}

export async function runOnCpu(graph: Graph, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
  const session = await onCpu.open(graph);
  const out = await session.run(
    feeds,
    graph.outputs.map((o) => o.name),
  );
  await session.dispose();
  return out;
}

/** The gradients among the outputs of a run, in the order of `wrt`. */
export function gradientsIn(made: GradientGraph, outputs: Readonly<Record<string, Tensor>>): Float32Array[] {
  return [...made.gradients.values()].map((name) => outputs[name]!.data as Float32Array);
}
