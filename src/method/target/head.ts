import { createHash } from 'node:crypto';
import { LensError } from '../../base/errors.js';
import { remembered } from '../../base/memo.js';
import { int64Tensor, sizeOf, toFloat32, type ElementType, type Tensor } from '../../base/tensor.js';
import { codeOf } from '../../gradient/emit/codes.js';
import type { Facts, ValueFact } from '../../graph/facts.js';
import { addNodes, makeNode } from '../../graph/edits.js';
import type { Graph, GraphNode } from '../../graph/graph.js';
import { inMemory, type StoredTensor } from '../../graph/values.js';
import { factOf, sampleDims } from '../subject/samples.js';
import type { ScoreAt } from './scoreAt.js';

/**
 * What a target adds to a model: plain ai.onnx nodes that compute its number from values of the graph. The number is a
 * value like any other then, so that it is differentiated, run on windows and exported like any other.
 */
export interface Head {
  readonly nodes: readonly GraphNode[];
  readonly weights: readonly StoredTensor[];
  /** What is known of the values it adds. */
  readonly facts: ReadonlyMap<string, ValueFact>;
  /** The number, `[n, 1]`. Its name follows from what is computed: equal names are equal numbers. */
  readonly value: string;
}

/** A value of a head: `[n, …dims]`; a constant is `[1, …dims]`. */
export interface Ref {
  readonly name: string;
  readonly dims: readonly number[];
}

/** Marks a product whose first factor weighs the second. */
const WEIGHED = 'onnx-lens.weighed';

/** Names of the products of heads in a graph whose first factor weighs the second. */
export function weighedProducts(graph: Graph): ReadonlySet<string> {
  return new Set(graph.nodes.filter((node) => node.metadata.has(WEIGHED)).map((node) => node.name));
}

/** Writes a head, one operator after the other. */
export class HeadBuilder {
  private readonly nodes: GraphNode[] = [];
  private readonly weights: StoredTensor[] = [];
  private readonly known = new Map<string, ValueFact>();
  private readonly made = new Map<string, Ref>();
  private readonly prefix: string;
  private readonly type: 'float32' | 'float64';

  /**
   * @param like the value that gives the numbers their type: double where it is double, else single precision
   * @param what everything that the numbers follow from, as a text
   */
  constructor(
    private readonly facts: Facts,
    like: string,
    what: string,
  ) {
    this.type = factOf(facts, like).type === 'float64' ? 'float64' : 'float32';
    this.prefix = `lens_target_${createHash('sha256').update(what).digest('hex').slice(0, 12)}`;
  }

  /** A value of the model, one flat row for each sample, as `Subject.values` arranges them. */
  rows(value: string): Ref {
    return remembered(this.made, value, () => this.flat(value));
  }

  private flat(value: string): Ref {
    const fact = factOf(this.facts, value);
    const size = sizeOf(sampleDims(fact, this.facts));
    const batch = fact.slope.findIndex((s) => s !== 0);
    if (this.facts.dynamicBatch && batch < 0) {
      throw new LensError('unsupported', 'target/no-batch', `"${value}" is the same for every picture of a batch.`, {
        hint: 'Choose another output with --output, or a target that it does not need.',
      });
    }
    const order = fact.base.map((_, i) => i);
    const front = this.facts.dynamicBatch && batch > 0 ? [batch, ...order.filter((i) => i !== batch)] : undefined;
    const moved =
      front === undefined ? value : this.emit('Transpose', [value], { perm: front }, factAlong(fact, front)).name;
    const flat = this.emit('Reshape', [moved, this.shape([-1, size])], {}, this.factOf([size], fact.type));
    return this.cast(flat, fact.type);
  }

  /** Elements of rows by their offsets: `[n, offsets]`. */
  take(rows: Ref, offsets: readonly number[]): Ref {
    const index = this.put(int64Tensor([offsets.length], offsets));
    return this.op('Gather', [rows, { name: index, dims: [] }], [offsets.length], { axis: 1 });
  }

  number(value: number): Ref {
    return this.constant([value], [1]);
  }

