import type { ElementType } from '../../base/tensor.js';
import { allFixed, fixed, isOne, product, range, sameDim, sameShape, type Dim, type Dims } from '../dims.js';
import type { Emitter, NewAttributes, NodeContext, Ref } from '../rule.js';
import { codeOf } from './codes.js';
import { numbers } from './tape.js';

/** A value, or a number that becomes a scalar of the other operand's type. */
export type Operand = Ref | number;

/**
 * Tensor algebra for rules, so that they read as their formulas. Everything is written as plain ai.onnx nodes.
 * Gradients have no recorded dimensions; where a form depends on them they are given as {@link Dims}.
 */
export class Algebra {
  readonly emit: Emitter;

  constructor(readonly c: NodeContext) {
    this.emit = c.emit;
  }

  op(op: string, inputs: readonly (Ref | undefined)[], attributes?: NewAttributes): Ref {
    const type = inputs[0] === undefined ? undefined : this.emit.type(inputs[0]);
    if (attributes?.['reduction'] === 'add' && type === 'float16') {
      this.c.note('float16 gradients that meet in one place are summed in float32, for which there is a kernel.');
      const wide = inputs.map((v, i) => (v === undefined || i === 1 ? v : this.cast(v, 'float32')));
      return this.cast(this.emit.op(op, wide, attributes), type);
    }
    return this.emit.op(op, inputs, attributes);
  }

  // Elementwise, with broadcasting.

  add(a: Operand, b: Operand): Ref {
    return a === 0 && typeof b === 'string' ? b : b === 0 && typeof a === 'string' ? a : this.binary('Add', a, b);
  }

  sub(a: Operand, b: Operand): Ref {
    return b === 0 && typeof a === 'string' ? a : this.binary('Sub', a, b);
  }

  mul(a: Operand, b: Operand): Ref {
    return a === 1 && typeof b === 'string' ? b : b === 1 && typeof a === 'string' ? a : this.binary('Mul', a, b);
  }

  div(a: Operand, b: Operand): Ref {
    return b === 1 && typeof a === 'string' ? a : this.binary('Div', a, b);
  }

  pow(a: Operand, b: Operand): Ref {
    return this.binary('Pow', a, b);
  }

  sum(values: readonly Ref[]): Ref {
    return values.length === 1 ? values[0]! : values.length === 2 ? this.op('Add', values) : this.op('Sum', values);
  }

  neg(a: Ref): Ref {
    return this.op('Neg', [a]);
  }

  abs(a: Ref): Ref {
    return this.op('Abs', [a]);
  }

  sign(a: Ref): Ref {
    return this.op('Sign', [a]);
  }

  exp(a: Ref): Ref {
    return this.op('Exp', [a]);
  }

  log(a: Ref): Ref {
    return this.op('Log', [a]);
  }

  sqrt(a: Ref): Ref {
    return this.op('Sqrt', [a]);
  }

  square(a: Ref): Ref {
    return this.op('Mul', [a, a]);
  }

  sigmoid(a: Ref): Ref {
    return this.op('Sigmoid', [a]);
  }

  tanh(a: Ref): Ref {
    return this.op('Tanh', [a]);
  }

  less(a: Operand, b: Operand): Ref {
    return this.binary('Less', a, b);
  }

  greater(a: Operand, b: Operand): Ref {
    return this.binary('Greater', a, b);
  }

  equal(a: Operand, b: Operand): Ref {
    return this.binary('Equal', a, b);
  }

  and(a: Ref, b: Ref): Ref {
    return this.op('And', [a, b]);
  }

  not(a: Ref): Ref {
    return this.op('Not', [a]);
  }

  /** `condition ? a : b`; numbers take the type of the other branch. */
  where(condition: Ref, a: Operand, b: Operand): Ref {
    const like = typeof a === 'string' ? a : (b as Ref);
    return this.op('Where', [condition, this.operand(a, like), this.operand(b, like)]);
  }

  /** `value` where the condition holds, else 0. */
  mask(condition: Ref, value: Ref): Ref {
    return this.where(condition, value, 0);
  }

