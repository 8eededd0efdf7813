import { createHash } from 'node:crypto';
import os from 'node:os';
import { isCancelled, LensError, throwIfCancelled, toErrorData, type ErrorData } from '../../base/errors.js';
import { decodePicture } from '../../input/decode.js';
import { sourceChannels, tableOf, toView } from '../../input/preprocessing.js';
import type { Preprocessing } from '../../input/settings.js';
import { PicturesInMemory, type Normalisation, type TrainingPictures } from '../../training/pictures.js';
import { PictureFile, PicturesInFile } from './picturesInFile.js';
import type { LabelledExample } from './set.js';

/** Pictures that are decoded at a time. */
const AT_ONCE = 8;
/** Of the machine's memory for the pictures of a training. */
const SHARE = 0.4;

/** Where the bytes of more pictures than that lie. */
export type Beyond = 'file' | 'refuse';

export interface DecodedSet {
  readonly pictures: TrainingPictures;
  readonly omitted: readonly { readonly name: string; readonly error: ErrorData }[];
  /** Of their names, labels and bytes: tells one set from another. */
  readonly sha256: string;
  /** Lets go of the file that they may lie in. */
  close(): void;
}

export interface DecodeOptions {
  readonly signal: AbortSignal;
  progress(done: number): void;
  readonly beyond: Beyond;
  /** Bytes that memory has room for; default a share of the machine's. */
  readonly room?: number;
}

/** Room for all pictures of a training; `ONNX_LENS_TRAINING_MEMORY` says it in bytes. */
export function pictureRoom(): number {
  const said = Number(process.env['ONNX_LENS_TRAINING_MEMORY'] ?? NaN);
  return Number.isFinite(said) && said >= 0 ? said : SHARE * os.totalmem();
}

/**
 * Decodes pictures once, to the size of the model, and keeps them as bytes: in memory, or where they would not fit in a file.
 *
 * @throws LensError `training/memory` where they would not fit and no file is wanted
 */
export async function decodeSet(
  examples: readonly LabelledExample[],
  classes: number,
  plan: Preprocessing,
  { signal, progress, beyond, room = pictureRoom() }: DecodeOptions,
): Promise<DecodedSet> {
  const [height, width] = plan.size.value;
  const channels = plan.color.value === 'gray' ? 1 : 3;
  const size = height * width * channels;
  const total = size * examples.length;
  if (total > room && beyond === 'refuse')
    throw new LensError(
      'runtime',
      'training/memory',
      `${examples.length} pictures of ${width}×${height} take ${(total / 1e9).toFixed(1)} GB, more than the memory has room for.`,
      { hint: `Use fewer (pictures=${Math.floor(room / size)}).` },
    );
  const file = total > room ? new PictureFile(size) : undefined;
  const data = new Uint8Array(file === undefined ? total : 0);
  const labels: number[] = [];
  const omitted: { name: string; error: ErrorData }[] = [];
  const hash = createHash('sha256').update(`${height} ${width} ${channels} ${classes}`);
  try {
    for (let from = 0; from < examples.length; from += AT_ONCE) {
      throwIfCancelled(signal);
      const some = examples.slice(from, from + AT_ONCE);
      const views = await Promise.all(some.map((each) => viewOf(each, plan, signal)));
      views.forEach((view, k) => {
        const { example, label } = some[k]!;
        if (!(view instanceof Uint8Array)) return void omitted.push({ name: example.name, error: view });
        if (file === undefined) data.set(view, labels.length * size);
        else file.add(view);
        hash.update(`\n${example.name} ${label}`).update(view);
        labels.push(label);
      });
      progress(Math.min(examples.length, from + AT_ONCE));
    }
  } catch (error) {
    file?.close();
    throw error;
  }
  const kept = labels.length === examples.length ? data : data.slice(0, labels.length * size);
  const numbers = Int32Array.from(labels);
  return {
    pictures:
      file === undefined
        ? new PicturesInMemory(classes, height, width, channels, numbers, kept)
        : new PicturesInFile(classes, height, width, channels, numbers, file),
    omitted,
    sha256: hash.digest('hex'),
    close: () => file?.close(),
  };
}

async function viewOf(
  { example }: LabelledExample,
  plan: Preprocessing,
  signal: AbortSignal,
): Promise<Uint8Array | ErrorData> {
  try {
    const read = await example.read(signal);
    const picture =
      typeof read === 'string' || read instanceof Uint8Array ? await decodePicture(read, { signal }) : read;
    return toView(picture, plan).data;
  } catch (error) {
    if (isCancelled(error) || !(error instanceof LensError)) throw error;
    return toErrorData(error);
  }
}

/** How the plan makes values of bytes. */
export function normalisationOf(plan: Preprocessing): Normalisation {
  const gray = plan.color.value === 'gray';
  return {
    layout: plan.layout.value,
    source: sourceChannels(plan).map((channel) => (gray ? 0 : channel)),
    tables: Array.from({ length: plan.channels.value }, (_, c) => tableOf(c, plan)),
  };
}
