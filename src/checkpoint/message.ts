import { encodeText } from './text.js';
import { BYTES, FIXED32, VARINT } from './wire.js';

/** Bytes of a file that belong into a message: copied only when the message is written out. */
export interface FilePart {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

const LARGE = 1 << 16;

/** A protobuf message being written. Long byte strings and parts of files are kept by reference. */
export class Message {
  /** Total length in bytes. */
  length = 0;
  private readonly chunks: (Uint8Array | FilePart)[] = [];
  private buffer = new Uint8Array(64);
  private used = 0;

  private flush(): void {
    if (this.used === 0) return;
    this.chunks.push(this.buffer.subarray(0, this.used));
    this.buffer = new Uint8Array(64);
    this.used = 0;
  }

  private room(n: number): void {
    if (this.used + n <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.used + n));
    grown.set(this.buffer.subarray(0, this.used));
    this.buffer = grown;
  }

  private append(chunk: Uint8Array | FilePart): void {
    this.length += chunk.length;
    if (chunk instanceof Uint8Array && chunk.length < LARGE) {
      this.room(chunk.length);
      this.buffer.set(chunk, this.used);
      this.used += chunk.length;
    } else {
      this.flush();
      this.chunks.push(chunk);
    }
  }

  private unsigned(value: number): void {
    this.room(10);
    const start = this.used;
    while (value >= 0x80) {
      this.buffer[this.used++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.buffer[this.used++] = value;
    this.length += this.used - start;
  }

  private tag(field: number, wire: number): void {
    this.unsigned(field * 8 + wire);
  }

  /** An int64. */
  private varint(value: bigint): void {
    if (value >= 0n && value <= 0x1fffffffffffffn) return this.unsigned(Number(value));
    let rest = BigInt.asUintN(64, value);
    this.room(10);
    while (rest >= 0x80n) {
      this.buffer[this.used++] = Number(rest & 0x7fn) | 0x80;
      this.length++;
      rest >>= 7n;
    }
    this.buffer[this.used++] = Number(rest);
    this.length++;
  }

  int(field: number, value: number | bigint): void {
    this.tag(field, VARINT);
    this.varint(BigInt(value));
  }

  private rawFloat(value: number): void {
    this.room(4);
    new DataView(this.buffer.buffer).setFloat32(this.used, value, true);
    this.used += 4;
    this.length += 4;
  }

  float(field: number, value: number): void {
    this.tag(field, FIXED32);
    this.rawFloat(value);
  }

  bytes(field: number, value: Uint8Array | FilePart): void {
    this.tag(field, BYTES);
    this.unsigned(value.length);
    this.append(value);
  }

  text(field: number, value: string): void {
    this.bytes(field, encodeText(value));
  }

  message(field: number, value: Message): void {
    this.tag(field, BYTES);
    this.unsigned(value.length);
    value.flush();
    for (const chunk of value.chunks) this.append(chunk);
  }

  ints(field: number, values: readonly (number | bigint)[]): void {
    if (values.length === 0) return;
    const packed = new Message();
    for (const v of values) packed.varint(BigInt(v));
    this.message(field, packed);
  }

  floats(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const packed = new Message();
    for (const v of values) packed.rawFloat(v);
    this.message(field, packed);
  }

  /** The message in order, in pieces. */
  pieces(): readonly (Uint8Array | FilePart)[] {
    this.flush();
    return this.chunks;
  }

  /** The whole message in memory. There must be no parts of files in it. */
  toBytes(): Uint8Array {
    const out = new Uint8Array(this.length);
    let at = 0;
    for (const piece of this.pieces()) {
      if (!(piece instanceof Uint8Array)) throw new Error('A part of a file cannot be written to memory');
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  }
}
