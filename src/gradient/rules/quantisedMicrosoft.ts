import { float } from '../../graph/attributes.js';
import { Algebra } from '../emit/algebra.js';
import { MICROSOFT, type Expansion, type NodeContext, type Ref, type RuleEntry } from '../rule.js';
import { packedAttention } from './attention.js';
import {
  channelsFirst,
  copied,
  dequantise,
  dequantize,
  qLinearConv,
  quantize,
  straight,
  turned,
  written,
} from './quantised.js';

/** Quantised operators of com.microsoft, as ONNX Runtime's quantiser and optimiser write them. */

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

function qConcat(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [ys, yz, ...rest] = c.inputs as [Ref, Ref, ...Ref[]];
  const real: Ref[] = [];
  for (let i = 0; i < rest.length; i += 3) real.push(dequantise(a, rest[i]!, rest[i + 1]!, rest[i + 2]));
  const y = a.concat(real, c.attributes.int('axis', 0));
  c.emit.settle(y, c.dims(c.outputs[0]!));
  return [a.op('QuantizeLinear', [y, ys, yz])];
}

/** Whether the channels of a picture come last, as layout optimisation puts them. */
function isLast(c: NodeContext): boolean {
  return c.attributes.int('channels_last', 0) === 1;
}

/** A pooling of a picture in either layout. */
function pooled(pool: (a: Algebra, x: Ref, c: NodeContext) => Ref): Expansion {
  return (c) => {
    const a = new Algebra(c);
    const [x, xs, xz, ys, yz] = c.inputs as [Ref, Ref, Ref, Ref, Ref];
    const last = isLast(c);
    const dims = c.dims(c.outputs[0]!);
    const y = pool(a, dequantise(a, last ? turned(a, x, dims.length, 'first') : x, xs, xz), c);
    c.emit.settle(y, last ? channelsFirst(dims) : dims);
    const q = a.op('QuantizeLinear', [y, ys, yz]);
    return [last ? turned(a, q, dims.length, 'last') : q];
  };
}

/** y = α·A·B + C, where C counts in units of α·sA·sB; real where no scale of y is given. */
function qGemm(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [A, as, az, B, bs, bz, C, ys, yz] = c.inputs as [Ref, Ref, Ref, Ref, Ref, Ref, Ref?, Ref?, Ref?];
  const alpha = c.attributes.float('alpha', 1);
  const columns = c.attributes.int('transB', 0) === 1 ? 0 : 1;
  const bias = C === undefined ? undefined : a.mul(a.cast(C, 'float32'), a.mul(a.mul(as, bs), alpha));
  const y = a.op('Gemm', [dequantise(a, A, as, az), dequantise(a, B, bs, bz, columns), bias], {
    alpha: float(alpha),
    ...copied(c, ['transA', 'transB'], []),
  });
  c.emit.settle(y, c.dims(c.outputs[0]!));
  return [ys === undefined ? y : a.op('QuantizeLinear', [y, ys, yz])];
}

/** A·B + bias of quantised matrices, real. */
function matMulIntegerToFloat(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [A, B, as, bs, az, bz, bias] = c.inputs as [Ref, Ref, Ref, Ref, Ref?, Ref?, Ref?];
  if (c.dims(as).some((d) => d.base > 1)) c.refuse('its left operand is quantised per row');
  return [product(a, dequantise(a, A, as, az), { value: B, scale: bs, zero: bz }, bias)];
}

/** A·B + bias; A is quantised on the fly. */
function dynamicQuantizeMatMul(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [A, B, bs, bz, bias] = c.inputs as [Ref, Ref, Ref, Ref?, Ref?];
  const [q, s, z] = c.emit.ops('DynamicQuantizeLinear', [A], 3) as [Ref, Ref, Ref];
  c.emit.settle(q, c.dims(A));
  c.emit.settle(s, []);
  c.emit.settle(z, []);
  return [product(a, dequantise(a, q, s, z), { value: B, scale: bs, zero: bz }, bias)];
}

interface Integers {
  readonly value: Ref;
  readonly scale: Ref;
  readonly zero: Ref | undefined;
}

/** A product with a matrix of integers, scaled by column. */
function product(a: Algebra, x: Ref, { value, scale, zero }: Integers, bias: Ref | undefined): Ref {
  const { c } = a;
  const y = a.matmul(x, dequantise(a, value, scale, zero, c.dims(value).length - 1));
  c.emit.settle(y, c.dims(c.outputs[0]!));
  return bias === undefined ? y : a.add(y, bias);
}

/** com.microsoft Attention whose input and weight are quantised. */
function qAttention(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, weight, bias, xs, ws, mask, xz, wz, past] = c.inputs as [Ref, Ref, Ref, Ref, Ref, Ref?, Ref?, Ref?, Ref?];
  const real = dequantise(a, x, xs, xz);
  const w = dequantise(a, weight, ws, wz, 1);
  c.emit.settle(real, c.dims(x));
  c.emit.settle(w, c.dims(weight));
  return packedAttention(c, [real, w, bias, mask, past]);
}

/** Where over two quantised values: (condition, X, scale, zero point, Y, scale, zero point, scale and zero point of the result). */
function qWhere(c: NodeContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [condition, x, xs, xz, y, ys, yz, zs, zz] = c.inputs as [Ref, Ref, Ref, Ref, Ref, Ref, Ref, Ref, Ref];
  const z = a.where(condition, dequantise(a, x, xs, xz), dequantise(a, y, ys, yz));
  c.emit.settle(z, c.dims(c.outputs[0]!));
  return [a.op('QuantizeLinear', [z, zs, zz])];
}

export const quantisedMicrosoftRules: readonly RuleEntry[] = [
  straight('QuantizeLinear', quantize, MICROSOFT),
  straight('DequantizeLinear', dequantize, MICROSOFT),
  written('QLinearConv', (c) => qLinearConv(c, isLast(c)), MICROSOFT),
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
    pooled((a, x) => a.op('GlobalAveragePool', [x])),
    MICROSOFT,
  ),
  written(
    'QLinearAveragePool',
    pooled((a, x, c) =>
      a.op('AveragePool', [x], copied(c, ['ceil_mode', 'count_include_pad'], ['kernel_shape', 'pads', 'strides'])),
    ),
    MICROSOFT,
  ),
  written('QLinearConcat', qConcat, MICROSOFT),
  written('QGemm', qGemm, MICROSOFT),
  written('QLinearWhere', qWhere, MICROSOFT),
  written('MatMulIntegerToFloat', matMulIntegerToFloat, MICROSOFT),
  written('DynamicQuantizeMatMul', dynamicQuantizeMatMul, MICROSOFT),
  written('QAttention', qAttention, MICROSOFT),
];
