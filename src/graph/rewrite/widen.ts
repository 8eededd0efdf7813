import { castFloating } from '../../base/tensor.js';
import type { AttributeProto, StoredTensor, ValueInfo } from '../../checkpoint/model.js';
import { inMemory } from '../../checkpoint/model.js';
import { Attributes } from '../attributes.js';
import { makeNode } from '../edits.js';
import type { Facts } from '../facts.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { Names } from '../names.js';

/** Element type codes of the ONNX format. */
const FLOAT = 1n;
const BFLOAT16 = 16n;

/** Attributes that hold an element type. */
const TYPE_ATTRIBUTES = new Set(['to', 'dtype', 'output_dtype', 'stash_type']);

/**
 * The same graph with every bfloat16 value as float32, which holds each of them exactly: runtimes have next to no bfloat16
 * kernels on processors. Stored weights are cast when the session is opened, and are not copied here. Graphs without
 * bfloat16 are returned as they are; graphs nested in If and Loop are not looked into.
 */
export function widened(graph: Graph): Graph {
  const values = [...graph.inputs, ...graph.outputs, ...graph.weights.values()];
  if (!values.some((v) => v.type === 'bfloat16') && !graph.nodes.some(makesBfloat16)) return graph;
  const names = new Names(indexOf(graph).names);
  const weights = new Map<string, StoredTensor>();
  const casts: GraphNode[] = [];
  const renamed = new Map<string, string>();
  for (const [name, weight] of graph.weights) {
    weights.set(name, wideTensor(weight));
    if (weight.type !== 'bfloat16' || weight.at.kind === 'memory') continue;
    const wide = names.make(`${name}/float32`);
    renamed.set(name, wide);
    casts.push({ ...makeNode('Cast', wide, [name], { to: Number(FLOAT) }) });
  }
  const nodes = graph.nodes.map((n) => ({
    ...n,
    inputs: n.inputs.map((v) => renamed.get(v) ?? v),
    attributes: new Attributes(n.attributes.list.map(wideAttribute)),
  }));
  return {
    ...graph,
    weights,
    nodes: [...casts, ...nodes],
    inputs: graph.inputs.map(wideInfo),
    outputs: graph.outputs.map(wideInfo),
    ...(graph.described === undefined ? {} : { described: graph.described.map(wideInfo) }),
  };
}

/** What is known of the values of a {@link widened} graph. */
export function wideFacts(facts: Facts): Facts {
  return {
    dynamicBatch: facts.dynamicBatch,
    batch: facts.batch,
    get: (value) => {
      const fact = facts.get(value);
      if (fact?.type !== 'bfloat16') return fact;
      const { constant, ...rest } = fact;
      return {
        ...rest,
        type: 'float32',
        ...(constant === undefined ? {} : { constant: castFloating(constant, 'float32') }),
      };
    },
  };
}

function makesBfloat16(node: GraphNode): boolean {
  return node.attributes.list.some(
    (a) => (a.type === 'tensor' && a.value.type === 'bfloat16') || wideAttribute(a) !== a,
  );
}

function wideInfo(info: ValueInfo): ValueInfo {
  return info.type === 'bfloat16' ? { ...info, type: 'float32' } : info;
}

function wideTensor(tensor: StoredTensor): StoredTensor {
  return tensor.type === 'bfloat16' && tensor.at.kind === 'memory'
    ? inMemory(tensor.name, castFloating(tensor.at.tensor, 'float32'))
    : tensor;
}

function wideAttribute(a: AttributeProto): AttributeProto {
  if (a.type === 'int' && a.value === BFLOAT16 && TYPE_ATTRIBUTES.has(a.name)) return { ...a, value: FLOAT };
  if (a.type === 'tensor' && a.value.type === 'bfloat16') return { ...a, value: wideTensor(a.value) };
  return a;
}
