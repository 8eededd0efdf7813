import { LensError } from '../base/errors.js';
import { bitsOf, formatDims, sizeOf, type ElementType, type Tensor } from '../base/tensor.js';
import type { Context } from './context.js';
import { bytesOf, fromRaw, IntegerValues, isPacked, makeData, storedBytes, typeOfCode } from './elements.js';
import { inMemory, type Location, type StoredTensor } from './model.js';
import { BYTES, Fields, FIXED64, malformed, unpack, type Span } from './wire.js';

/** Tensors up to this many bytes are read at once: shapes, axes, scales, biases of a few channels. */
export const SMALL = 1024;
const MOST_DIMS = 64;
const MOST_LOOSE = 1 << 24;
const MOST_DENSE = 1 << 26;

/** The values of one data field: packed runs, and single values where a writer did not pack. */
interface DataField {
  readonly runs: Span[];
  /** All values in order, filled only when something was not packed. */
  loose: boolean;
}

interface RawTensor {
  name: string;
  code: number;
  dims: number[];
  raw?: Span;
  external: Map<string, string>;
  isExternal: boolean;
  /** Field number -> where its values lie. */
  data: Map<number, DataField>;
  strings: Span[];
}

const FLOAT_DATA = 4;
const INT32_DATA = 5;
const INT64_DATA = 7;
const DOUBLE_DATA = 10;
const UINT64_DATA = 11;

/** TensorProto, from one span or, where a message was split, several. Large values stay in the file. */
export function parseTensor(context: Context, spans: readonly Span[]): StoredTensor {
  const t: RawTensor = {
    name: '',
    code: 0,
    dims: [],
    external: new Map(),
    isExternal: false,
    data: new Map(),
    strings: [],
  };
  for (const span of spans) readFields(context, span, t);
  const type = typeOfCode(t.code);
  const label = t.name === '' ? 'A tensor' : `Tensor "${t.name}"`;
  if (type === undefined) {
    throw new LensError(
      'input',
      'checkpoint/type',
      `${label} has an element type (${t.code}) that this version does not know.`,
    );
  }
  checkDims(t.dims, label);
  return { name: t.name, type, dims: t.dims, at: locate(context, t, type, spans, label) };
}

function readFields(context: Context, span: Span, t: RawTensor): void {
  const f = new Fields(context.window, span);
  while (f.next()) {
    switch (f.field) {
      case 1:
        f.repeatedInt((v) => {
          if (t.dims.push(Number(v)) > MOST_DIMS) throw malformed('a tensor has too many dimensions');
        });
        break;
      case 2:
        t.code = f.int();
        break;
      case 3:
        throw new LensError(
          'unsupported',
          'checkpoint/segment',
          'The model stores a tensor in segments, which ONNX has withdrawn.',
        );
      case FLOAT_DATA:
      case INT32_DATA:
      case INT64_DATA:
      case DOUBLE_DATA:
      case UINT64_DATA: {
        const field = t.data.get(f.field) ?? { runs: [], loose: false };
        t.data.set(f.field, field);
        context.window.refund();
        if (f.wire === BYTES) field.runs.push(f.span());
        else {
          field.loose = true;
          f.skip();
        }
        break;
      }
      case 6:
        t.strings.push(f.span());
        break;
      case 8:
        t.name = f.text();
        break;
      case 9:
        t.raw = f.span();
        break;
      case 13: {
        const [key, value] = parseEntry(context, f.span());
        t.external.set(key, value);
        break;
      }
      case 14:
        t.isExternal = f.int() === 1;
        break;
      default:
        f.skip();
    }
  }
}

/** StringStringEntryProto. */
export function parseEntry(context: Context, span: Span): [string, string] {
  const f = new Fields(context.window, span);
  let key = '';
  let value = '';
  while (f.next()) {
    if (f.field === 1) key = f.text();
    else if (f.field === 2) value = f.text();
    else f.skip();
  }
  return [key, value];
}

function checkDims(dims: readonly number[], label: string): void {
  if (dims.some((d) => d < 0)) {
    throw new LensError('input', 'checkpoint/dims', `${label} has a negative dimension (${formatDims(dims)}).`);
  }
  if (!Number.isSafeInteger(sizeOf(dims) * 16)) {
    throw new LensError(
      'input',
      'checkpoint/dims',
      `${label} claims more elements than any file can hold (${formatDims(dims)}).`,
    );
  }
}

