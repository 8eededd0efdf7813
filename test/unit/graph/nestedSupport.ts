import assert from 'node:assert/strict';
import { inMemory, type AttributeProto, type GraphProto, type NodeProto } from '../../../src/checkpoint/model.js';
import { Attributes } from '../../../src/graph/attributes.js';
import { type GraphNode } from '../../../src/graph/graph.js';
import { difference, input, load, randomFeed, run, runGraph, type Sketch } from './support.js';

export const proto = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly AttributeProto[] = [],
): NodeProto => ({
  name: '',
  op,
  domain: '',
  overload: '',
  inputs,
  outputs,
  attributes,
  doc: '',
  metadata: new Map(),
});
export const body = (
  nodes: readonly NodeProto[],
  inputs: readonly string[],
  outputs: readonly string[],
  initializers: GraphProto['initializers'] = [],
): GraphProto => ({
  name: 'body',
  doc: '',
  nodes,
  initializers,
  inputs: inputs.map((name) => ({ name })),
  outputs: outputs.map((name) => ({ name })),
  valueInfo: [],
});
export const graphs = (entries: Record<string, GraphProto>): Attributes =>
  new Attributes(Object.entries(entries).map(([name, value]) => ({ name, type: 'graph', value })));
export const truth = (name: string, yes: boolean): ReturnType<typeof inMemory> =>
  inMemory(name, { type: 'bool', dims: [], data: Uint8Array.of(yes ? 1 : 0) });

/** The graph built from a file must compute what ONNX Runtime makes of the file. */
export async function same(file: string, seed = 5): Promise<{ ops: string[]; nodes: readonly GraphNode[] }> {
  const { graph } = await load(file);
  const feeds = Object.fromEntries(graph.inputs.map((v) => [v.name, randomFeed(v, 2, seed)]));
  const [before, after] = [await run(file, feeds), await runGraph(graph, feeds)];
  for (const [name, tensor] of Object.entries(before))
    assert.ok(difference(tensor, after[name]) < 1e-6, `${name} differs`);
  return { ops: graph.nodes.map((n) => n.op), nodes: graph.nodes };
}

export const X = input('x', 2, 3);
export const basic = (rest: Partial<Sketch> & Pick<Sketch, 'nodes'>): Sketch => ({
  opset: 18,
  inputs: [X],
  outputs: ['y'],
  ...rest,
});
