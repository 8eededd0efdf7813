import { float } from '../../graph/attributes.js';
import { Algebra } from '../algebra.js';
import type { Dims } from '../dims.js';
import { isBlocked } from '../forms.js';
import type { Ref } from '../rule.js';

/** Powers of two, so that the products below are exact. */
const STEEP = 2 ** 120;
const STEEP_AT = 2 ** 90;
/** Bounds above this leave too little of float32's range to {@link inside}. */
const LARGE = 2 ** 16;

/** w·v + b for every element, as a depthwise 1×1 convolution that stays in the blocked layout. */
function depthwise(a: Algebra, v: Ref, dims: Dims, w: number, b: number): Ref {
  const channels = dims[1]!.base;
  const fill = (value: number): number[] => Array<number>(channels).fill(value);
  const bias = b === 0 ? undefined : a.tensor([channels], fill(b), v);
  return a.op('Conv', [v, a.tensor([channels, 1, 1, 1], fill(w), v), bias], { kernel_shape: [1, 1], group: channels });
}

/** w·v + b, in whatever layout v lies. */
export function affine(a: Algebra, v: Ref, dims: Dims, w: number, b: number): Ref {
  if (isBlocked(a.c.provider, a.emit.type(v), dims)) return depthwise(a, v, dims, w, b);
  return w === -1 ? a.sub(b, v) : a.add(a.mul(v, w), b);
}

/**
 * 1 where 0 < y < high, 0 at both ends, for 0 ≤ y ≤ high, in two passes. Below `high` the inner convolution is cut to 0 and
 * the outer one saturates at 1; at `high` the inner one is exactly -high·gain, which takes away what the outer one has.
 * Every product is with a power of two and every sum is of neighbours, so nothing is rounded.
 */
function inside(a: Algebra, y: Ref, dims: Dims, high: number): Ref {
  const size = Math.ceil(Math.log2(high));
  // Of 1e-28 and more (for a `high` of 6) tanh makes 1; the factor keeps every number below within float32.
  const gain = 2 ** (100 - size);
  // Spacing of float32 below `high`; the step of the inner convolution is at least high·gain wide on it.
  const spacing = 2 ** (size - 24);
  const steep = 2 ** Math.ceil(Math.log2((high * gain) / spacing));
  const ramp = depthwise(a, y, dims, -steep, steep * (high - spacing));
  const top = a.op('Clip', [ramp, a.emit.scalar(-high * gain, y), a.emit.scalar(0, y)]);
  return a.tanh(a.add(depthwise(a, y, dims, gain, 0), top));
}

/** dy where low = 0 < y (and y < high), else 0. For values that are at least 0: the output of a rectifier. */
export function rectified(a: Algebra, dy: Ref, y: Ref, dims: Dims, high?: number): Ref {
  const type = a.emit.type(y);
  if (isBlocked(a.c.provider, type, dims) && (high ?? 1) <= LARGE) {
    // min(1, y·2^120) is 1 for every normal number above 0.
    const unit = (v: Ref): Ref => a.op('Clip', [v, a.emit.scalar(0, v), a.emit.scalar(1, v)]);
    if (high !== undefined) return a.mul(dy, inside(a, y, dims, high));
    return a.mul(dy, unit(depthwise(a, y, dims, STEEP, 0)));
  }
  if (type === 'float32' && a.c.provider === 'cpu') {
    // The same in one elementwise pass each; Where with a scalar takes three.
    const step = (alpha: number, beta: number): Ref =>
      a.op('HardSigmoid', [y], { alpha: float(alpha), beta: float(beta) });
    const above = a.mul(dy, step(STEEP, 0));
    return high === undefined ? above : a.mul(above, step(-STEEP_AT, high * STEEP_AT));
  }
  const positive = a.greater(y, 0);
  return a.mask(high === undefined ? positive : a.and(positive, a.less(y, high)), dy);
}