  constant(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Ref {
    const shape = [1, ...dims];
    const data = this.type === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
    return { name: this.put({ type: this.type, dims: shape, data }), dims };
  }

  /** An operator whose result has a sample's dimensions `dims`; default those of its first input. */
  op(op: string, inputs: readonly Ref[], dims = inputs[0]!.dims, attributes: Attributes = {}): Ref {
    return this.emit(
      op,
      inputs.map((i) => i.name),
      attributes,
      this.factOf(dims, this.type),
      dims,
    );
  }

  add(a: Ref, b: Ref): Ref {
    return this.op('Add', [a, b], wider(a, b));
  }

  sub(a: Ref, b: Ref): Ref {
    return this.op('Sub', [a, b], wider(a, b));
  }

  mul(a: Ref, b: Ref | number): Ref {
    const other = typeof b === 'number' ? this.number(b) : b;
    return this.op('Mul', [a, other], wider(a, other));
  }

  /** A number by its weight: how the weight came about is no part of what is explained where a method divides the number. */
  weighed(weight: Ref, number: Ref): Ref {
    const product = this.mul(weight, number);
    const node = this.nodes.pop()!;
    this.nodes.push({ ...node, metadata: new Map([[WEIGHED, 'true']]) });
    return product;
  }

  div(a: Ref, b: Ref): Ref {
    return this.op('Div', [a, b], wider(a, b));
  }

  /** `[n, a, b]` of `[n, a·b]`. */
  reshape(a: Ref, dims: readonly number[]): Ref {
    return this.op('Reshape', [a, { name: this.shape([-1, ...dims]), dims: [] }], dims);
  }

  /** Over everything of a sample: `[n, 1]`. */
  reduce(op: 'ReduceMax' | 'ReduceSum', a: Ref): Ref {
    const axes = this.put(int64Tensor([1], [1]));
    return this.op(op, [a, { name: axes, dims: [] }], [1], { keepdims: 1 });
  }

  /** The number that a target asks for, `[n, 1]`. */
  of({ value, pick }: ScoreAt): Ref {
    const rows = this.rows(value);
    if (pick === 'sum') return this.reduce('ReduceSum', rows);
    if ('index' in pick) return this.take(rows, [pick.index]);
    if ('directions' in pick) throw new Error('One direction for each sample is no target');
    const weights = toFloat32(pick.direction);
    // What has no weight does not count, whatever it is: it may be infinite.
    const used = Array.from(weights.keys()).filter((i) => weights[i] !== 0);
    const taken = this.take(rows, used);
    return this.reduce('ReduceSum', this.mul(taken, this.constant(used.map((i) => weights[i]!))));
  }

  /** Nodes of another head, whose number is used here. */
  join(head: Head): Ref {
    this.nodes.push(...head.nodes.filter((n) => !this.nodes.includes(n)));
    this.weights.push(...head.weights);
    head.facts.forEach((fact, name) => this.known.set(name, fact));
    const { type } = head.facts.get(head.value)!;
    return this.cast({ name: head.value, dims: [1] }, type);
  }

  /** @param number `[n, 1]` */
  done(number: Ref): Head {
    return { nodes: this.nodes, weights: this.weights, facts: this.known, value: number.name };
  }

  private cast(a: Ref, from: ElementType): Ref {
    if (from === this.type) return a;
    return this.op('Cast', [a], a.dims, { to: codeOf(this.type) });
  }

  private factOf(dims: readonly number[], type: ElementType): ValueFact {
    const { dynamicBatch, batch } = this.facts;
    const zeros = dims.map(() => 0);
    return dynamicBatch
      ? { type, base: [0, ...dims], slope: [1, ...zeros] }
      : { type, base: [batch, ...dims], slope: [0, ...zeros] };
  }

  private emit(
    op: string,
    inputs: readonly string[],
    attributes: Attributes,
    fact: ValueFact,
    dims: readonly number[] = fact.base.slice(1),
  ): Ref {
    const name = `${this.prefix}_${this.nodes.length}_${op}`;
    this.nodes.push(makeNode(op, name, inputs, attributes));
    this.known.set(name, fact);
    return { name, dims };
  }

  private shape(values: readonly number[]): string {
    return this.put(int64Tensor([values.length], values));
  }

  private put(tensor: Tensor): string {
    const name = `${this.prefix}_c${this.weights.length}`;
    this.weights.push(inMemory(name, tensor));
    const slope = tensor.dims.map(() => 0);
    // Small whole numbers are constants that rules look at.
    const constant = tensor.type === 'int64' ? { constant: tensor } : {};
    this.known.set(name, { type: tensor.type, base: tensor.dims, slope, ...constant });
    return name;
  }
}

type Attributes = NonNullable<Parameters<typeof makeNode>[3]>;

const wider = (a: Ref, b: Ref): readonly number[] => (sizeOf(b.dims) > sizeOf(a.dims) ? b.dims : a.dims);

const factAlong = (fact: ValueFact, order: readonly number[]): ValueFact => ({
  type: fact.type,
  base: order.map((i) => fact.base[i]!),
  slope: order.map((i) => fact.slope[i]!),
});

/** A graph with a head behind it, and what is known of it. */
export function grown(graph: Graph, facts: Facts, head: Head): { readonly graph: Graph; readonly facts: Facts } {
  return {
    graph: addNodes(graph, head.nodes, { weights: head.weights }),
    facts: {
      dynamicBatch: facts.dynamicBatch,
      batch: facts.batch,
      get: (value) => head.facts.get(value) ?? facts.get(value),
    },
  };
}
