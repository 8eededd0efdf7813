import { castFloating, type ElementType } from '../../base/tensor.js';
import type { AttributeProto, StoredTensor, ValueInfo } from '../../checkpoint/model.js';
import { inMemory } from '../../checkpoint/model.js';
import { Attributes } from '../attributes.js';
import { makeNode } from '../edits.js';
import type { Facts } from '../facts.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { Names } from '../names.js';

/** Element type codes of the ONNX format. */
const FLOAT = 1n;
const CODES: Readonly<Record<Half, bigint>> = { float16: 10n, bfloat16: 16n };

/** Floating types of half the width of float32. */
export type Half = 'float16' | 'bfloat16';

/** Attributes that hold an element type. */
const TYPE_ATTRIBUTES = new Set(['to', 'dtype', 'output_dtype', 'stash_type']);

const BFLOAT16: readonly Half[] = ['bfloat16'];

/**
 * The same graph with every bfloat16 value as float32, which holds each of them exactly: runtimes have next to no bfloat16
 * kernels on processors. Stored weights are cast when the session is opened, and are not copied here. Graphs without
 * bfloat16 are returned as they are; graphs nested in If and Loop are not looked into.
 *
 * @param halves the types that are widened
 */
export function widened(graph: Graph, halves: readonly Half[] = BFLOAT16): Graph {
  const wide = new Widening(halves);
  const values = [...graph.inputs, ...graph.outputs, ...graph.weights.values()];
  if (!values.some((v) => wide.has(v.type)) && !graph.nodes.some((n) => wide.makes(n))) return graph;
  const names = new Names(indexOf(graph).names);
  const weights = new Map<string, StoredTensor>();
  const casts: GraphNode[] = [];
  const renamed = new Map<string, string>();
  for (const [name, weight] of graph.weights) {
    weights.set(name, wide.tensor(weight));
    if (!wide.has(weight.type) || weight.at.kind === 'memory') continue;
    const single = names.make(`${name}/float32`);
    renamed.set(name, single);
    casts.push({ ...makeNode('Cast', single, [name], { to: Number(FLOAT) }) });
  }
  const nodes = graph.nodes.map((n) => ({
    ...n,
    inputs: n.inputs.map((v) => renamed.get(v) ?? v),
    attributes: new Attributes(n.attributes.list.map((a) => wide.attribute(a))),
  }));
  return {
    ...graph,
    weights,
    nodes: [...casts, ...nodes],
    inputs: graph.inputs.map((v) => wide.info(v)),
    outputs: graph.outputs.map((v) => wide.info(v)),
    ...(graph.described === undefined ? {} : { described: graph.described.map((v) => wide.info(v)) }),
  };
}

/** What is known of the values of a {@link widened} graph. */
export function wideFacts(facts: Facts, halves: readonly Half[] = BFLOAT16): Facts {
  const wide = new Widening(halves);
  return {
    dynamicBatch: facts.dynamicBatch,
    batch: facts.batch,
    get: (value) => {
      const fact = facts.get(value);
      if (!wide.has(fact?.type)) return fact;
      const { constant, ...rest } = fact!;
      return {
        ...rest,
        type: 'float32',
        ...(constant === undefined ? {} : { constant: castFloating(constant, 'float32') }),
      };
    },
  };
}

class Widening {
  private readonly codes: readonly bigint[];

  constructor(private readonly halves: readonly Half[]) {
    this.codes = halves.map((h) => CODES[h]);
  }

  has(type: ElementType | undefined): boolean {
    return (this.halves as readonly (ElementType | undefined)[]).includes(type);
  }

  makes(node: GraphNode): boolean {
    return node.attributes.list.some((a) => (a.type === 'tensor' && this.has(a.value.type)) || this.attribute(a) !== a);
  }

  info(info: ValueInfo): ValueInfo {
    return this.has(info.type) ? { ...info, type: 'float32' } : info;
  }

  tensor(tensor: StoredTensor): StoredTensor {
    return this.has(tensor.type) && tensor.at.kind === 'memory'
      ? inMemory(tensor.name, castFloating(tensor.at.tensor, 'float32'))
      : tensor;
  }

  attribute(a: AttributeProto): AttributeProto {
    if (a.type === 'int' && this.codes.includes(a.value) && TYPE_ATTRIBUTES.has(a.name)) return { ...a, value: FLOAT };
    if (a.type === 'tensor' && this.has(a.value.type)) return { ...a, value: this.tensor(a.value) };
    return a;
  }
}
