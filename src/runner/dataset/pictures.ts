import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LensError } from '../../base/errors.js';
import { filePath, type FilePath } from '../../base/place.js';
import { unwritable } from '../../base/unwritable.js';
import { encodePng } from '../../input/encode.js';
import type { Raster } from '../../input/resize.js';
import { sniff } from '../../input/sniff.js';
import { thumbnail } from '../../input/thumbnail.js';
import type { ExtractRequest, ThumbnailsAnswer, ThumbnailsRequest } from '../../protocol/dataset.js';
import type { DatasetRoom } from './room.js';

const LARGEST = 256;
/** Pictures that are decoded at a time. */
const AT_ONCE = 16;

/** Small pictures of examples, to be looked at. */
export async function thumbnails(
  room: DatasetRoom,
  { place, names, size }: ThumbnailsRequest,
  signal: AbortSignal,
): Promise<ThumbnailsAnswer> {
  const side = Math.max(1, Math.min(LARGEST, Math.round(size)));
  const examples = await room.sets.examples(place, names, signal);
  const bytes = side * side * 3;
  const pixels = new Uint8Array(names.length * bytes);
  for (let from = 0; from < names.length; from += AT_ONCE) {
    signal.throwIfAborted();
    await Promise.all(
      examples.slice(from, from + AT_ONCE).map(async (example, k) => {
        // What is not there is grey like what cannot be read.
        const read = await example?.read(signal).catch(() => undefined);
        pixels.set(await thumbnail(read ?? new Uint8Array(), side), (from + k) * bytes);
      }),
    );
  }
  return { pixels };
}

/** A picture file of one example: its own; of a row, one that is written with the same pixels. */
export async function extract(
  room: DatasetRoom,
  { place, name }: ExtractRequest,
  signal: AbortSignal,
): Promise<FilePath> {
  const [example] = await room.sets.examples(place, [name], signal);
  if (example === undefined)
    throw new LensError('input', 'dataset/example', `The data set has no picture "${name}" any more.`);
  const read = await example.read(signal);
  if (typeof read === 'string') return filePath(read);
  const { bytes, ending } = await fileOf(read);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const own = name.replace(/[^\p{L}\p{N}._#-]+/gu, '_').slice(-60);
  const file = path.join(room.extracted, `${own}-${hash}.${ending}`);
  if ((await stat(file).catch(() => undefined))?.size === bytes.length) return filePath(file);
  const written = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(room.extracted, { recursive: true });
    await writeFile(written, bytes);
    await rename(written, file);
  } catch (cause) {
    throw unwritable(file, cause);
  }
  return filePath(file);
}

/** A picture's own bytes, where it has some; pixels as PNG. */
async function fileOf(read: Uint8Array | Raster): Promise<{ bytes: Uint8Array; ending: string }> {
  if (read instanceof Uint8Array) {
    const found = sniff(read);
    return { bytes: read, ending: 'format' in found ? found.format : 'bin' };
  }
  const { width, height, channels, data } = read;
  const rgb = channels === 3 ? data : Uint8Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)]!);
  return { bytes: await encodePng(rgb, width, height), ending: 'png' };
}
