import { LensError } from '../base/errors.js';
import { bitsOf, sizeOf, type ElementType, type Tensor, type TensorData } from '../base/tensor.js';
import type { StoredTensor } from './model.js';

/** ONNX's numbers for element types, and elements as they are stored: little-endian, 4-bit and 2-bit types packed. */

const TYPES: readonly (ElementType | undefined)[] = [
  undefined,
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
];

/** Element type of a TensorProto.DataType number; undefined for numbers we do not know. */
export function typeOfCode(code: number): ElementType | undefined {
  return TYPES[code];
}

export function codeOfType(type: ElementType): number {
  return TYPES.indexOf(type);
}

/** Bytes that the elements of a tensor take in a file. */
export function bytesOf(type: ElementType, dims: readonly number[]): number {
  return Math.ceil((sizeOf(dims) * bitsOf(type)) / 8);
}

/** Bytes the tensor takes, wherever it lies. */
export function storedBytes(stored: StoredTensor): number {
  return stored.at.kind === 'file' ? stored.at.length : bytesOf(stored.type, stored.dims);
}

/** Whether the elements are smaller than a byte. */
export function isPacked(type: ElementType): boolean {
  return bitsOf(type) > 0 && bitsOf(type) < 8;
}

/** Array of `length` elements of a type, zeroed; complex numbers take two places. */
export function makeData(type: ElementType, length: number): TensorData {
  switch (type) {
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'complex64':
      return new Float32Array(length * 2);
    case 'complex128':
      return new Float64Array(length * 2);
    case 'float16':
    case 'bfloat16':
    case 'uint16':
      return new Uint16Array(length);
    case 'int8':
    case 'int4':
    case 'int2':
      return new Int8Array(length);
    case 'int16':
      return new Int16Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'uint32':
      return new Uint32Array(length);
    case 'uint64':
      return new BigUint64Array(length);
    case 'string':
      return new Array<string>(length).fill('');
    default:
      return new Uint8Array(length);
  }
}

/** A tensor from its stored bytes (a copy is made only where alignment or packing asks for it). */
export function fromRaw(type: ElementType, dims: readonly number[], bytes: Uint8Array): Tensor {
  const size = sizeOf(dims);
  if (type === 'string' || bytes.length !== bytesOf(type, dims)) {
    throw new LensError(
      'input',
      'checkpoint/tensor-size',
      `A ${type} tensor of ${size} elements cannot be made of ${bytes.length} bytes.`,
    );
  }
  if (isPacked(type)) return { type, dims, data: unpackBits(type, size, bytes) };
  const empty = makeData(type, 0) as Uint8Array;
  const Type = empty.constructor as Uint8ArrayConstructor;
  const aligned = bytes.byteOffset % empty.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  const data = new Type(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.byteLength / empty.BYTES_PER_ELEMENT,
  );
  return { type, dims, data };
}

/** The bytes a tensor is stored as (raw_data). Throws for strings, which have none. */
export function toRaw(tensor: Tensor): Uint8Array {
  const { data, type } = tensor;
  if (Array.isArray(data)) throw new Error('String tensors have no raw bytes');
  if (isPacked(type)) return packBits(type, data as Uint8Array);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function unpackBits(type: ElementType, size: number, bytes: Uint8Array): Int8Array | Uint8Array {
  const bits = bitsOf(type);
  const each = 8 / bits;
  const mask = (1 << bits) - 1;
  const signed = type === 'int4' || type === 'int2';
  const out = signed ? new Int8Array(size) : new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const v = (bytes[Math.floor(i / each)]! >> ((i % each) * bits)) & mask;
    out[i] = signed && v > mask >> 1 ? v - mask - 1 : v;
  }
  return out;
}

function packBits(type: ElementType, values: Int8Array | Uint8Array): Uint8Array {
  const bits = bitsOf(type);
  const each = 8 / bits;
  const mask = (1 << bits) - 1;
  const out = new Uint8Array(Math.ceil(values.length / each));
  for (let i = 0; i < values.length; i++) {
    const at = Math.floor(i / each);
    out[at] = out[at]! | ((values[i]! & mask) << ((i % each) * bits));
  }
  return out;
}

/**
 * Collects the integers of int32_data, int64_data or uint64_data: float16 and 8-bit floats are bit patterns, 4-bit and
 * 2-bit types come several to an integer.
 */
export class IntegerValues {
  private readonly data: Exclude<TensorData, string[]>;
  private count = 0;

  constructor(
    private readonly type: ElementType,
    private readonly dims: readonly number[],
  ) {
    this.data = (isPacked(type) ? new Uint8Array(bytesOf(type, dims)) : makeData(type, sizeOf(dims))) as Exclude<
      TensorData,
      string[]
    >;
  }

  readonly add = (value: bigint): void => {
    const { data } = this;
    const i = this.count++;
    if (i >= data.length) return;
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = value;
    else data[i] = Number(BigInt.asIntN(64, value));
  };

  tensor(): Tensor {
    const { type, dims, data, count } = this;
    if (count !== data.length)
      throw new LensError(
        'input',
        'checkpoint/tensor-size',
        `A ${type} tensor needs ${data.length} values and ${count} are there.`,
      );
    return isPacked(type) ? fromRaw(type, dims, data as Uint8Array) : { type, dims, data };
  }
}
