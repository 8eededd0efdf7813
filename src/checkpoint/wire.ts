import { LensError } from '../base/errors.js';
import type { ByteSource } from './byteSource.js';
import { decodeText } from './text.js';

/**
 * Reading protobuf's wire format at random access: a length-delimited payload is a {@link Span}, and nobody pays for one
 * that is skipped. https://protobuf.dev/programming-guides/encoding/
 */

/** Part of a source, [start, end). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

const FIRST_READ = 4096;
const LARGEST_READ = 1 << 18;
const MOST_FIELDS = 4_000_000;

/** A small moving window over a source. After a jump it reads little, and more as long as reading goes on in sequence. */
export class Window {
  private bytes: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);
  private start = 0;
  private next = FIRST_READ;
  private fields = 0;

  constructor(readonly source: ByteSource) {}

  /** Makes [at, at + length) present and answers its index in the window; length is at most 10. */
  private reach(at: number, length: number): number {
    const index = at - this.start;
    if (index >= 0 && index + length <= this.bytes.length) return index;
    if (at + length > this.source.size) throw truncated();
    const sequential = index >= 0 && index < this.bytes.length + FIRST_READ;
    this.next = sequential ? Math.min(this.next * 2, LARGEST_READ) : FIRST_READ;
    const bytes = new Uint8Array(Math.min(this.next, this.source.size - at));
    const got = this.source.read(bytes, at);
    if (got < length) throw truncated();
    this.bytes = bytes.subarray(0, got);
    this.view = new DataView(bytes.buffer, 0, got);
    this.start = at;
    return 0;
  }

  /** Counts a field, so that a hostile file of empty ones cannot fill the memory. */
  charge(): void {
    if (++this.fields > MOST_FIELDS)
      throw new LensError(
        'input',
        'checkpoint/too-large',
        'The model has millions of parts; this is no plausible network.',
      );
  }

  /** Takes a field back that was no part of the model's structure but a number of a tensor. */
  refund(): void {
    this.fields--;
  }

  byte(at: number): number {
    const index = this.reach(at, 1);
    return this.bytes[index]!;
  }

  float32(at: number): number {
    const index = this.reach(at, 4);
    return this.view.getFloat32(index, true);
  }

  float64(at: number): number {
    const index = this.reach(at, 8);
    return this.view.getFloat64(index, true);
  }

  /** A span's bytes, to be looked at before anything else is read: where they are present, no copy is made. */
  peek({ start, end }: Span): Uint8Array {
    const index = start - this.start;
    if (index >= 0 && index + (end - start) <= this.bytes.length)
      return this.bytes.subarray(index, index + (end - start));
    return this.copy({ start, end });
  }

  /** A copy of a span's bytes. */
  copy({ start, end }: Span): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(end - start);
    const index = start - this.start;
    if (index >= 0 && index + out.length <= this.bytes.length) out.set(this.bytes.subarray(index, index + out.length));
    else if (out.length < FIRST_READ / 2 && out.length > 0) {
      const at = this.reach(start, out.length);
      out.set(this.bytes.subarray(at, at + out.length));
    } else if (this.source.read(out, start) < out.length) throw truncated();
    return out;
  }
}

/** Walks the fields of one message. After `next()` the field's number and wire type are set and its value is still unread. */
export class Fields {
  field = 0;
  wire = 0;
  private at: number;
  private readonly end: number;

  constructor(
    readonly window: Window,
    span: Span,
  ) {
    this.at = span.start;
    this.end = span.end;
  }

  /** Moves to the next field; false at the end of the message. The value of the field before must have been read or skipped. */
  next(): boolean {
    if (this.at >= this.end) return false;
    this.window.charge();
    const tag = this.unsigned();
    this.field = Math.floor(tag / 8);
    this.wire = tag % 8;
    if (this.field === 0 || this.field > 0x1fffffff) throw malformed('a field has no number');
    return true;
  }

  /** The field's value must have this wire type. */
  private expect(wire: number, what: string): void {
    if (this.wire !== wire) throw malformed(`field ${this.field} should hold ${what}`);
  }

  private take(length: number): number {
    const at = this.at;
    if (at + length > this.end) throw truncated();
    this.at = at + length;
    return at;
  }

  /** A varint as an unsigned number; 0 to 2^53, larger ones are refused. */
  private unsigned(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const b = this.window.byte(this.take(1));
      value += (b & 0x7f) * scale;
      if (b < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw malformed('a length is beyond all measure');
        return value;
      }
      scale *= 128;
    }
    throw malformed('a number never ends');
  }

  /** An int64. */
  bigint(): bigint {
    this.expect(VARINT, 'a number');
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      const b = this.window.byte(this.take(1));
      const bits = b & 0x7f;
      if (i < 4) low += bits * 2 ** (7 * i);
      else if (i === 4) {
        low += (bits & 0xf) * 2 ** 28;
        high = bits >> 4;
      } else high += bits * 2 ** (7 * i - 32);
      if (b < 0x80) return high === 0 ? BigInt(low) : BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
    }
    throw malformed('a number never ends');
  }

  /** An int64 as a number; beyond 2^53 it loses precision. */
  int(): number {
    return Number(this.bigint());
  }

  float32(): number {
    this.expect(FIXED32, 'a 32-bit float');
    return this.window.float32(this.take(4));
  }

  float64(): number {
    this.expect(FIXED64, 'a 64-bit float');
    return this.window.float64(this.take(8));
  }

  /** A length-delimited payload, unread. */
  span(): Span {
    this.expect(BYTES, 'a message or bytes');
    const length = this.unsigned();
    const start = this.take(length);
    return { start, end: start + length };
  }

  text(): string {
    return decodeText(this.window.peek(this.span()));
  }

  skip(): void {
    switch (this.wire) {
      case VARINT:
        for (let i = 0; this.window.byte(this.take(1)) >= 0x80; i++) if (i >= 9) throw malformed('a number never ends');
        return;
      case FIXED64:
        this.take(8);
        return;
      case BYTES:
        this.take(this.unsigned());
        return;
      case FIXED32:
        this.take(4);
        return;
      default:
        throw malformed(`field ${this.field} has the unknown wire type ${this.wire}`);
    }
  }

  /** A repeated number, packed or not: calls `each` for every value of this occurrence. */
  repeatedInt(each: (value: bigint) => void): void {
    if (this.wire === BYTES) unpack(this.window, this.span(), VARINT, (f) => each(f.bigint()));
    else each(this.bigint());
  }

  repeatedFloat32(each: (value: number) => void): void {
    if (this.wire === BYTES) unpack(this.window, this.span(), FIXED32, (f) => each(f.float32()));
    else each(this.float32());
  }

  /** Whether anything is left of the message. */
  get more(): boolean {
    return this.at < this.end;
  }
}

/** Packed values: `read` takes one of them each time. */
export function unpack(window: Window, span: Span, wire: number, read: (fields: Fields) => void): void {
  const fields = new Fields(window, span);
  fields.wire = wire;
  while (fields.more) read(fields);
}

export function truncated(): LensError {
  return new LensError(
    'input',
    'checkpoint/truncated',
    'The model file is cut off: it ends in the middle of its data.',
    {
      hint: 'Copy or download the file again and compare its size with the original.',
    },
  );
}

export function malformed(why: string): LensError {
  return new LensError('input', 'checkpoint/malformed', `This is not a readable ONNX model: ${why}.`, {
    hint: 'Check that the file is a complete ONNX export, e.g. with onnx.checker.check_model(path).',
  });
}