function locate(context: Context, t: RawTensor, type: ElementType, spans: readonly Span[], label: string): Location {
  if (t.isExternal) return externalLocation(context, t, type, label);
  const size = sizeOf(t.dims);
  const bytes = bytesOf(type, t.dims);
  if (type === 'string') {
    if (t.strings.length !== size) throw wrongSize(label, type, t.dims, `${t.strings.length} strings`);
    return memory({ type, dims: t.dims, data: t.strings.map((s) => context.text(s)) });
  }
  if (t.raw !== undefined) {
    if (t.raw.end - t.raw.start !== bytes) throw wrongSize(label, type, t.dims, `${t.raw.end - t.raw.start} bytes`);
    return rawLocation(context, type, t.dims, t.raw);
  }
  const number = dataFieldOf(type);
  const field = t.data.get(number);
  if (field === undefined) {
    if (size === 0) return memory({ type, dims: t.dims, data: makeData(type, 0) });
    throw wrongSize(label, type, t.dims, 'no data');
  }
  const run = field.runs[0];
  const integers = number === INT32_DATA || number === INT64_DATA || number === UINT64_DATA;
  if (run !== undefined && field.runs.length === 1 && !field.loose) {
    const length = run.end - run.start;
    if (!integers) {
      if (length !== bytes) throw wrongSize(label, type, t.dims, `${length} bytes`);
      return rawLocation(context, type, t.dims, run);
    }
    const values = isPacked(type) ? bytes : size;
    if (length < values || length > values * 10)
      throw wrongSize(label, type, t.dims, `${length} bytes of packed integers`);
    if (length > SMALL) return { kind: 'file', path: context.path, offset: run.start, length, encoding: 'varint' };
  }
  return memory(
    integers
      ? looseIntegers(context, t, type, number, spans, label)
      : looseFloats(context, t, type, number, spans, label),
  );
}

/** The field of TensorProto that holds values of a type when raw_data does not. */
function dataFieldOf(type: ElementType): number {
  switch (type) {
    case 'float32':
    case 'complex64':
      return FLOAT_DATA;
    case 'float64':
    case 'complex128':
      return DOUBLE_DATA;
    case 'int64':
      return INT64_DATA;
    case 'uint32':
    case 'uint64':
      return UINT64_DATA;
    default:
      return INT32_DATA;
  }
}

function rawLocation(context: Context, type: ElementType, dims: readonly number[], span: Span): Location {
  const length = span.end - span.start;
  if (length <= SMALL) return memory(fromRaw(type, dims, context.window.copy(span)));
  return { kind: 'file', path: context.path, offset: span.start, length, encoding: 'raw' };
}

function memory(tensor: Tensor): Location {
  return { kind: 'memory', tensor };
}

function looseIntegers(
  context: Context,
  t: RawTensor,
  type: ElementType,
  number: number,
  spans: readonly Span[],
  label: string,
): Tensor {
  // Every value takes a byte at least: a tensor that claims more is not believed, and no memory is asked for.
  const bytes = spans.reduce((sum, s) => sum + s.end - s.start, 0);
  if (isPacked(type) ? bytesOf(type, t.dims) > bytes : sizeOf(t.dims) > bytes)
    throw wrongSize(label, type, t.dims, `${bytes} bytes`);
  const values = new IntegerValues(type, t.dims);
  each(context, spans, number, (f) => f.repeatedInt(values.add));
  return values.tensor();
}

function looseFloats(
  context: Context,
  t: RawTensor,
  type: ElementType,
  number: number,
  spans: readonly Span[],
  label: string,
): Tensor {
  const values: number[] = [];
  const add = (v: number): void => {
    if (values.push(v) > MOST_LOOSE) throw tooMany();
  };
  each(context, spans, number, (f) => {
    if (number === FLOAT_DATA) f.repeatedFloat32(add);
    else if (f.wire === BYTES) unpack(context.window, f.span(), FIXED64, (g) => add(g.float64()));
    else add(f.float64());
  });
  const size = sizeOf(t.dims);
  if (values.length !== (type.startsWith('complex') ? 2 * size : size))
    throw wrongSize(label, type, t.dims, `${values.length} numbers`);
  const data = makeData(type, size) as Float32Array | Float64Array;
  data.set(values);
  return { type, dims: t.dims, data };
}