  cast(value: Ref, type: ElementType): Ref {
    return this.emit.type(value) === type ? value : this.op('Cast', [value], { to: codeOf(type) });
  }

  castLike(value: Ref, like: Ref): Ref {
    return this.cast(value, this.emit.type(like));
  }

  private binary(op: string, a: Operand, b: Operand): Ref {
    const like = typeof a === 'string' ? a : b;
    if (typeof like !== 'string') throw new Error('One operand has to be a value');
    return this.op(op, [this.operand(a, like), this.operand(b, like)]);
  }

  private operand(value: Operand, like: Ref): Ref {
    return typeof value === 'string' ? value : this.emit.scalar(value, like);
  }

  // Reductions. `axes` are counted from the front.

  reduceSum(a: Ref, axes: readonly number[], keep = true): Ref {
    return this.reduce('ReduceSum', a, axes, keep);
  }

  reduceMean(a: Ref, axes: readonly number[], keep = true): Ref {
    return this.reduce('ReduceMean', a, axes, keep);
  }

  reduce(op: string, a: Ref, axes: readonly number[], keep: boolean): Ref {
    return axes.length === 0 ? a : this.op(op, [a, this.emit.ints(axes)], { keepdims: keep ? 1 : 0 });
  }

  /** Un-broadcast: sums what was repeated, so that a gradient of dimensions `from` gets dimensions `to`. */
  sumTo(g: Ref, from: Dims, to: Dims): Ref {
    if (sameShape(from, to)) return g;
    const extra = from.length - to.length;
    const leading = range(extra);
    const inner = range(to.length).filter((i) => isOne(to[i]!) && !isOne(from[i + extra]!));
    if (inner.length === 0) return this.reduceSum(g, leading, false);
    const summed = this.reduceSum(g, [...leading, ...inner.map((i) => i + extra)]);
    return extra === 0 ? summed : this.op('Squeeze', [summed, this.emit.ints(leading)]);
  }

  /** {@link sumTo} between the dimensions of forward values. */
  sumLike(g: Ref, from: Ref, to: Ref): Ref {
    return this.sumTo(g, this.c.dims(from), this.c.dims(to));
  }

  /** Sum over everything, as a scalar. */
  reduceAll(g: Ref, dims: Dims): Ref {
    return this.reduceSum(g, range(dims.length), false);
  }

  /** 1 where the value equals a number, else 0, in the type of the value. */
  equal01(value: Ref, to: number): Ref {
    return this.castLike(this.equal(value, to), value);
  }

  // Shapes.

  reshape(a: Ref, dims: Dims): Ref {
    const moving = dims.filter((d) => d.slope !== 0).length;
    const oneHole = moving === 1 && dims.every((d) => d.slope !== 0 || d.base !== 0);
    const shape = oneHole ? this.emit.ints(dims.map((d) => (d.slope !== 0 ? -1 : d.base))) : this.emit.shape(dims);
    // allowzero: an empty dimension is a dimension of size 0, not a copy.
    const empty = dims.some((d) => d.slope === 0 && d.base === 0);
    const out = this.op('Reshape', [a, shape], { allowzero: empty ? 1 : undefined });
    this.emit.settle(out, dims);
    return out;
  }

  reshapeLike(a: Ref, like: Ref): Ref {
    return this.reshape(a, this.c.dims(like));
  }

  expand(a: Ref, dims: Dims): Ref {
    const out = this.op('Expand', [a, this.emit.shape(dims)]);
    this.emit.settle(out, dims);
    return out;
  }

  expandLike(a: Ref, like: Ref): Ref {
    return this.expand(a, this.c.dims(like));
  }

  /** Dimensions with 1 in place of the given axes. */
  kept(dims: Dims, axes: readonly number[]): Dim[] {
    return dims.map((d, i) => (axes.includes(i) ? fixed(1) : d));
  }

  transpose(a: Ref, perm: readonly number[]): Ref {
    return perm.every((p, i) => p === i) ? a : this.op('Transpose', [a], { perm });
  }

