import { createHash } from 'node:crypto';

/** The first word of a unit's file. */
const MAGIC = 'onnx-lens/unit/1';
/** Of the first line; what is longer was written by nobody here. */
export const LONGEST_HEAD = 1 << 20;

/** What stands in the first line of a unit's file. */
export interface UnitHead {
  readonly key: string;
  /** What is to be known of it without reading the rest. */
  readonly about: unknown;
  readonly bytes: number;
  readonly sha256: string;
}

/** A unit as a file: a line of JSON that says how the rest must be, and the rest. */
export function encodeUnit(key: string, payload: Uint8Array, about: unknown): Uint8Array {
  const head: UnitHead = { key, about, bytes: payload.length, sha256: hashOf(payload) };
  const line = Buffer.from(`${JSON.stringify({ schema: MAGIC, ...head })}\n`);
  const out = new Uint8Array(line.length + payload.length);
  out.set(line);
  out.set(payload, line.length);
  return out;
}

/** The head of a file that begins so; nothing where it is none of a unit. */
export function headOf(bytes: Uint8Array): (UnitHead & { readonly end: number }) | undefined {
  const end = bytes.subarray(0, LONGEST_HEAD).indexOf(10);
  if (end < 0) return undefined;
  try {
    const head = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end))) as
      Partial<UnitHead & { schema: string }> | null | undefined;
    if (head?.schema !== MAGIC || typeof head.key !== 'string' || typeof head.sha256 !== 'string') return undefined;
    if (!Number.isSafeInteger(head.bytes)) return undefined;
    return { key: head.key, about: head.about, bytes: head.bytes!, sha256: head.sha256, end: end + 1 };
  } catch {
    return undefined;
  }
}

/** What a unit's file holds; nothing where it is torn, was changed, or belongs to another unit. */
export function decodeUnit(key: string, bytes: Uint8Array): { payload: Uint8Array; about: unknown } | undefined {
  const head = headOf(bytes);
  if (head === undefined || head.key !== key || head.bytes !== bytes.length - head.end) return undefined;
  const payload = bytes.subarray(head.end);
  return hashOf(payload) === head.sha256 ? { payload, about: head.about } : undefined;
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
