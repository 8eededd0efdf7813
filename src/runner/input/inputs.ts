import { createHash } from 'node:crypto';
import path from 'node:path';
import { given } from '../../base/given.js';
import { toErrorData, isCancelled, type ErrorData } from '../../base/errors.js';
import { floatTensor, sizeOf, type FloatTensor } from '../../base/tensor.js';
import type { Example } from '../../dataset/dataset.js';
import { sourceOf } from '../../dataset/index.js';
import { readNpyInputs } from '../../input/npyInput.js';
import { toPicture, type InputSpec } from '../../input/preprocessing.js';
import type { Raster } from '../../input/resize.js';
import { requirePreprocessing } from '../../input/resolve.js';
import type { Crop, Rgb } from '../../base/picture.js';
import { arrangementOf, spaceOf } from '../../method/attribution/shared/answer.js';
import { overChannels } from '../../result/heatmap.js';
import type { EditSummary, PreprocessingRecord } from '../../result/recipe.js';
import type { Doubt } from '../../result/doubt.js';
import { intoSlices, sliceGrid, type SliceGrid } from '../../result/slices.js';
import { recordOf, TAKEN_AS_IS } from '../overview/describe.js';
import type { OpenModel } from '../model/open.js';
import { proposalOf } from './proposal.js';
import { picturesBeside } from './beside.js';
import { settingDoubts } from './doubts.js';
import { preparePicture } from './prepare.js';

/** One input that a request names, not read yet. */
export interface PendingInput {
  /** As given, with `#k` for the k-th of a stacked tensor. */
  readonly name: string;
  readonly file: string;
  /** Which part of the file it is, where the file holds several. */
  readonly part?: string;
  /** What its folder, list or array says that it shows. */
  readonly className?: string;
  /** It was painted over by hand. */
  readonly edited?: EditSummary;
  /** Names of the classes in the order of their numbers, where its data set has one. */
  readonly classes?: readonly string[];
  /** @param beside in the thread beside this one, as is good for many while a model runs */
  load(signal: AbortSignal, beside?: boolean): Promise<LoadedInput>;
  /** The same example as another model gets it, or this one under other settings; absent for a tensor. */
  as?(model: OpenModel): PendingInput;
}

export interface LoadedInput {
  /** Batch 1. */
  readonly tensor: FloatTensor;
  readonly picture: Rgb;
  /** Of a volume: how its slices lie in the picture. */
  readonly slices?: SliceGrid;
  readonly crop?: Crop;
  readonly preprocessing: PreprocessingRecord;
  readonly notes: readonly string[];
  /** Why what the model says of it may be wrong. */
  readonly doubts: readonly Doubt[];
  /** Of a part of a file: the hash of its bytes or pixels. */
  readonly content?: string;
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
      else out.push(...(await pictures(model, input, signal)));
    } catch (error) {
      if (isCancelled(error)) throw error;
      out.push({ name: input, error: toErrorData(error) });
    }
  }
  return out;
}

/** A picture, or those of a data set; what a data set had to leave out stands as an error in its place. */
async function pictures(model: OpenModel, input: string, signal: AbortSignal): Promise<ExpandedInput[]> {
  const source = await sourceOf(input);
  if (source === undefined) return [single(model, input)];
  const { examples, classes, omitted } = await source.open(input, signal);
  return [
    ...examples.map((example) => inputOf(model, example, nameOf(example), classes)),
    ...omitted.map(({ name, error }) => ({ name, error: toErrorData(error) })),
  ];
}

function single(model: OpenModel, file: string): PendingInput {
  return {
    name: file,
    file,
    load: (s, beside) => picture(model, file, s, beside),
    as: (other) => single(other, file),
  };
}

/** One example of a data set as an input of a model. */
export function inputOf(
  model: OpenModel,
  example: Example,
  name: string,
  classes: readonly string[] | undefined,
): PendingInput {
  const at = example.name.lastIndexOf('#');
  return {
    name,
    file: example.file,
    ...given({ className: example.className, classes }),
    ...(isRow(example) ? { part: example.name.slice(at + 1) } : {}),
    load: async (signal, beside) => {
      const read = await example.read(signal);
      const loaded = await picture(model, read, signal, beside);
      return typeof read === 'string' ? loaded : { ...loaded, content: hashOf(read) };
    },
    as: (other) => inputOf(other, example, name, classes),
  };
}

function hashOf(read: Uint8Array | Raster): string {
  const hash = createHash('sha256');
  if (read instanceof Uint8Array) return hash.update(read).digest('hex');
  return hash.update(`${read.width} ${read.height} ${read.channels} `).update(read.data).digest('hex');
}

