import { BYTES, FIXED32, FIXED64, VARINT } from '../../src/checkpoint/wire.js';

/**
 * A protobuf message as a tree that can be changed anywhere and written again, with every length around the change
 * right: what a reader meets then is a well-formed file that says something absurd, and not only broken bytes.
 */
export interface Tree {
  /** Which message of ONNX it is. */
  readonly kind: string;
  fields: Field[];
}

export interface Field {
  number: number;
  wire: number;
  value: bigint | Uint8Array | Tree;
}

/** Which fields of ONNX's messages are messages, and of which kind (onnx.proto). */
const INNER: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  model: { 7: 'graph', 8: 'opset', 14: 'entry', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 11: 'value', 12: 'value', 13: 'value', 15: 'sparse', 16: 'entry' },
  node: { 5: 'attribute', 9: 'entry' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 14: 'type', 22: 'sparse' },
  tensor: { 13: 'entry' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  value: { 2: 'type' },
  type: { 1: 'tensorType', 4: 'sequence', 9: 'optional' },
  tensorType: { 2: 'shape' },
  sequence: { 1: 'type' },
  optional: { 1: 'type' },
  shape: { 1: 'dim' },
  function: { 7: 'node', 9: 'opset', 11: 'attribute', 12: 'value' },
};

/** Which fields of them are text. */
const TEXTS: Readonly<Record<string, readonly number[]>> = {
  model: [2, 3, 4, 6],
  graph: [2, 10],
  node: [1, 2, 3, 4, 6, 7, 8],
  attribute: [1, 4, 9, 21],
  tensor: [8, 12],
  value: [1, 3],
  dim: [2, 3],
  opset: [1],
  entry: [1, 2],
  function: [1, 4, 5, 6, 8, 10],
};

export function isTree(value: Field['value']): value is Tree {
  return typeof value === 'object' && 'fields' in value;
}

/** Whether a field is a text by ONNX's own account. */
export function isText(kind: string, field: Field): field is Field & { value: Uint8Array } {
  return field.value instanceof Uint8Array && TEXTS[kind]?.includes(field.number) === true;
}

/** Bytes as a tree; what does not hold together stays bytes. */
export function parseTree(bytes: Uint8Array, kind = 'model'): Tree {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('endless');
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('cut off');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === VARINT) fields.push({ number, wire, value: varint() });
    else if (wire === FIXED32 || wire === FIXED64) fields.push({ number, wire, value: take(wire === FIXED32 ? 4 : 8) });
    else if (wire === BYTES) fields.push({ number, wire, value: inner(take(Number(varint())), INNER[kind]?.[number]) });
    else throw new RangeError('no wire type');
  }
  return { kind, fields };
}

function inner(bytes: Uint8Array, kind: string | undefined): Uint8Array | Tree {
  if (kind === undefined) return bytes;
  try {
    return parseTree(bytes, kind);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return bytes;
  }
}

/** The bytes of a tree. */
export function treeBytes(tree: Tree): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { number, wire, value } of tree.fields) {
    const head = varintBytes(BigInt(number) * 8n + BigInt(wire));
    if (typeof value === 'bigint') parts.push(head, varintBytes(value));
    else {
      const bytes = isTree(value) ? treeBytes(value) : value;
      parts.push(head, ...(wire === BYTES ? [varintBytes(BigInt(bytes.length))] : []), bytes);
    }
  }
  return Buffer.concat(parts);
}

function varintBytes(value: bigint): Uint8Array {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80);
  out.push(Number(rest));
  return Uint8Array.from(out);
}

/** Every message of a tree, itself first. */
export function messagesOf(tree: Tree): Tree[] {
  const found = [tree];
  for (const { fields } of found) for (const { value } of fields) if (isTree(value)) found.push(value);
  return found;
}

/** A field that holds a message, bytes, a text or a whole number. */
export function field(number: number, value: Tree | Uint8Array | string | number | bigint): Field {
  if (typeof value === 'string') return { number, wire: BYTES, value: Buffer.from(value) };
  if (typeof value === 'number' || typeof value === 'bigint') return { number, wire: VARINT, value: BigInt(value) };
  return { number, wire: BYTES, value };
}

export function cloneTree(tree: Tree): Tree {
  return {
    kind: tree.kind,
    fields: tree.fields.map((f) => ({ ...f, value: isTree(f.value) ? cloneTree(f.value) : f.value })),
  };
}
