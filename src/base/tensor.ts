import { LensError } from './errors.js';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from './float16.js';

/** Element types of ONNX by our names. 4-bit integers are held unpacked, one element in a byte. */
export type ElementType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int4'
  | 'uint4'
  | 'bool'
  | 'string'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float4e2m1'
  | 'float8e8m0'
  | 'int2'
  | 'uint2'
  | 'complex64'
  | 'complex128';

/** float16 and bfloat16 are bit patterns in a Uint16Array, 8-bit floats bit patterns in a Uint8Array, bool 0/1 bytes. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | string[];

/** An n-dimensional array in C order. Plain data: it survives a structured clone. */
export interface Tensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** A tensor known to hold float32. */
export interface FloatTensor extends Tensor {
  readonly type: 'float32';
  readonly data: Float32Array;
}

/** Number of elements of a shape. */
export function sizeOf(dims: readonly number[]): number {
  let size = 1;
  for (const d of dims) size *= d;
  return size;
}

/** Row-major strides, in elements. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let step = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= dims[i]!;
  }
  return strides;
}

export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** `1×3×224×224`, or `scalar`; a dimension without a name is `?`. */
export function formatDims(dims: readonly (number | string)[]): string {
  return dims.length === 0 ? 'scalar' : dims.map((d) => (d === '' ? '?' : d)).join('×');
}

export function floatTensor(dims: readonly number[], data?: Float32Array): FloatTensor {
  const size = sizeOf(dims);
  if (data !== undefined && data.length !== size) {
    throw new Error(`A ${formatDims(dims)} tensor has ${size} elements, not ${data.length}`);
  }
  return { type: 'float32', dims: [...dims], data: data ?? new Float32Array(size) };
}

export function int64Tensor(dims: readonly number[], values: readonly (number | bigint)[]): Tensor {
  return { type: 'int64', dims: [...dims], data: BigInt64Array.from(values, (v) => BigInt(v)) };
}

const FLOATING: ReadonlySet<ElementType> = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** Whether a gradient can flow through values of this type. */
export function isFloating(type: ElementType): boolean {
  return FLOATING.has(type);
}

const BITS: Record<ElementType, number> = {
  float32: 32,
  float64: 64,
  float16: 16,
  bfloat16: 16,
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
  uint8: 8,
  uint16: 16,
  uint32: 32,
  uint64: 64,
  int4: 4,
  uint4: 4,
  bool: 8,
  string: 0,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  float4e2m1: 4,
  float8e8m0: 8,
  int2: 2,
  uint2: 2,
  complex64: 64,
  complex128: 128,
};

/** Bits of one element as stored in a file; 0 for strings. */
export function bitsOf(type: ElementType): number {
  return BITS[type];
}

/** All elements as float64 numbers. Throws for strings and complex numbers. */
export function toNumbers(tensor: Tensor): Float64Array {
  const { data, type } = tensor;
  if (Array.isArray(data) || type === 'complex64' || type === 'complex128') {
    throw new LensError('unsupported', 'tensor/not-numeric', `A ${type} tensor has no numeric value.`);
  }
  const out = new Float64Array(data.length);
  const decode = decoderOf(type);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < data.length; i++) out[i] = Number(data[i]);
  } else if (decode) {
    for (let i = 0; i < data.length; i++) out[i] = decode(data[i]!);
  } else out.set(data);
  return out;
}

/** The elements as float32; the tensor's own array when it already holds float32. */
export function toFloat32(tensor: Tensor): Float32Array {
  if (tensor.data instanceof Float32Array) return tensor.data;
  return Float32Array.from(toNumbers(tensor));
}

/** Small integer tensors (shapes, axes) as plain numbers. */
export function toIntegers(tensor: Tensor): number[] {
  return Array.from(toNumbers(tensor), Math.trunc);
}

/** The tensor in another floating type. */
export function castFloating(tensor: Tensor, type: 'float32' | 'float64' | 'float16' | 'bfloat16'): Tensor {
  if (tensor.type === type) return tensor;
  const values = toNumbers(tensor);
  const data =
    type === 'float32'
      ? Float32Array.from(values)
      : type === 'float64'
        ? values
        : Uint16Array.from(values, type === 'float16' ? toFloat16 : toBfloat16);
  return { type, dims: tensor.dims, data };
}

function decoderOf(type: ElementType): ((bits: number) => number) | undefined {
  switch (type) {
    case 'float16':
      return fromFloat16;
    case 'bfloat16':
      return fromBfloat16;
    case 'float8e4m3fn':
      return (b) => smallFloat(b, 4, 3, 7, 'fn');
    case 'float8e4m3fnuz':
      return (b) => smallFloat(b, 4, 3, 8, 'fnuz');
    case 'float8e5m2':
      return (b) => smallFloat(b, 5, 2, 15, 'ieee');
    case 'float8e5m2fnuz':
      return (b) => smallFloat(b, 5, 2, 16, 'fnuz');
    case 'float8e8m0':
      return (b) => (b === 255 ? NaN : 2 ** (b - 127));
    case 'float4e2m1':
      return (b) => smallFloat(b & 15, 2, 1, 1, 'finite');
    default:
      return undefined;
  }
}

/** Small floats of the ONNX specification: sign, exponent and mantissa bits, bias, and how infinities and NaN are coded. */
function smallFloat(b: number, e: number, m: number, bias: number, kind: 'ieee' | 'fn' | 'fnuz' | 'finite'): number {
  const sign = (b >> (e + m)) & 1 ? -1 : 1;
  const exponent = (b >> m) & ((1 << e) - 1);
  const mantissa = b & ((1 << m) - 1);
  const top = (1 << e) - 1;
  if (kind === 'fnuz' && sign < 0 && exponent === 0 && mantissa === 0) return NaN;
  if (kind === 'fn' && exponent === top && mantissa === (1 << m) - 1) return NaN;
  if (kind === 'ieee' && exponent === top) return mantissa === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * (mantissa / (1 << m)) * 2 ** (1 - bias);
  return sign * (1 + mantissa / (1 << m)) * 2 ** (exponent - bias);
}

/** Numbers of several arrays, one after the other. */
export function concatenated(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
