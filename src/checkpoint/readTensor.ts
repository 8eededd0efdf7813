import { open } from 'node:fs/promises';
import { LensError, throwIfCancelled } from '../base/errors.js';
import { bitsOf, sizeOf, type Tensor } from '../base/tensor.js';
import { MemorySource } from './byteSource.js';
import { fromRaw, IntegerValues } from './elements.js';
import type { StoredTensor } from './model.js';
import { truncated, unpack, VARINT, Window } from './wire.js';

const CHUNK = 1 << 26;

/** The values of a stored tensor. Throws `checkpoint/truncated` where the file has changed under us. */
export async function readTensor(stored: StoredTensor, signal?: AbortSignal): Promise<Tensor> {
  const { at, type, dims } = stored;
  if (at.kind === 'memory') return at.tensor;
  const bytes = await readBytes(at.path, at.offset, at.length, signal);
  return at.encoding === 'raw' ? fromRaw(type, dims, bytes) : fromVarints(stored, bytes);
}

/** `count` elements from element `first` on, as a one-dimensional tensor: for weights too large to be held whole. */
export async function readTensorSlice(
  stored: StoredTensor,
  first: number,
  count: number,
  signal?: AbortSignal,
): Promise<Tensor> {
  const { at, type } = stored;
  const size = sizeOf(stored.dims);
  if (first < 0 || count < 0 || first + count > size)
    throw new RangeError(`Elements ${first} to ${first + count} of ${size}`);
  const bits = bitsOf(type);
  const perPlace = type.startsWith('complex') ? 2 : 1;
  if (at.kind === 'memory' || at.encoding === 'varint' || bits < 8) {
    const whole = await readTensor(stored, signal);
    return { type, dims: [count], data: whole.data.slice(first * perPlace, (first + count) * perPlace) };
  }
  const width = bits / 8;
  return fromRaw(type, [count], await readBytes(at.path, at.offset + first * width, count * width, signal));
}

function fromVarints({ type, dims }: StoredTensor, bytes: Uint8Array): Tensor {
  const values = new IntegerValues(type, dims);
  unpack(new Window(new MemorySource(bytes)), { start: 0, end: bytes.length }, VARINT, (f) => values.add(f.bigint()));
  return values.tensor();
}

async function readBytes(path: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw new LensError(
      'input',
      'checkpoint/missing',
      `The file "${path}", which holds weights of the model, is no longer there.`,
      { cause },
    );
  }
  try {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      throwIfCancelled(signal);
      const { bytesRead } = await file.read(bytes, done, Math.min(CHUNK, length - done), offset + done);
      if (bytesRead === 0) throw truncated();
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

export { storedBytes } from './elements.js';