/** Visits every occurrence of a field. */
function each(context: Context, spans: readonly Span[], number: number, visit: (f: Fields) => void): void {
  for (const span of spans) {
    const f = new Fields(context.window, span);
    while (f.next()) {
      context.window.refund();
      if (f.field === number) visit(f);
      else f.skip();
    }
  }
}

function externalLocation(context: Context, t: RawTensor, type: ElementType, label: string): Location {
  if (type === 'string')
    throw new LensError(
      'unsupported',
      'checkpoint/external-type',
      `${label} keeps strings in an external file, which ONNX does not allow.`,
    );
  const file = context.external.resolve(t.external.get('location') ?? '', t.name);
  const bytes = bytesOf(type, t.dims);
  const offset = wholeNumber(t.external.get('offset'), 0, label);
  const length = wholeNumber(t.external.get('length'), bytes, label);
  if (length !== bytes) throw wrongSize(label, type, t.dims, `${length} bytes of external data`);
  if (offset + length > file.size) {
    throw new LensError(
      'input',
      'checkpoint/external-range',
      `${label} reaches beyond the end of "${t.external.get('location')}" (${file.size} bytes).`,
      {
        hint: 'The external data file is cut off or belongs to another model: copy it again.',
      },
    );
  }
  const at: Location = { kind: 'file', path: file.path, offset, length, encoding: 'raw' };
  if (length > SMALL) return at;
  return memory(fromRaw(type, t.dims, context.readAt(file.path, offset, length)));
}

function wholeNumber(text: string | undefined, fallback: number, label: string): number {
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new LensError(
    'input',
    'checkpoint/external-range',
    `${label} has the external offset or length "${text}", which is not a number of bytes.`,
  );
}

/** SparseTensorProto as an ordinary tensor; undefined when it would be too large. */
export function parseSparse(context: Context, spans: readonly Span[]): StoredTensor | undefined {
  const values: Span[] = [];
  const indices: Span[] = [];
  const dims: number[] = [];
  for (const span of spans) {
    const f = new Fields(context.window, span);
    while (f.next()) {
      if (f.field === 1) values.push(f.span());
      else if (f.field === 2) indices.push(f.span());
      else if (f.field === 3) f.repeatedInt((v) => dims.push(Number(v)));
      else f.skip();
    }
  }
  const stored = parseTensor(context, values);
  const label = `Sparse tensor "${stored.name}"`;
  checkDims(dims, label);
  if (dims.length > MOST_DIMS) throw malformed('a tensor has too many dimensions');
  const place = parseTensor(context, indices);
  if (sizeOf(dims) * Math.max(bitsOf(stored.type), 8) > MOST_DENSE * 8 || storedBytes(place) > MOST_DENSE)
    return undefined;
  const nonZero = context.load(stored);
  const places = context.load(place);
  const data = makeData(stored.type, sizeOf(dims));
  const count = nonZero.data.length;
  const rank = places.dims.length === 2 ? dims.length : 1;
  if (places.type !== 'int64' || places.data.length !== count * rank)
    throw wrongSize(label, stored.type, dims, `${places.data.length} indices for ${count} values`);
  for (let i = 0; i < count; i++) {
    let at = 0;
    if (rank === 1 && places.dims.length !== 2) at = Number(places.data[i]);
    else for (let a = 0; a < rank; a++) at = at * dims[a]! + Number(places.data[i * rank + a]);
    if (!(at >= 0 && at < data.length)) throw wrongSize(label, stored.type, dims, `an index (${at}) outside of it`);
    (data as unknown[])[at] = nonZero.data[i];
  }
  return inMemory(stored.name, { type: stored.type, dims, data });
}

function wrongSize(label: string, type: ElementType, dims: readonly number[], found: string): LensError {
  return new LensError(
    'input',
    'checkpoint/tensor-size',
    `${label} is declared as ${type} ${formatDims(dims)} but holds ${found}.`,
    {
      hint: 'The file is damaged or was written by a faulty tool: export the model again.',
    },
  );
}

function tooMany(): LensError {
  return new LensError(
    'unsupported',
    'checkpoint/too-large',
    'A tensor of the model is stored number by number instead of in one piece, and is too large for that.',
    {
      hint: 'Load and save the model once with onnx.load and onnx.save.',
    },
  );
}
