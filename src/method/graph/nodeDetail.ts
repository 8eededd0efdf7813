import { given } from '../../base/given.js';
import { formatDims } from '../../base/tensor.js';
import { dimsAt, type Facts } from '../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import type { Layer } from '../../graph/layers/layer.js';
import { operator } from '../../graph/operators/operators.js';
import { readsOf } from '../../graph/order.js';
import { inferTypes } from '../../graph/types.js';
import type { StoredTensor, ValueInfo } from '../../graph/values.js';
import type { AttributeDetail, NodeDetail, ValueDetail } from '../../result/graphNode.js';
import { attributeText, cut } from './nodeText.js';

/** A node as the file holds it. */
export type FiledNode = Pick<GraphNode, 'op' | 'domain' | 'inputs'> & {
  readonly attributes: GraphNode['attributes']['list'];
};

/** What is known beside the graph. */
export interface NodeSources {
  readonly layers: readonly Layer[];
  /** What the file declares about values. */
  readonly declared: ReadonlyMap<string, ValueInfo>;
  /** Shapes of a run, where there was one. */
  readonly facts?: Facts;
  /** The node of the file that makes a value, and the file's opset. */
  readonly filed: (value: string) => FiledNode | undefined;
  readonly opset: number | undefined;
  /** The first values of a constant as a text, and its size in bytes. */
  readonly read: (stored: StoredTensor) => Promise<string>;
  readonly bytes: (stored: StoredTensor) => number;
}

/** Attributes of a node that are listed; no operator has as many. */
const MOST_ATTRIBUTES = 200;
/** Values of a node that are listed: a Concat may read hundreds. */
const MOST_LISTED = 512;

/**
 * Everything that the file says about a node of the drawn graph.
 *
 * @param index into the nodes of `structureOf`: inputs, nodes, outputs
 * @returns `undefined` where there is no such node
 */
export async function nodeDetail(graph: Graph, index: number, sources: NodeSources): Promise<NodeDetail | undefined> {
  const values = new Values(graph, sources);
  const { inputs, nodes, outputs } = graph;
  const input = inputs[index];
  if (input !== undefined)
    return {
      ...end(index, input.name, 'Input'),
      outputs: [await values.detail(input.name, 'output', values.readers(input.name))],
    };
  const output = outputs[index - inputs.length - nodes.length];
  if (output !== undefined)
    return {
      ...end(index, output.name, 'Output'),
      inputs: [await values.detail(output.name, 'input', values.makers(output.name))],
    };
  const node = nodes[index - inputs.length];
  if (node === undefined) return undefined;
  const made = node.outputs.find((name) => name !== '');
  const filed = made === undefined ? undefined : sources.filed(made);
  const { roles } = operator(node);
  const reads = [...node.inputs, ...readsOf(node).filter((name) => !node.inputs.includes(name))];
  const notes = [...noteOf(node, filed, sources.opset)];
  if (reads.length > MOST_LISTED) notes.push(`Only the first ${MOST_LISTED} of ${reads.length} inputs are listed.`);
  return {
    index,
    name: node.name,
    op: opText(node),
    doc: cut(node.doc),
    attributes: await Promise.all(
      (filed?.attributes ?? node.attributes.list).slice(0, MOST_ATTRIBUTES).map((each) => attribute(each, sources)),
    ),
    inputs: await Promise.all(
      reads.slice(0, MOST_LISTED).map(async (name, i) => ({
        ...(await values.detail(name, 'input', values.makers(name))),
        ...given({ role: i < node.inputs.length ? roles?.[i] : 'read inside' }),
      })),
    ),
    outputs: await Promise.all(
      node.outputs.slice(0, MOST_LISTED).map((name) => values.detail(name, 'output', values.readers(name))),
    ),
    metadata: [...node.metadata].slice(0, MOST_ATTRIBUTES).map(([key, value]) => [cut(key), cut(value)] as const),
    notes,
  };
}

