import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { LensError } from '../base/errors.js';
import { readNpy } from '../base/npy.js';
import { floatTensor, formatDims, sizeOf, toFloat32, type FloatTensor, type Tensor } from '../base/tensor.js';
import { formatBytes, isNodeError } from './files.js';
import { shown } from './shape.js';

/**
 * A tensor that is taken as already preprocessed, as inputs of batch 1. A missing batch dimension is added; a leading
 * batch gives several inputs.
 * @param tensor any numeric type; it is converted to float32
 * @param inputShape the model's input shape, its batch dimension first; free dimensions by name
 * @param name what the tensor is called in messages
 */
export function loadNpyInput(
  tensor: Tensor,
  inputShape: readonly (number | string)[],
  name = 'The array',
): FloatTensor[] {
  const sample = inputShape.slice(1);
  const batched = tensor.dims.length === inputShape.length;
  const dims = batched ? tensor.dims.slice(1) : tensor.dims;
  const count = batched ? tensor.dims[0]! : 1;
  const fits = dims.length === sample.length && dims.every((d, i) => typeof sample[i] === 'string' || sample[i] === d);
  if (!fits) {
    throw new LensError(
      'input',
      'input/shape',
      `${name} is ${formatDims(tensor.dims)}, but the model's input is ${formatDims(inputShape.map(shown))}.`,
      {
        hint: hintFor(dims, sample),
      },
    );
  }
  const size = sizeOf(dims);
  if (size * count === 0)
    throw new LensError('input', 'input/empty', `${name} is ${formatDims(tensor.dims)}: it holds no values.`);
  const values = toFloat32(tensor);
  return Array.from({ length: count }, (_, k) => floatTensor([1, ...dims], values.slice(k * size, (k + 1) * size)));
}

function hintFor(dims: readonly number[], sample: readonly (number | string)[]): string {
  const matches = (order: readonly number[]): boolean =>
    order.every((axis, i) => typeof sample[i] === 'string' || sample[i] === dims[axis]);
  if (dims.length === 3 && sample.length === 3) {
    if (matches([2, 0, 1])) return 'The channels are last: turn it with numpy.transpose(array, (0, 3, 1, 2)).';
    if (matches([1, 2, 0])) return 'The channels are first: turn it with numpy.transpose(array, (0, 2, 3, 1)).';
  }
  return 'A .npy input is taken as it is, already resized and normalised; give a picture to have that done.';
}

/** What Node reads in one piece. */
const MOST_BYTES = 2 ** 31 - 1;

/** Reads a `.npy` file into inputs of batch 1; see {@link loadNpyInput}. */
export async function readNpyInputs(file: string, inputShape: readonly (number | string)[]): Promise<FloatTensor[]> {
  let bytes: Uint8Array;
  try {
    const about = await stat(file);
    // A pipe would keep us waiting, and a device never ends.
    if (!about.isFile()) throw new LensError('input', 'input/not-found', `"${file}" is no ordinary file.`);
    if (about.size > MOST_BYTES) {
      throw new LensError(
        'input',
        'input/too-large',
        `"${path.basename(file)}" is ${formatBytes(about.size)}; arrays of at most ${formatBytes(MOST_BYTES)} are read.`,
        { hint: 'Cut the array into files of fewer inputs.' },
      );
    }
    bytes = await readFile(file);
  } catch (error) {
    if (!isNodeError(error, 'ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ERR_FS_FILE_TOO_LARGE')) throw error;
    const why = isNodeError(error, 'ENOENT') ? `There is no file "${file}"` : `"${file}" cannot be read`;
    throw new LensError('input', 'input/not-found', `${why}.`, { cause: error });
  }
  return loadNpyInput(readNpy(bytes), inputShape, `"${path.basename(file)}"`);
}

/** Longer headers are refused by who reads the file. */
const HEADER_BYTES = 1 << 12;

/** The dimensions that a `.npy` file says it has; undefined where they cannot be told, which whoever reads it will say. */
export async function npyDims(file: string): Promise<readonly number[] | undefined> {
  try {
    if (!(await stat(file)).isFile()) return undefined;
    const handle = await open(file, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
      const shape = /'shape':\s*\(([^)]*)\)/.exec(buffer.toString('latin1', 0, bytesRead))?.[1];
      const dims = shape?.split(',').flatMap((s) => (s.trim() === '' ? [] : [Number(s)]));
      return dims?.every((d) => Number.isSafeInteger(d)) ? dims : undefined;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
