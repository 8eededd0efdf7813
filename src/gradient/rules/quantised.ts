import { Algebra } from '../algebra.js';
import { axisOf, ONE, type Dim } from '../dims.js';
import {
  MICROSOFT,
  type Answer,
  type Expansion,
  type NodeContext,
  type Ref,
  type Rule,
  type RuleContext,
  type RuleEntry,
} from '../rule.js';
import { windowOf } from '../window.js';
import { convolutionInput } from './convolution.js';
import { matrixProduct } from './linear.js';

const NOTE = 'Quantised values are differentiated straight through: rounding counts as the identity.';

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
function quantize(c: RuleContext): (Ref | undefined)[] {
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
function dequantize(c: RuleContext): (Ref | undefined)[] {
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
  return matrixProduct(a, c.outputGradients[0]!, centred(a, A, za, column), centred(a, B, zb), c.dims(A), c.dims(B), [
    c.wants(0),
    c.wants(1),
  ]);
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
function dequantise(a: Algebra, v: Ref, scale: Ref, zero: Ref | undefined, axis?: number): Ref {
  return a.op('DequantizeLinear', [v, scale, zero], axis === undefined ? {} : { axis });
}

function copied(
  c: NodeContext,
  ints: readonly string[],
  lists: readonly string[],
): Record<string, number | readonly number[] | undefined> {
  return {
    ...Object.fromEntries(ints.map((n) => [n, c.attributes.has(n) ? c.attributes.int(n, 0) : undefined])),
    ...Object.fromEntries(lists.map((n) => [n, c.attributes.ints(n)])),
  };
}

function qLinearConv(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, xs, xz, w, ws, wz, ys, yz, bias] = c.inputs as [Ref, Ref, Ref, Ref, Ref, Ref, Ref, Ref, Ref?];
  const real = [
    dequantise(a, x, xs, xz),
    dequantise(a, w, ws, wz, 0),
    bias === undefined ? undefined : a.mul(a.cast(bias, 'float32'), a.mul(xs, ws)),
  ];
  const y = a.op('Conv', real, {
    auto_pad: c.attributes.string('auto_pad', 'NOTSET'),
    ...copied(c, ['group'], ['dilations', 'kernel_shape', 'pads', 'strides']),
  });
  c.emit.settle(y, c.dims(c.outputs[0]!));
  return [a.op('QuantizeLinear', [y, ys, yz])];
}

function qLinearMatMul(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [A, as, az, B, bs, bz, ys, yz] = c.inputs as [Ref, Ref, Ref, Ref, Ref, Ref, Ref, Ref];
  const y = a.matmul(dequantise(a, A, as, az), dequantise(a, B, bs, bz, c.dims(B).length - 1));
  c.emit.settle(y, c.dims(c.outputs[0]!));
  return [a.op('QuantizeLinear', [y, ys, yz])];
}

/** com.microsoft operators of one or two operands: (value, scale, zero point)… then scale and zero point of the result. */
function around(operands: number, compute: (a: Algebra, x: readonly Ref[], c: NodeContext) => Ref): Expansion {
  return (c) => {
    const a = new Algebra(c);
    const at = (i: number): Ref | undefined => c.inputs[i];
    const real = Array.from({ length: operands }, (_, k) => dequantise(a, at(3 * k)!, at(3 * k + 1)!, at(3 * k + 2)));
    const y = compute(a, real, c);
    c.emit.settle(y, c.dims(c.outputs[0]!));
    return [a.op('QuantizeLinear', [y, at(3 * operands), at(3 * operands + 1)])];
  };
}

const channelsLast = (c: NodeContext): void => {
  if (c.attributes.int('channels_last', 0) === 1) c.refuse('its channels come last');
};

function qConcat(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [ys, yz, ...rest] = c.inputs as [Ref, Ref, ...Ref[]];
  const real: Ref[] = [];
  for (let i = 0; i < rest.length; i += 3) real.push(dequantise(a, rest[i]!, rest[i + 1]!, rest[i + 2]));
  const y = a.concat(real, c.attributes.int('axis', 0));
  c.emit.settle(y, c.dims(c.outputs[0]!));
  return [a.op('QuantizeLinear', [y, ys, yz])];
}

function straight(op: string, answer: Rule, domain = ''): RuleEntry {
  const a: Answer = { kind: 'rule', rule: answer, quantised: true };
  return domain === '' ? { op, answer: a } : { op, domain, answer: a };
}

function written(op: string, expansion: Expansion, domain = ''): RuleEntry {
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
  straight('QuantizeLinear', quantize, MICROSOFT),
  straight('DequantizeLinear', dequantize, MICROSOFT),
  written('QLinearConv', (c) => (channelsLast(c), qLinearConv(c)), MICROSOFT),
  written(
    'QLinearAdd',
    around(2, (a, x) => a.add(x[0]!, x[1]!)),
    MICROSOFT,
  ),
  written(
    'QLinearMul',
    around(2, (a, x) => a.mul(x[0]!, x[1]!)),
    MICROSOFT,
  ),
  written(
    'QLinearSigmoid',
    around(1, (a, x) => a.sigmoid(x[0]!)),
    MICROSOFT,
  ),
  written(
    'QLinearLeakyRelu',
    around(1, (a, x, c) => a.op('LeakyRelu', x, { alpha: { float: c.attributes.float('alpha', 0.01) } })),
    MICROSOFT,
  ),
  written(
    'QLinearSoftmax',
    around(1, (a, x, c) => a.op('Softmax', x, { axis: c.attributes.int('axis', -1) })),
    MICROSOFT,
  ),
  written(
    'QLinearGlobalAveragePool',
    around(1, (a, x, c) => (channelsLast(c), a.op('GlobalAveragePool', x))),
    MICROSOFT,
  ),
  written(
    'QLinearAveragePool',
    around(
      1,
      (a, x, c) => (
        channelsLast(c),
        a.op('AveragePool', x, copied(c, ['ceil_mode', 'count_include_pad'], ['kernel_shape', 'pads', 'strides']))
      ),
    ),
    MICROSOFT,
  ),
  written('QLinearConcat', qConcat, MICROSOFT),
];