  /** The last two axes exchanged. */
  transposeLast(a: Ref, rank: number): Ref {
    return this.transpose(a, [...range(rank - 2), rank - 1, rank - 2]);
  }

  matmul(a: Ref, b: Ref): Ref {
    return this.op('MatMul', [a, b]);
  }

  /** Elements start, start + step, … before `end` of some axes. */
  slice(
    a: Ref,
    axes: readonly number[],
    starts: readonly number[],
    ends: readonly number[],
    steps?: readonly number[],
  ): Ref {
    return this.op('Slice', [
      a,
      this.emit.ints(starts),
      this.emit.ints(ends),
      this.emit.ints(axes),
      steps === undefined ? undefined : this.emit.ints(steps),
    ]);
  }

  /** Reverses the order along axes. */
  flip(a: Ref, axes: readonly number[]): Ref {
    return axes.length === 0
      ? a
      : this.slice(
          a,
          axes,
          axes.map(() => -1),
          axes.map(() => FIRST),
          axes.map(() => -1),
        );
  }

  /**
   * Zeros around (or, with negative numbers, fewer elements): `before` and `after` for the given axes. Written for all
   * axes: ONNX Runtime 1.30 fails when it moves a transposition past a Pad that names its axes, as WebGPU's layout makes
   * it do ("indices element out of data bounds").
   */
  pad(
    a: Ref,
    rank: number,
    axes: readonly number[],
    before: readonly number[],
    after: readonly number[],
    value?: Ref,
  ): Ref {
    if ([...before, ...after].every((p) => p === 0)) return a;
    const all = Array<number>(2 * rank).fill(0);
    axes.forEach((axis, i) => {
      all[axis] = before[i]!;
      all[rank + axis] = after[i]!;
    });
    return this.op('Pad', [a, this.emit.ints(all), value]);
  }

  concat(values: readonly Ref[], axis: number): Ref {
    return values.length === 1 ? values[0]! : this.op('Concat', values, { axis });
  }

  // Constants.

  zeros(dims: Dims, like: Ref): Ref {
    return this.fill(0, dims, like);
  }

  zerosLike(value: Ref): Ref {
    return this.zeros(this.c.dims(value), value);
  }

  fill(value: number, dims: Dims, like: Ref): Ref {
    return this.expand(this.emit.scalar(value, like), dims);
  }

  /** A floating tensor of the type of `like`. */
  tensor(dims: readonly number[], values: readonly number[] | Float64Array, like: Ref): Ref {
    return this.emit.constant(numbers(this.emit.type(like), dims, values));
  }

  /** The number of elements of some dimensions: a number, or a scalar computed from the batch size. */
  count(dims: Dims, like: Ref): Operand {
    if (allFixed(dims)) return product(dims)!.base;
    const size = this.op('ReduceProd', [this.emit.shape(dims)], { keepdims: 0 });
    return this.castLike(size, like);
  }

  /** 0, 1, …, n-1 as int64 along one axis of a tensor of the given rank. */
  iota(n: Dim, rank: number, axis: number): Ref {
    if (n.slope === 0) {
      const dims = range(rank).map((i) => (i === axis ? n.base : 1));
      return this.emit.constant(numbers('int64', dims, range(n.base)));
    }
    const scalar = this.op('Squeeze', [this.emit.shape([n])]);
    const line = this.op('Range', [this.integer(0), scalar, this.integer(1)]);
    return this.op('Reshape', [line, this.emit.ints(range(rank).map((i) => (i === axis ? -1 : 1)))]);
  }

  integer(value: number): Ref {
    return this.emit.constant(numbers('int64', [], [value]));
  }

  /** Joined dimensions: one whose size is the product, where that can be said. */
  joined(dims: Dims): Dim {
    return product(dims) ?? this.c.refuse('the product of its dimensions grows with the square of the batch');
  }

  same(a: Dims, b: Dims): boolean {
    return sameShape(a, b);
  }

  sameDim(a: Dim, b: Dim): boolean {
    return sameDim(a, b);
  }
}

/** As the end of a Slice with a negative step: before the first element. */
const FIRST = -(2 ** 31) + 1;
