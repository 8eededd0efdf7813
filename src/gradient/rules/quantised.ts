import { Algebra } from '../emit/algebra.js';
import { axisOf, ONE, range, type Dim } from '../dims.js';
import type { Answer, Expansion, NodeContext, Ref, Rule, RuleContext, RuleEntry } from '../rule.js';
import { windowOf } from '../emit/window.js';
import { convolutionInput } from './convolution.js';
import { matrixProduct } from './linear.js';

const NOTE =
  'Quantised values are differentiated straight through: rounding counts as the identity, and a value that is cut off at the end of its range passes nothing on.';

/** [1, C, 1, …] for a scale or zero point per channel. */
function alongAxis(a: Algebra, v: Ref, x: readonly Dim[]): Ref {
  const dims = a.c.dims(v);
  if (a.c.attributes.int('block_size', 0) > 0 || dims.length > 1) a.c.refuse('it is quantised in blocks');
  if (dims.length === 0 || x.length === 0 || (dims[0]!.slope === 0 && dims[0]!.base === 1)) return v;
  const axis = axisOf(a.c.attributes.int('axis', 1), x.length);
  return a.reshape(
    v,
    x.map((d, i) => (i === axis ? d : ONE)),
  );
}

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint4: [0, 15],
  int4: [-8, 7],
};

/** y = saturate(round(x/s) + z). Straight through: dx = dy/s where y is inside its range; dy counts in units of y. */
export function quantize(c: RuleContext): (Ref | undefined)[] {
  c.note(NOTE);
  const a = new Algebra(c);
  const [x, scale] = c.inputs as [Ref, Ref];
  const dy = c.outputGradients[0]!;
  const limits = RANGES[c.type(c.outputs[0]!)];
  const dx = a.div(dy, a.castLike(alongAxis(a, scale, c.dims(x)), dy));
  if (limits === undefined) return [a.castLike(dx, x)];
  const real = a.cast(c.outputs[0]!, 'float32');
  const inside = a.and(a.greater(real, limits[0]), a.less(real, limits[1]));
  return [a.castLike(a.mask(inside, dx), x)];
}

/** y = (x - z)·s */
export function dequantize(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, scale] = c.inputs as [Ref, Ref];
  return [a.mul(c.outputGradients[0]!, alongAxis(a, scale, c.dims(x)))];
}

/** An integer operand as the real numbers it stands for, zero point taken off. */
function centred(a: Algebra, v: Ref, zero: Ref | undefined, shaped: (z: Ref) => Ref = (z) => z): Ref {
  const real = a.cast(v, 'float32');
  return zero === undefined ? real : a.sub(real, shaped(a.cast(zero, 'float32')));
}

function matMulInteger(c: RuleContext): (Ref | undefined)[] {
  c.note(NOTE);
  const a = new Algebra(c);
  const [A, B, za, zb] = c.inputs as [Ref, Ref, Ref?, Ref?];
  const column = (z: Ref): Ref =>
    za !== undefined && c.dims(za).length === 1 && c.dims(za)[0]!.base > 1 ? a.reshape(z, [...c.dims(za), ONE]) : z;
  return matrixProduct(a, c.outputGradients[0]!, {
    left: { value: centred(a, A, za, column), dims: c.dims(A) },
    right: { value: centred(a, B, zb), dims: c.dims(B) },
    wants: [c.wants(0), c.wants(1)],
  });
}

function convInteger(c: RuleContext): (Ref | undefined)[] {
  c.note(NOTE);
  const a = new Algebra(c);
  const [x, w, , zw] = c.inputs as [Ref, Ref, Ref?, Ref?];
  const wd = c.dims(w);
  const weight = centred(a, w, zw, (z) =>
    c.dims(zw!).length === 1 && c.dims(zw!)[0]!.base > 1 ? a.reshape(z, [wd[0]!, ...wd.slice(1).map(() => ONE)]) : z,
  );
  const space = (v: Ref): number[] =>
    c
      .dims(v)
      .slice(2)
      .map((d) => d.base);
  return [
    convolutionInput(
      a,
      c.outputGradients[0]!,
      weight,
      wd,
      windowOf(c, space(w), space(x), space(c.outputs[0]!)),
      c.attributes.int('group', 1),
    ),
  ];
}