/** Whether its file holds others, too. */
function isRow({ name, file }: Example): boolean {
  return name.startsWith(`${path.basename(file)}#`);
}

/** A file of its own is known by its path, a row of a file by the path and its number. */
function nameOf(example: Example): string {
  const { name, file } = example;
  return isRow(example) ? file + name.slice(path.basename(file).length) : file;
}

async function picture(
  model: OpenModel,
  file: string | Uint8Array | Raster,
  signal: AbortSignal,
  beside = false,
): Promise<LoadedInput> {
  const plan = requirePreprocessing(model.resolved);
  // Pixels that are there already take longer to send than to prepare.
  const encoded = typeof file === 'string' || file instanceof Uint8Array;
  const prepared =
    (beside && encoded ? await picturesBeside()?.prepare(file, plan, signal) : undefined) ??
    (await preparePicture(file, plan, signal));
  const { tensor: made, view, crop, notes } = prepared;
  const { inputDims } = await model.subject();
  // The model's own axes: some have none for the batch or for the channels.
  const tensor = { ...made, dims: [1, ...inputDims] };
  const doubts = [...settingDoubts(plan, model.file.path, proposalOf(model)?.quote), ...prepared.doubts];
  return { tensor, picture: view, crop, preprocessing: recordOf(plan), notes, doubts };
}

async function tensors(model: OpenModel, file: string): Promise<PendingInput[]> {
  const { inputDims, input: spec } = await model.subject();
  const samples = await readNpyInputs(file, ['batch', ...inputDims]);
  return samples.map((tensor, k) => ({
    name: samples.length === 1 ? file : `${file}#${k}`,
    file,
    ...(samples.length === 1 ? {} : { part: String(k) }),
    load: async () => ({
      tensor,
      picture: pictureOf(model, spec, tensor),
      ...given({ slices: slicesOf(model, spec) }),
      preprocessing: TAKEN_AS_IS,
      notes: [],
      doubts: [],
    }),
  }));
}

/**
 * A tensor as a picture; where nobody knows how the model's values relate to colours, the mean over the channels from its
 * least to its greatest value. The slices of a volume lie beside one another; a vector or a signal is a band.
 */
function pictureOf(model: OpenModel, spec: InputSpec, tensor: FloatTensor): Rgb {
  const { channels, height, width, layout } = spec;
  const plan = model.resolved.preprocessing;
  const sizes = layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
  if (plan !== undefined) return toPicture({ ...tensor, dims: [1, ...sizes] }, plan);
  const { axes, shape } = arrangementOf(spec);
  const mean = overChannels({ values: floatTensor(shape, tensor.data), axes, signed: true, unit: '' }, 'sum');
  const low = mean.reduce((a, b) => Math.min(a, b), Infinity);
  const high = mean.reduce((a, b) => Math.max(a, b), -Infinity);
  const grey = Float32Array.from(mean, (v) => (high > low ? Math.round((255 * (v - low)) / (high - low)) : 0));
  const space = spaceOf(spec);
  if (space.length < 2) return grown(grey, Math.max(1, Math.round(grey.length / BAND)));
  const grid = gridOf(space);
  const flat = intoSlices(grey, grid, new Uint8Array(grid.width * grid.height));
  return { width: grid.width, height: grid.height, data: asRgb(flat) };
}

function gridOf(space: readonly number[]): SliceGrid {
  const [rows, columns] = [space.at(-2)!, space.at(-1)!];
  return sliceGrid(sizeOf(space) / (rows * columns), rows, columns);
}

/** How the slices of a volume lie in its picture; undefined where there are none. */
function slicesOf(model: OpenModel, spec: InputSpec): SliceGrid | undefined {
  const space = spaceOf(spec);
  return model.resolved.preprocessing !== undefined || space.length < 3 ? undefined : gridOf(space);
}

/** How much longer than high a vector is drawn. */
const BAND = 12;

/** One row of grey, as many times as asked. */
function grown(row: ArrayLike<number>, height: number): Rgb {
  const flat = Uint8Array.from({ length: row.length * height }, (_, i) => row[i % row.length]!);
  return { width: row.length, height, data: asRgb(flat) };
}

function asRgb(grey: Uint8Array): Uint8Array {
  const data = new Uint8Array(3 * grey.length);
  grey.forEach((v, i) => data.fill(v, 3 * i, 3 * i + 3));
  return data;
}
