import { stat } from 'node:fs/promises';
import path from 'node:path';
import { LensError, toErrorData, isCancelled, type ErrorData } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { decodePicture } from '../../input/decode.js';
import { listPictures } from '../../input/folder.js';
import { readNpyInputs } from '../../input/npyInput.js';
import { toPicture, toTensor } from '../../input/preprocessing.js';
import { requirePreprocessing } from '../../input/resolve.js';
import type { Crop, Rgb } from '../../base/picture.js';
import type { PreprocessingRecord } from '../../result/recipe.js';
import type { Doubt } from '../../result/doubt.js';
import { recordOf, TAKEN_AS_IS } from '../overview/describe.js';
import type { OpenModel } from '../model/open.js';
import { pictureDoubts, settingDoubts } from './doubts.js';

/** One input that a request names, not read yet. */
export interface PendingInput {
  /** As given, with `#k` for the k-th of a stacked tensor. */
  readonly name: string;
  readonly file: string;
  /** Name of the folder that stands for its class. */
  readonly className?: string;
  load(signal: AbortSignal): Promise<LoadedInput>;
}

export interface LoadedInput {
  /** Batch 1. */
  readonly tensor: FloatTensor;
  readonly picture: Rgb;
  readonly crop?: Crop;
  readonly preprocessing: PreprocessingRecord;
  readonly notes: readonly string[];
  /** Why what the model says of it may be wrong. */
  readonly doubts: readonly Doubt[];
}

export type ExpandedInput = PendingInput | { readonly name: string; readonly error: ErrorData };

/** Pictures, folders and `.npy` files as single inputs. What cannot be found or read becomes an error in its place. */
export async function expandInputs(
  model: OpenModel,
  inputs: readonly string[],
  signal: AbortSignal,
): Promise<ExpandedInput[]> {
  const out: ExpandedInput[] = [];
  for (const input of inputs) {
    try {
      if (path.extname(input).toLowerCase() === '.npy') out.push(...(await tensors(model, input)));
      else if (await isFolder(input)) {
        const { pictures } = await listPictures(input, { signal });
        for (const { path: file, className } of pictures) {
          out.push({
            name: file,
            file,
            ...(className === undefined ? {} : { className }),
            load: (s) => picture(model, file, s),
          });
        }
      } else out.push({ name: input, file: input, load: (s) => picture(model, input, s) });
    } catch (error) {
      if (isCancelled(error)) throw error;
      out.push({ name: input, error: toErrorData(error) });
    }
  }
  return out;
}

async function isFolder(input: string): Promise<boolean> {
  try {
    return (await stat(input)).isDirectory();
  } catch (cause) {
    throw new LensError('input', 'input/not-found', `There is no file or folder "${input}".`, { cause });
  }
}

async function picture(model: OpenModel, file: string, signal: AbortSignal): Promise<LoadedInput> {
  const plan = requirePreprocessing(model.resolved);
  const decoded = await decodePicture(file, { signal });
  const { tensor, view, crop } = toTensor(decoded, plan);
  const doubts = [...settingDoubts(plan, model.file.path), ...pictureDoubts(decoded, plan)];
  return { tensor, picture: view, crop, preprocessing: recordOf(plan), notes: decoded.notes, doubts };
}

async function tensors(model: OpenModel, file: string): Promise<PendingInput[]> {
  const { inputDims } = await model.subject();
  const samples = await readNpyInputs(file, ['batch', ...inputDims]);
  return samples.map((tensor, k) => ({
    name: samples.length === 1 ? file : `${file}#${k}`,
    file,
    load: async () => ({
      tensor,
      picture: pictureOf(model, tensor),
      preprocessing: TAKEN_AS_IS,
      notes: [],
      doubts: [],
    }),
  }));
}

/** A tensor as a picture; where nobody knows how the model's values relate to colours, the mean over the channels from its least to its greatest value. */
function pictureOf(model: OpenModel, tensor: FloatTensor): Rgb {
  const plan = model.resolved.preprocessing;
  if (plan !== undefined) return toPicture(tensor, plan);
  const [, channels = 1, height = 1, width = 1] =
    tensor.dims.length === 4 ? tensor.dims : [1, 1, 1, tensor.data.length];
  const area = height * width;
  const mean = floatTensor([area]);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < area; i++) mean.data[i]! += tensor.data[c * area + i]! / channels;
  const low = mean.data.reduce((a, b) => Math.min(a, b), Infinity);
  const high = mean.data.reduce((a, b) => Math.max(a, b), -Infinity);
  const data = new Uint8Array(3 * area);
  mean.data.forEach((v, i) =>
    data.fill(high > low ? Math.round((255 * (v - low)) / (high - low)) : 0, 3 * i, 3 * i + 3),
  );
  return { width, height, data };
}