/** A quantised operator as: dequantise, compute, quantise again. */
export function dequantise(a: Algebra, v: Ref, scale: Ref, zero: Ref | undefined, axis?: number): Ref {
  return a.op('DequantizeLinear', [v, scale, zero], axis === undefined ? {} : { axis });
}

export function copied(
  c: NodeContext,
  ints: readonly string[],
  lists: readonly string[],
): Record<string, number | readonly number[] | undefined> {
  return {
    ...Object.fromEntries(ints.map((n) => [n, c.attributes.has(n) ? c.attributes.int(n, 0) : undefined])),
    ...Object.fromEntries(lists.map((n) => [n, c.attributes.ints(n)])),
  };
}

/** The last axis moved to the place behind the batch, or back. Of the whole numbers: ONNX Runtime mistakes the types of moved real ones. */
export function turned(a: Algebra, v: Ref, rank: number, to: 'first' | 'last'): Ref {
  const between = range(rank).slice(1, -1);
  return a.transpose(v, to === 'first' ? [0, rank - 1, ...between] : [0, ...between.map((i) => i + 1), 1]);
}

/** The dimensions of a value whose channels come last, with the channels first. */
export function channelsFirst(dims: readonly Dim[]): Dim[] {
  return [dims[0]!, dims.at(-1)!, ...dims.slice(1, -1)];
}

/** @param last whether the channels of picture and result come last (com.microsoft); the weight's never do */
export function qLinearConv(c: NodeContext, last = false): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, xs, xz, w, ws, wz, ys, yz, bias] = c.inputs as [Ref, Ref, Ref, Ref, Ref, Ref, Ref, Ref, Ref?];
  const rank = c.dims(x).length;
  const real = [
    dequantise(a, last ? turned(a, x, rank, 'first') : x, xs, xz),
    dequantise(a, w, ws, wz, 0),
    bias === undefined ? undefined : a.mul(a.cast(bias, 'float32'), a.mul(xs, ws)),
  ];
  const y = a.op('Conv', real, {
    auto_pad: c.attributes.string('auto_pad', 'NOTSET'),
    ...copied(c, ['group'], ['dilations', 'kernel_shape', 'pads', 'strides']),
  });
  const dims = c.dims(c.outputs[0]!);
  c.emit.settle(y, last ? channelsFirst(dims) : dims);
  const q = a.op('QuantizeLinear', [y, ys, yz]);
  return [last ? turned(a, q, rank, 'last') : q];
}

function qLinearMatMul(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [A, as, az, B, bs, bz, ys, yz] = c.inputs as [Ref, Ref, Ref, Ref, Ref, Ref, Ref, Ref];
  const y = a.matmul(dequantise(a, A, as, az), dequantise(a, B, bs, bz, c.dims(B).length - 1));
  c.emit.settle(y, c.dims(c.outputs[0]!));
  return [a.op('QuantizeLinear', [y, ys, yz])];
}

export function straight(op: string, answer: Rule, domain = ''): RuleEntry {
  const a: Answer = { kind: 'rule', rule: answer, quantised: true };
  return domain === '' ? { op, answer: a } : { op, domain, answer: a };
}

export function written(op: string, expansion: Expansion, domain = ''): RuleEntry {
  const answer: Answer = { kind: 'expand', expand: expansion, quantised: true };
  return domain === '' ? { op, answer } : { op, domain, answer };
}

export const quantisedRules: readonly RuleEntry[] = [
  straight('QuantizeLinear', quantize),
  straight('DequantizeLinear', dequantize),
  // y = round(x/s) + z with a scale found from x, which counts as a constant.
  straight('DynamicQuantizeLinear', (c) => {
    c.note(NOTE);
    const dy = c.outputGradients[0];
    return [dy === undefined ? undefined : new Algebra(c).div(dy, c.outputs[1]!)];
  }),
  straight('MatMulInteger', matMulInteger),
  straight('ConvInteger', convInteger),
  written('QLinearConv', qLinearConv),
  written('QLinearMatMul', qLinearMatMul),
];
