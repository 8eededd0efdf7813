import { toIntegers } from '../../base/tensor.js';
import { Algebra } from '../emit/algebra.js';
import { axisOf, dimsOf, range, type Dim } from '../dims.js';
import { spreadOver } from '../layout/blocked.js';
import { rule, zeros, type Ref, type RuleContext, type RuleEntry } from '../rule.js';

/** A reduction seen from behind. */
export interface Reduced {
  readonly a: Algebra;
  readonly x: Ref;
  /** Axes that were reduced, from the front. */
  readonly axes: readonly number[];
  /** Dimensions of x with 1 where it was reduced. */
  readonly kept: readonly Dim[];
  /** Gradient and output with the reduced axes kept, so that they broadcast against x. */
  readonly dy: Ref;
  y(): Ref;
  expand(g: Ref): Ref;
}

export function reduced(c: RuleContext): Reduced {
  const a = new Algebra(c);
  const x = c.inputs[0]!;
  const dims = dimsOf(c.fact(x));
  const axes = reducedAxes(c, dims.length);
  const kept = a.kept(dims, axes);
  const keep = (v: Ref): Ref => (c.attributes.int('keepdims', 1) === 1 ? v : a.reshape(v, kept));
  return {
    a,
    x,
    axes,
    kept,
    dy: keep(c.outputGradients[0]!),
    y: () => keep(c.outputs[0]!),
    // Over all positions of a picture.
    expand: (g) => (dims.length === 4 && axes.join() === '2,3' ? spreadOver(a, g, dims) : a.expand(g, dims)),
  };
}

function reducedAxes(c: RuleContext, rank: number): number[] {
  const input = c.inputs[1];
  let axes = c.attributes.ints('axes');
  if (input !== undefined) {
    const known = c.constant(input);
    if (known === undefined) {
      if (c.fact(input).base[0] !== 0) c.refuse('its axes are computed while the model runs');
    } else axes = toIntegers(known);
  }
  if (axes === undefined || axes.length === 0)
    return c.attributes.int('noop_with_empty_axes', 0) === 1 ? [] : range(rank);
  return axes.map((x) => axisOf(x, rank)).sort((p, q) => p - q);
}

function reduction(op: string, gradient: (r: Reduced, c: RuleContext) => Ref): RuleEntry {
  return rule(op, (c) => [gradient(reduced(c), c)]);
}

/** The elements that attain the extremum share the gradient equally. */
function extremum({ a, x, axes, dy, y }: Reduced): Ref {
  const hit = a.castLike(a.equal(x, y()), dy);
  return a.mul(hit, a.div(dy, a.reduceSum(hit, axes)));
}

export const reductionRules: readonly RuleEntry[] = [
  reduction('ReduceSum', ({ dy, expand }) => expand(dy)),
  reduction('ReduceMean', ({ a, dy, x, axes, expand }, c) =>
    expand(
      a.div(
        dy,
        a.count(
          axes.map((i) => c.dims(x)[i]!),
          dy,
        ),
      ),
    ),
  ),
  reduction('ReduceMax', extremum),
  reduction('ReduceMin', extremum),
  // Product of the others: P/x without zeros; at the only zero the product of the rest; 0 with two zeros.
  reduction('ReduceProd', ({ a, x, axes, dy }) => {
    const zero = a.equal(x, 0);
    const count = a.reduceSum(a.castLike(zero, dy), axes);
    const filled = a.where(zero, 1, x);
    const others = a.div(axes.length === 0 ? filled : a.reduce('ReduceProd', filled, axes, true), filled);
    const counts = a.where(zero, a.equal01(count, 1), a.equal01(count, 0));
    return a.mul(a.mul(dy, others), counts);
  }),
  // Σ|x|
  reduction('ReduceL1', ({ a, x, dy }) => a.mul(dy, a.sign(x))),
  // √Σx²: x/y, and 0 at 0
  reduction('ReduceL2', ({ a, x, dy, y }) => {
    const length = y();
    return a.mul(x, a.where(a.equal(length, 0), 0, a.div(dy, length)));
  }),
  // ln Σx: 1/Σx = e⁻ʸ
  reduction('ReduceLogSum', ({ a, dy, y, expand }) => expand(a.mul(dy, a.exp(a.neg(y()))))),
  // ln Σeˣ: e^(x - y)
  reduction('ReduceLogSumExp', ({ a, x, dy, y }) => a.mul(dy, a.exp(a.sub(x, y())))),
  reduction('ReduceSumSquare', ({ a, x, dy }) => a.mul(a.mul(x, 2), dy)),
  ...zeros('ArgMax', 'ArgMin'),
];
