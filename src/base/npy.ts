import { LensError } from './errors.js';
import { sizeOf, type Tensor } from './tensor.js';

/** Reading and writing NumPy's `.npy` (versions 1 to 3), little-endian, C order; Fortran order is transposed on reading. */

const DESCR = {
  float32: '<f4',
  float64: '<f8',
  float16: '<f2',
  int8: '|i1',
  int16: '<i2',
  int32: '<i4',
  int64: '<i8',
  uint8: '|u1',
  uint16: '<u2',
  uint32: '<u4',
  uint64: '<u8',
  bool: '|b1',
} as const;

type NpyType = keyof typeof DESCR;

/** Bytes of a `.npy` file. Throws for types NumPy has no name for. */
export function writeNpy(tensor: Tensor): Uint8Array {
  const descr = DESCR[tensor.type as NpyType];
  if (descr === undefined || Array.isArray(tensor.data)) {
    throw new LensError('unsupported', 'npy/type', `NumPy files cannot hold ${tensor.type}.`);
  }
  const shape = tensor.dims.length === 1 ? `(${tensor.dims[0]},)` : `(${tensor.dims.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const header = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11, ' ') + '\n';
  const { buffer, byteOffset, byteLength } = tensor.data;
  const out = new Uint8Array(10 + header.length + byteLength);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  for (let i = 0; i < header.length; i++) out[10 + i] = header.charCodeAt(i);
  out.set(new Uint8Array(buffer, byteOffset, byteLength), 10 + header.length);
  return out;
}

/** NumPy itself writes headers of some hundred bytes, and knows 64 dimensions. */
const MOST_HEADER = 1 << 16;
const MOST_DIMS = 64;

/** Parses a `.npy` file. Every malformed file is refused with a sentence; nothing is allocated on its word alone. */
export function readNpy(bytes: Uint8Array): Tensor {
  const bad = (why: string): LensError =>
    new LensError('input', 'npy/malformed', `This is not a readable .npy file: ${why}.`, {
      hint: 'Save the array again with numpy.save(path, array.astype("float32")).',
    });
  if (bytes.length < 12 || bytes[0] !== 0x93 || String.fromCharCode(...bytes.subarray(1, 6)) !== 'NUMPY')
    throw bad('it does not begin with the NumPy signature');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6]!;
  if (major < 1 || major > 3) throw bad(`format version ${major} is unknown`);
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length) throw bad('its header is cut off');
  if (length > MOST_HEADER) throw bad(`its header has ${length} bytes`);
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const fortran = /'fortran_order':\s*True/.test(header);
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (descr === undefined || shape === undefined) throw bad('its header names no type or no shape');
  const dims = shape
    .split(',')
    .map((s) => s.trim())
    .filter((s) => s !== '')
    .map(Number);
  if (dims.length > MOST_DIMS) throw bad(`it has ${dims.length} dimensions`);
  if (!dims.every((d) => Number.isSafeInteger(d) && d >= 0)) throw bad(`its shape is (${shape})`);
  const type = (Object.keys(DESCR) as NpyType[]).find((t) => DESCR[t].slice(1) === descr.slice(1));
  const bigEndian = descr.startsWith('>');
  if (type === undefined) throw bad(`elements of type "${descr}" are not supported`);
  const width = Number(descr.slice(2));
  const size = sizeOf(dims);
  if (!Number.isSafeInteger(size * width) || start + length + size * width > bytes.length) {
    throw bad(`shape (${dims.join(', ')}) needs ${size * width} bytes and ${bytes.length - start - length} are there`);
  }
  // Not `bytes.slice`: that of a Node Buffer is a view of the same memory, and a copy with its own buffer is needed.
  const raw = Uint8Array.from(bytes.subarray(start + length, start + length + size * width));
  if (bigEndian && width > 1) {
    for (let i = 0; i < raw.length; i += width) raw.subarray(i, i + width).reverse();
  }
  const tensor = typed(type, dims, raw.buffer);
  return fortran ? transposeFortran(tensor) : tensor;
}

function typed(type: NpyType, dims: number[], buffer: ArrayBuffer): Tensor {
  const make = {
    float32: Float32Array,
    float64: Float64Array,
    float16: Uint16Array,
    int8: Int8Array,
    int16: Int16Array,
    int32: Int32Array,
    int64: BigInt64Array,
    uint8: Uint8Array,
    uint16: Uint16Array,
    uint32: Uint32Array,
    uint64: BigUint64Array,
    bool: Uint8Array,
  }[type];
  return { type, dims, data: new make(buffer) };
}

function transposeFortran(tensor: Tensor): Tensor {
  const { dims } = tensor;
  const source = tensor.data as Float32Array;
  const data = source.slice();
  const strides = dims.map((_, i) => sizeOf(dims.slice(0, i)));
  const index = dims.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = source[index.reduce((sum, k, axis) => sum + k * strides[axis]!, 0)]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < dims[axis]!) break;
      index[axis] = 0;
    }
  }
  return { ...tensor, data };
}
