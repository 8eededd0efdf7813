import { castFloating, int64Tensor, sizeOf, type ElementType, type Tensor } from '../../base/tensor.js';
import { makeAttributes } from '../../graph/attributes.js';
import type { Facts, ValueFact } from '../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import type { StoredTensor } from '../../graph/values.js';
import { inferNode } from '../../graph/types.js';
import { allFixed, type Dims } from '../dims.js';
import { inferDims } from './inference.js';
import type { Emitter, NewAttributes, Ref } from '../rule.js';

const SHARED = 4096;

/**
 * Writes nodes beside a graph: names that collide with nothing, shared constants, types and, as far as they can be told,
 * dimensions of what was written.
 */
export class Tape implements Emitter {
  readonly nodes: GraphNode[] = [];
  readonly weights = new Map<string, StoredTensor>();
  /** Facts of emitted values whose dimensions are known; `expand` needs them. */
  readonly learned = new Map<string, ValueFact>();
  /** Dimensions of values as rules and the engine told them. */
  readonly dims = new Map<Ref, Dims>();
  readonly vanishing = new Set<Ref>();
  readonly rectified = new Map<Ref, { readonly dy: Ref; readonly inside: Ref }>();
  readonly scalable = new Map<Ref, (factor: Ref) => Ref>();
  /** Name of the forward node that is being differentiated: emitted nodes are called after it. */
  scope = 'gradient';
  private readonly types = new Map<string, ElementType>();
  private readonly constants = new Map<string, Ref>();
  private readonly shapes = new Map<string, Ref>();
  private readonly taken: ReadonlySet<string>;
  private counter = 0;
  private batch: Ref | undefined;

  /** @param word part of every new name that says what the nodes are for: `grad`, `forward` */
  constructor(
    private readonly graph: Graph,
    private readonly facts: Facts,
    private readonly word: string,
    private readonly trackDims = false,
  ) {
    this.taken = indexOf(graph).names;
  }

  op(op: string, inputs: readonly (Ref | undefined)[], attributes?: NewAttributes): Ref {
    return this.ops(op, inputs, 1, attributes)[0]!;
  }

  ops(op: string, inputs: readonly (Ref | undefined)[], outputs: number, attributes: NewAttributes = {}): Ref[] {
    const name = this.name(op);
    const node: GraphNode = {
      name,
      op,
      domain: '',
      inputs: trimmed(inputs),
      outputs: Array.from({ length: outputs }, (_, i) => (i === 0 ? name : `${name}:${i}`)),
      attributes: makeAttributes(attributes),
      doc: '',
      metadata: new Map(),
    };
    for (const input of node.inputs) if (input !== '') this.type(input);
    inferNode(node, this.types);
    if (this.trackDims) this.learn(node);
    this.nodes.push(node);
    return [...node.outputs];
  }

  constant(tensor: Tensor): Ref {
    const small = !Array.isArray(tensor.data) && tensor.data.byteLength <= SHARED;
    const key = small ? `${tensor.type}[${tensor.dims.join()}]${tensor.data.join()}` : '';
    const known = this.constants.get(key);
    if (small && known !== undefined) return known;
    const name = this.name('constant');
    this.weights.set(name, { name, type: tensor.type, dims: tensor.dims, at: { kind: 'memory', tensor } });
    this.types.set(name, tensor.type);
    if (small) this.constants.set(key, name);
    return name;
  }

  scalar(value: number, like: Ref): Ref {
    return this.constant(numbers(this.type(like), [], [value]));
  }

  ints(values: readonly number[]): Ref {
    return this.constant(int64Tensor([values.length], values));
  }

  shape(dims: Dims): Ref {
    if (allFixed(dims)) return this.ints(dims.map((d) => d.base));
    const key = dims.map((d) => `${d.base}+${d.slope}`).join();
    let ref = this.shapes.get(key);
    if (ref === undefined) {
      // shape = slopes × batch + bases
      ref = this.batchSize();
      if (dims.some((d) => d.slope !== 1) || dims.length > 1)
        ref = this.op('Mul', [ref, this.ints(dims.map((d) => d.slope))]);
      if (dims.some((d) => d.base !== 0)) ref = this.op('Add', [ref, this.ints(dims.map((d) => d.base))]);
      this.shapes.set(key, ref);
    }
    return ref;
  }

  type(value: Ref): ElementType {
    const known = this.types.get(value);
    if (known !== undefined) return known;
    const type = this.facts.get(value)?.type ?? this.graph.weights.get(value)?.type;
    if (type === undefined) throw new Error(`The type of "${value}" is not known`);
    this.types.set(value, type);
    return type;
  }

  /** Fixes the type of a value that no node of the tape makes. */
  declare(value: Ref, type: ElementType): void {
    this.types.set(value, type);
  }

