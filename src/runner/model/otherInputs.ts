import { stat, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LensError } from '../../base/errors.js';
import { readNpy } from '../../base/npy.js';
import { whyNoPlace } from '../../base/reach.js';
import { castFloating, floatTensor, isFloating, sizeOf, toNumbers, type Tensor } from '../../base/tensor.js';
import { makeData } from '../../checkpoint/elements.js';
import type { ValueInfo } from '../../checkpoint/model.js';
import type { Consulted } from '../../input/files.js';
import type { LoadedSidecar } from '../../input/sidecar.js';

/** Values for the inputs beside the one that is explained: from the command line, then from the settings file. */
export async function readOtherInputs(
  asked: Readonly<Record<string, string>>,
  sidecar: LoadedSidecar | undefined,
  inputs: readonly ValueInfo[],
  consulted: Consulted,
): Promise<ReadonlyMap<string, Tensor>> {
  const out = new Map<string, Tensor>();
  const typeOf = (name: string): Tensor['type'] => inputs.find((i) => i.name === name)?.type ?? 'float32';
  for (const [name, said] of Object.entries(sidecar?.content.inputs ?? {})) {
    if (Object.hasOwn(asked, name)) continue;
    const folder = path.dirname(sidecar!.path);
    const tensor = typeof said === 'string' ? await readNamed(said, folder, name, consulted) : listed(said, name);
    if (tensor !== undefined) out.set(name, ofType(tensor, typeOf(name), name));
  }
  for (const [name, file] of Object.entries(asked))
    out.set(name, ofType(await readFrom(path.resolve(file), consulted), typeOf(name), name));
  return out;
}

/** Values of a file that the settings file names; `undefined` where it lies outside the workspace and is left alone. */
async function readNamed(
  said: string,
  folder: string,
  input: string,
  consulted: Consulted,
): Promise<Tensor | undefined> {
  const odd = whyNoPlace(said);
  const looked = odd === undefined ? await consulted.look(path.resolve(folder, said), true) : undefined;
  const why = odd ?? (looked !== undefined && 'unreadable' in looked ? `it ${looked.unreadable}` : undefined);
  if (why !== undefined)
    throw new LensError('input', 'input/other', `The file for the input "${input}" is not read: ${why}.`, {
      hint: 'Copy it beside the settings file.',
    });
  return looked !== undefined && 'real' in looked ? readFrom(looked.real, consulted) : undefined;
}

/** More is no value of a second input. */
const MOST_BYTES = 1 << 30;

async function readFrom(file: string, consulted: Consulted): Promise<Tensor> {
  const name = path.basename(file);
  if (path.extname(file).toLowerCase() !== '.npy')
    throw new LensError('usage', 'input/other', `"${name}" cannot be given for an input: it is no .npy file.`, {
      hint: 'Save the values with numpy.save and name that file.',
    });
  await consulted.note(file);
  const about = await stat(file).catch((cause: unknown) => {
    throw new LensError('input', 'input/not-found', `There is no file "${file}".`, { cause });
  });
  if (!about.isFile() || about.size > MOST_BYTES)
    throw new LensError('input', 'input/not-found', `"${name}" is no file of values, or too large for one.`);
  return readNpy(await readFile(file));
}

type Nested = number | readonly Nested[];

/** Numbers as they are written in the settings file: lists in lists, all of the same length. */
function listed(values: unknown, name: string): Tensor {
  const dims: number[] = [];
  for (let at: unknown = values; Array.isArray(at); at = at[0]) dims.push(at.length);
  const flat: number[] = [];
  const walk = (at: Nested, depth: number): boolean =>
    Array.isArray(at)
      ? at.length === dims[depth] && at.every((part: Nested) => walk(part, depth + 1))
      : depth === dims.length && flat.push(at as number) > 0;
  if (!walk(values as Nested, 0))
    throw new LensError('input', 'sidecar/invalid', `The lists of "inputs.${name}" are not all of the same length.`, {
      hint: 'Write the values as an array of rows, or name a .npy file.',
    });
  // Double precision keeps whole numbers up to 2^53 as they are.
  return { type: 'float64', dims, data: Float64Array.from(flat) };
}

/** The values in the element type that the input has. */
function ofType(tensor: Tensor, type: Tensor['type'], name: string): Tensor {
  if (tensor.type === type) return tensor;
  if (type === 'string')
    throw new LensError('unsupported', 'input/other', `The input "${name}" takes texts, which cannot be given.`);
  // Numbers of 64 bits go through as they are.
  const numbers = toNumbers(tensor);
  if (isFloating(type)) {
    const floats = floatTensor(tensor.dims, Float32Array.from(numbers));
    return type === 'float32' ? floats : castFloating(floats, type as 'float64' | 'float16' | 'bfloat16');
  }
  const odd = numbers.find((v) => !holds(type, Math.round(v)));
  if (odd !== undefined)
    throw new LensError('input', 'input/other', `The input "${name}" takes ${type}, which cannot hold ${odd}.`, {
      hint: `Save its values as ${type} with numpy.`,
    });
  const data = makeData(type, sizeOf(tensor.dims));
  for (let i = 0; i < numbers.length; i++) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(Math.round(numbers[i]!));
    else (data as Float64Array)[i] = type === 'bool' ? Number(numbers[i] !== 0) : Math.round(numbers[i]!);
  }
  return { type, dims: tensor.dims, data };
}

/** Whether a whole number is one of an element type; the types that are none of whole numbers hold what becomes of it. */
function holds(type: Tensor['type'], value: number): boolean {
  const [, unsigned, bits] = /^(u?)int(\d+)$/.exec(type) ?? [];
  if (bits === undefined) return true;
  const half = 2 ** (Number(bits) - 1);
  return unsigned === '' ? value >= -half && value < half : value >= 0 && value < 2 * half;
}
