import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from 'mocha';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { floatTensor, sizeOf, type FloatTensor } from '../../../src/base/tensor.js';
import { skipBecause } from '../../../.build/counts.mjs';
import { DATA, dataMissing } from '../../data.mjs';

export { DATA, dataMissing };

/** For `before(requireData)`. */
export function requireData(this: Context): void {
  if (dataMissing !== undefined) skipBecause(this, dataMissing);
}

export function dataPath(...parts: string[]): FilePath {
  return filePath(path.join(DATA, ...parts));
}

export function modelPath(name: string): FilePath {
  return dataPath('models', name);
}

interface Entry {
  readonly model?: string;
  readonly name: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly definition?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

let index: readonly Entry[] | undefined;

function entryOf(model: string, name: string): Entry | undefined {
  index ??= (JSON.parse(readFileSync(dataPath('reference', 'index.json'), 'utf8')) as { tensors: Entry[] }).tensors;
  return (
    index.find((e) => e.model === model && e.name === name) ?? index.find((e) => e.file === `${model}/${name}.bin`)
  );
}

export function hasReference(model: string, name: string): boolean {
  return entryOf(model, name) !== undefined;
}

/** A tensor of `reference/`, its integers as float32. */
export function reference(
  model: string,
  name: string,
): FloatTensor & { readonly params: Readonly<Record<string, unknown>> } {
  const entry = entryOf(model, name);
  if (entry === undefined) throw new Error(`No reference ${model}/${name}`);
  const bytes = readFileSync(dataPath('reference', entry.file));
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const size = sizeOf(entry.shape);
  const data =
    entry.dtype === 'float32'
      ? new Float32Array(buffer)
      : entry.dtype === 'int32'
        ? Float32Array.from(new Int32Array(buffer))
        : entry.dtype === 'int64'
          ? Float32Array.from(new BigInt64Array(buffer), Number)
          : entry.dtype === 'uint8'
            ? Float32Array.from(new Uint8Array(buffer))
            : entry.dtype === 'float64'
              ? Float32Array.from(new Float64Array(buffer))
              : undefined;
  if (data === undefined || data.length !== size)
    throw new Error(`${entry.file}: ${entry.dtype} ${entry.shape.join('×')}`);
  return { ...floatTensor(entry.shape, data), params: entry.params ?? {} };
}

/** Sample `k` of a tensor, batch dimension dropped. */
export function sample(tensor: FloatTensor, k: number): FloatTensor {
  const size = sizeOf(tensor.dims.slice(1));
  return floatTensor(tensor.dims.slice(1), tensor.data.slice(k * size, (k + 1) * size));
}

/** Largest difference over the largest magnitude of `expected`. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let scale = 1e-12;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!)); // NaN stays
  }
  return difference / scale;
}