function end(index: number, name: string, op: string): NodeDetail {
  return { index, name, op, doc: '', attributes: [], inputs: [], outputs: [], metadata: [], notes: [] };
}

function opText({ op, domain }: Pick<GraphNode, 'op' | 'domain'>): string {
  return domain === '' || domain === 'ai.onnx' ? op : `${domain}.${op}`;
}

/** How what is drawn differs from what the file holds. */
function noteOf(node: GraphNode, filed: FiledNode | undefined, opset: number | undefined): readonly string[] {
  if (filed === undefined)
    return [
      'The file does not hold this node by itself: it was written out of a function or a branch when the model was read.',
    ];
  const same =
    filed.op === node.op &&
    filed.inputs.length === node.inputs.length &&
    names(filed.attributes) === names(node.attributes.list);
  if (same) return [];
  const from = opset === undefined ? '' : ` (opset ${opset})`;
  return [
    `The file${from} writes ${opText(filed)} with ${inputsText(filed)}; it is drawn in its newer form, ${opText(node)} with ${inputsText(node)}. The attributes are the file’s.`,
  ];
}

const names = (list: FiledNode['attributes']): string =>
  list
    .map(({ name }) => name)
    .sort()
    .join(' ');

function inputsText({ inputs }: Pick<GraphNode, 'inputs'>): string {
  return inputs.length === 1 ? '1 input' : `${inputs.length} inputs`;
}

async function attribute(each: FiledNode['attributes'][number], { read }: NodeSources): Promise<AttributeDetail> {
  const { name, type } = each;
  if (each.type !== 'tensor' || each.ref !== undefined) return { name: cut(name), type, text: attributeText(each) };
  const { value } = each;
  return {
    name: cut(name),
    type,
    text: await read(value),
    shape: `${value.type} ${formatDims(value.dims) || 'scalar'}`,
  };
}

/** What is known of the values of a graph. */
class Values {
  private readonly places = new Map<string, number>();
  private readonly owners = new Map<string, string>();

  constructor(
    private readonly graph: Graph,
    private readonly sources: NodeSources,
  ) {
    graph.nodes.forEach(({ name }, i) => this.places.set(name, graph.inputs.length + i));
    for (const { name, weights } of sources.layers)
      for (const weight of weights) if (!this.owners.has(weight)) this.owners.set(weight, name);
  }

  makers(value: string): readonly number[] {
    const input = this.graph.inputs.findIndex(({ name }) => name === value);
    if (input >= 0) return [input];
    const producer = indexOf(this.graph).producer(value);
    return producer === undefined ? [] : [this.places.get(producer.name)!];
  }

  readers(value: string): readonly number[] {
    const { inputs, nodes, outputs } = this.graph;
    const readers = indexOf(this.graph)
      .consumers(value)
      .map(({ name }) => this.places.get(name)!);
    outputs.forEach(({ name }, i) => name === value && readers.push(inputs.length + nodes.length + i));
    return readers.slice(0, MOST_LISTED);
  }

  async detail(name: string, side: 'input' | 'output', nodes: readonly number[]): Promise<ValueDetail> {
    if (name === '') return { name, kind: 'absent', nodes: [] };
    const { graph } = this;
    const { facts, declared: known, read, bytes } = this.sources;
    const weight = graph.weights.get(name);
    if (weight !== undefined && side === 'input')
      return {
        name,
        kind: 'constant',
        type: weight.type,
        declared: weight.dims,
        bytes: bytes(weight),
        values: await read(weight),
        nodes,
        ...given({ layer: this.owners.get(name) }),
      };
    const declared = known.get(name);
    const fact = facts?.get(name);
    return {
      name,
      kind: graph.inputs.some((input) => input.name === name) ? 'input' : 'value',
      nodes,
      ...given({
        type: fact?.type ?? declared?.type ?? inferTypes(graph).get(name),
        declared: declared?.dims?.map((dim) => (dim === '' ? '?' : dim)),
        measured: fact === undefined ? undefined : dimsAt(fact, facts!.batch),
      }),
    };
  }
}
