import { floatTensor, int64Tensor, sizeOf, type Tensor } from '../../../base/tensor.js';
import { codeOf } from '../../../gradient/emit/codes.js';
import { makeNode } from '../../../graph/edits.js';
import type { ValueFact } from '../../../graph/facts.js';
import type { GraphNode } from '../../../graph/graph.js';
import { Names } from '../../../graph/names.js';
import { inMemory, type StoredTensor, type ValueInfo } from '../../../graph/values.js';

/** Types of numbers that pictures are computed in. */
export type RealType = 'float32' | 'float64';

/** A value that the writer made or was told of. */
export interface Value {
  readonly name: string;
  readonly dims: readonly number[];
}

/**
 * Writes plain ai.onnx nodes whose sizes are all known. What it has written is what is known of the values, so that the
 * graph it becomes a part of can be differentiated.
 */
export class Writer {
  readonly nodes: GraphNode[] = [];
  readonly weights: StoredTensor[] = [];
  readonly inputs: ValueInfo[] = [];
  readonly facts = new Map<string, ValueFact>();
  private readonly names: Names;

  /** @param taken names in the graph that this will be a part of */
  constructor(
    taken: Iterable<string>,
    readonly type: RealType = 'float32',
  ) {
    this.names = new Names(taken);
  }

  /** What is fed at each run. */
  input(wish: string, dims: readonly number[]): Value {
    const name = this.names.make(wish);
    this.inputs.push({ name, type: this.type, dims });
    return this.know(name, dims);
  }

  /** A value of the graph around it. */
  known(name: string, dims: readonly number[]): Value {
    return { name, dims };
  }

  constant(values: ArrayLike<number>, dims: readonly number[]): Value {
    if (values.length !== sizeOf(dims)) throw new Error(`${values.length} numbers are no ${dims.join('×')}`);
    const data =
      this.type === 'float64' ? Float64Array.from(values) : floatTensor(dims, Float32Array.from(values)).data;
    return this.put({ type: this.type, dims, data });
  }

  number(value: number): Value {
    return this.constant([value], []);
  }

  op(op: string, inputs: readonly (Value | undefined)[], dims: readonly number[], attributes: Attributes = {}): Value {
    const name = this.names.make(`lens_${op}`);
    this.nodes.push(
      makeNode(
        op,
        name,
        inputs.map((i) => i?.name ?? ''),
        attributes,
      ),
    );
    return this.know(name, dims);
  }

  // Elementwise, with broadcasting.

  add(a: Value, b: Value | number): Value {
    return b === 0 ? a : this.two('Add', a, b);
  }

  sub(a: Value, b: Value | number): Value {
    return b === 0 ? a : this.two('Sub', a, b);
  }

  mul(a: Value, b: Value | number): Value {
    return b === 1 ? a : this.two('Mul', a, b);
  }

  div(a: Value, b: Value | number): Value {
    return b === 1 ? a : this.two('Div', a, b);
  }

  one(op: 'Abs' | 'Cos' | 'Sigmoid' | 'Sin' | 'Sqrt', a: Value): Value {
    return this.op(op, [a], a.dims);
  }

  square(a: Value): Value {
    return this.op('Mul', [a, a], a.dims);
  }

  // Shapes.

  reshape(a: Value, dims: readonly number[]): Value {
    if (a.dims.length === dims.length && a.dims.every((d, i) => d === dims[i])) return a;
    return this.op('Reshape', [a, this.ints(dims)], dims);
  }

  transpose(a: Value, perm: readonly number[]): Value {
    return perm.every((p, i) => p === i)
      ? a
      : this.op(
          'Transpose',
          [a],
          perm.map((p) => a.dims[p]!),
          { perm },
        );
  }

  /** Entries of one axis by their numbers. */
  gather(a: Value, axis: number, indices: readonly number[]): Value {
    if (indices.length === a.dims[axis] && indices.every((v, i) => v === i)) return a;
    return this.op('Gather', [a, this.ints(indices)], withSize(a.dims, axis, indices.length), { axis });
  }

  /** Entries `start` to `end` of one axis. */
  slice(a: Value, axis: number, start: number, end: number): Value {
    return this.op(
      'Slice',
      [a, this.ints([start]), this.ints([end]), this.ints([axis])],
      withSize(a.dims, axis, end - start),
    );
  }

  /** Each entry of the first axis `times` times, one beside the other. */
  repeat(a: Value, times: number): Value {
    if (times === 1) return a;
    const [first = 1, ...rest] = a.dims;
    const wide = [first, times, ...rest];
    const apart = this.reshape(a, [first, 1, ...rest]);
    return this.reshape(this.op('Expand', [apart, this.ints(wide)], wide), [first * times, ...rest]);
  }

  // Products and sums.

  /** Matrices of the last two axes; the axes before them are broadcast. */
  matmul(a: Value, b: Value): Value {
    const [p, q] = [a.dims.slice(0, -2), b.dims.slice(0, -2)];
    return this.op('MatMul', [a, b], [...broadcast(p, q), a.dims.at(-2)!, b.dims.at(-1)!]);
  }

  /** The sum over all axes but the first: `[n]`. */
  sumEach(a: Value): Value {
    return this.reduce('ReduceSum', a, range(1, a.dims.length), false);
  }

  reduce(op: 'ReduceMean' | 'ReduceSum', a: Value, axes: readonly number[], keep = true): Value {
    if (axes.length === 0) return a;
    const dims = keep ? a.dims.map((d, i) => (axes.includes(i) ? 1 : d)) : a.dims.filter((_, i) => !axes.includes(i));
    return this.op(op, [a, this.ints(axes)], dims, { keepdims: keep ? 1 : 0 });
  }

  cast(a: Value, to: ValueFact['type']): Value {
    const out = this.op('Cast', [a], a.dims, { to: codeOf(to) });
    this.facts.set(out.name, { ...this.facts.get(out.name)!, type: to });
    return out;
  }

  /** The same value under a name that others read it by. */
  as(a: Value, name: string, type: ValueFact['type'] = this.type): Value {
    this.nodes.push(makeNode('Identity', this.names.make('lens_input'), [a.name], {}, [name]));
    this.facts.set(name, { type, base: a.dims, slope: a.dims.map(() => 0) });
    return { name, dims: a.dims };
  }

  private two(op: string, a: Value, b: Value | number): Value {
    const other = typeof b === 'number' ? this.number(b) : b;
    return this.op(op, [a, other], broadcast(a.dims, other.dims));
  }

  private ints(values: readonly number[]): Value {
    return this.put(int64Tensor([values.length], values));
  }

  private put(tensor: Tensor): Value {
    const name = this.names.make('lens_constant');
    this.weights.push(inMemory(name, tensor));
    const slope = tensor.dims.map(() => 0);
    // Small whole numbers are constants that rules look at.
    const constant = tensor.type === 'int64' ? { constant: tensor } : {};
    this.facts.set(name, { type: tensor.type, base: tensor.dims, slope, ...constant });
    return { name, dims: tensor.dims };
  }

  private know(name: string, dims: readonly number[]): Value {
    this.facts.set(name, { type: this.type, base: dims, slope: dims.map(() => 0) });
    return { name, dims };
  }
}

type Attributes = NonNullable<Parameters<typeof makeNode>[3]>;

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

const withSize = (dims: readonly number[], axis: number, size: number): number[] =>
  dims.map((d, i) => (i === axis ? size : d));

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const at = (dims: readonly number[], i: number): number => dims[i - rank + dims.length] ?? 1;
  return range(0, rank).map((i) => Math.max(at(a, i), at(b, i)));
}
