import { float } from '../../graph/attributes.js';
import { Algebra } from '../emit/algebra.js';
import { isOne, ONE, sameShape, type Dims } from '../dims.js';
import { isBlocked } from './gradientForms.js';
import type { Ref } from '../rule.js';

/** Of every number of 2^-126 and more this makes more than 1. A power of two, so that the products below are exact. */
export const STEEP = 2 ** 126;
/** The same for what is not cut off afterwards. */
const STEEP_AT = 2 ** 90;
/** Bounds above this leave too little of float32's range to {@link between}. */
const LARGE = 2 ** 16;

/** w·v + b for every element, as a depthwise 1×1 convolution that stays in the blocked layout. */
export function depthwise(a: Algebra, v: Ref, dims: Dims, w: number, b: number): Ref {
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

/** 1 above 0 in float32, 0 at 0. One of the few activations that ONNX Runtime has in its blocked layout. */
function above(a: Algebra, v: Ref): Ref {
  return a.op('HardSigmoid', [v], { alpha: float(STEEP), beta: float(0) });
}

/**
 * 1 where 0 < y < high, else 0, for 0 ≤ y ≤ high in the blocked layout. Of the activations that a blocked convolution can
 * apply, only Relu is part of its kernel: Clip, HardSigmoid and Tanh cost as much again as the convolution.
 */
function between(a: Algebra, y: Ref, dims: Dims, high: number): Ref {
  const relu = (v: Ref): Ref => a.op('Relu', [v]);
  // The spacing of float32 below `high`, counted in which `top` is a whole number below 2^24: every sum is exact.
  const spacing = 2 ** (Math.ceil(Math.log2(high)) - 24);
  const top = high / spacing;
  // `top` at 0, else 0.
  const bottom = relu(depthwise(a, y, dims, -STEEP, top));
  // Distance from the neighbour of `high`: 1 at `high`, not positive below, and 1 - top + top at 0.
  const outside = relu(a.add(depthwise(a, y, dims, 1 / spacing, 1 - top), bottom));
  return depthwise(a, outside, dims, -1, 1);
}

/** dy where low = 0 < y (and y < high), else 0. For values that are at least 0: the output of a rectifier. */
export function rectified(a: Algebra, dy: Ref, y: Ref, dims: Dims, high?: number): Ref {
  const type = a.emit.type(y);
  if (isBlocked(a.c.provider, type, dims) && (high ?? 1) <= LARGE) {
    const inside = high === undefined ? above(a, y) : between(a, y, dims, high);
    const dx = a.mul(dy, inside);
    a.emit.rectified.set(dx, { dy, inside });
    return dx;
  }
  if (type === 'float32' && a.c.provider === 'cpu') {
    // The same in one elementwise pass each; Where with a scalar takes three.
    const dx = a.mul(dy, above(a, y));
    if (high === undefined) return dx;
    return a.mul(dx, a.op('HardSigmoid', [y], { alpha: float(-STEEP_AT), beta: float(high * STEEP_AT) }));
  }
  const positive = a.greater(y, 0);
  return a.mask(high === undefined ? positive : a.and(positive, a.less(y, high)), dy);
}

/**
 * [N, C, 1, 1] repeated over the positions of `dims`. In the blocked layout an enlargement keeps it there, where an Expand
 * would not.
 */
export function spreadOver(a: Algebra, v: Ref, dims: Dims): Ref {
  const space = dims.slice(2);
  if (!isBlocked(a.c.provider, a.emit.type(v), dims) || space.some((d) => d.slope !== 0)) return a.expand(v, dims);
  const data = Float32Array.from([1, 1, ...space.map((d) => d.base)]);
  const scales = a.emit.constant({ type: 'float32', dims: [dims.length], data });
  a.emit.settle(
    v,
    dims.map((d, i) => (i < 2 ? d : ONE)),
  );
  const out = a.op('Resize', [v, undefined, scales], ENLARGED);
  a.emit.settle(out, dims);
  return out;
}

/** The enlargement that ONNX Runtime has in its blocked layout. */
export const ENLARGED = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };

/** Whether [N, C, 1, 1] is repeated over positions where it meets these dimensions. */
export function isSpread(v: Dims, over: Dims): boolean {
  return (
    v.length === 4 &&
    over.length === 4 &&
    v.slice(2).every(isOne) &&
    !over.slice(2).every(isOne) &&
    sameShape(v.slice(0, 2), over.slice(0, 2))
  );
}