  settle(value: Ref, dims: Dims): void {
    this.dims.set(value, dims);
    if (!this.trackDims || this.learned.has(value)) return;
    this.learned.set(value, { type: this.type(value), base: dims.map((d) => d.base), slope: dims.map((d) => d.slope) });
  }

  /** Leaves out the nodes from which none of these values is computed: what a rule has joined with what stands behind it. */
  prune(values: Iterable<Ref>): void {
    const needed = new Set(values);
    const kept: GraphNode[] = [];
    for (const node of this.nodes.splice(0).reverse()) {
      if (!node.outputs.some((o) => needed.has(o))) continue;
      kept.push(node);
      for (const input of node.inputs) needed.add(input);
    }
    this.nodes.push(...kept.reverse());
  }

  /** A name nobody uses. */
  name(what: string): string {
    let name: string;
    do name = `${this.scope}/${this.word}/${what}_${this.counter++}`;
    while (this.taken.has(name));
    return name;
  }

  private batchSize(): Ref {
    if (this.batch !== undefined) return this.batch;
    for (const input of this.graph.inputs) {
      const fact = this.facts.get(input.name);
      const axis = fact?.slope.findIndex((s) => s !== 0) ?? -1;
      if (fact === undefined || axis < 0) continue;
      let ref = this.op('Shape', [input.name], { start: axis, end: axis + 1 });
      if (fact.base[axis] !== 0) ref = this.op('Sub', [ref, this.ints([fact.base[axis]!])]);
      if (fact.slope[axis] !== 1) ref = this.op('Div', [ref, this.ints([fact.slope[axis]!])]);
      return (this.batch = ref);
    }
    throw new Error('No input of the graph depends on the batch size');
  }

  private learn(node: GraphNode): void {
    const facts = node.inputs.map((i) => this.factOf(i));
    const dims = inferDims(node, facts, (i) => this.valueOf(node.inputs[i] ?? ''));
    node.outputs.forEach((output, i) => {
      const d = dims?.[i];
      const type = this.types.get(output);
      if (d === undefined || type === undefined) return;
      this.learned.set(output, { type, base: d.map((x) => x.base), slope: d.map((x) => x.slope) });
    });
  }

  private factOf(value: string): ValueFact | undefined {
    const weight = this.weights.get(value) ?? this.graph.weights.get(value);
    if (weight !== undefined) return { type: weight.type, base: weight.dims, slope: weight.dims.map(() => 0) };
    return this.learned.get(value) ?? this.facts.get(value);
  }

  private valueOf(value: string): Tensor | undefined {
    const weight = this.weights.get(value) ?? this.graph.weights.get(value);
    if (weight?.at.kind === 'memory') return weight.at.tensor;
    return this.facts.get(value)?.constant;
  }
}

/** Absent inputs at the end are left out: ONNX Runtime's layout optimiser takes an empty bias for one it cannot read. */
function trimmed(inputs: readonly (Ref | undefined)[]): string[] {
  const last = inputs.findLastIndex((i) => i !== undefined);
  return inputs.slice(0, last + 1).map((i) => i ?? '');
}

/** A tensor of numbers in any numeric type. */
export function numbers(type: ElementType, dims: readonly number[], values: readonly number[] | Float64Array): Tensor {
  if (sizeOf(dims) !== values.length) throw new Error(`${values.length} values for dimensions ${dims.join()}`);
  if (type === 'float32' || type === 'float64' || type === 'float16' || type === 'bfloat16') {
    return castFloating({ type: 'float64', dims, data: Float64Array.from(values) }, type);
  }
  switch (type) {
    case 'int64':
      return { type, dims, data: BigInt64Array.from(values, BigInt) };
    case 'uint64':
      return { type, dims, data: BigUint64Array.from(values, BigInt) };
    case 'int32':
      return { type, dims, data: Int32Array.from(values) };
    case 'uint32':
      return { type, dims, data: Uint32Array.from(values) };
    case 'int16':
      return { type, dims, data: Int16Array.from(values) };
    case 'uint16':
      return { type, dims, data: Uint16Array.from(values) };
    case 'int8':
      return { type, dims, data: Int8Array.from(values) };
    case 'uint8':
    case 'bool':
      return { type, dims, data: Uint8Array.from(values) };
    default:
      throw new Error(`No constants of type ${type}`);
  }
}

/** A node that is a copy of another, with other outputs. */
export function withOutputs(node: GraphNode, outputs: readonly string[]): GraphNode {
  return { ...node, outputs };
}

/** Dimensions for the description of a value: one that is the batch has the batch's symbol, others that depend on it are open. */
export function described(dims: Dims, symbol: string): (number | string)[] {
  return dims.map((d) => (d.slope === 0 ? d.base : d.slope === 1 && d.base === 0 ? symbol : ''));
}
