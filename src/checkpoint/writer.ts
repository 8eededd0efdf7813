import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isCancelled, LensError, throwIfCancelled } from '../base/errors.js';
import { unwritable } from '../base/unwritable.js';
import { Encoder, type ModelToWrite, type Placement } from './encode.js';
import type { StoredTensor } from './model.js';
import type { FilePart } from './message.js';
import { SMALL } from './parseTensor.js';
import { storedBytes } from './elements.js';
import { readTensor } from './readTensor.js';

export type { ModelToWrite } from './encode.js';

/** Protobuf's limit, and ONNX Runtime's. */
const LARGEST_MODEL = 2 ** 31 - 1;
const LARGEST_IN_MEMORY = 2 ** 30;

export interface WriteOptions {
  /** Copy all weights into the bytes instead of pointing at the files they lie in. */
  readonly embed?: boolean;
  /** Folder that external locations shall be relative to, if the weights lie in it or below it. */
  readonly directory?: string;
  /** Keep names, documentation and metadata of nodes and model: for export, not for running. */
  readonly keepMetadata?: boolean;
}

/**
 * A graph as the bytes of a model. Large weights are external data that point into the original file, relative to
 * `folder`; nothing is copied.
 */
export async function writeModel(
  graph: ModelToWrite,
  options: WriteOptions = {},
): Promise<{ bytes: Uint8Array; folder: string }> {
  const weights = await settle(graph);
  const files = [...new Set([...weights.values()].flatMap((w) => (pointed(w) ? [w.at.path] : [])))];
  const folder = folderOf(files, options.directory ?? (graph.path === undefined ? '' : path.dirname(graph.path)));
  const total = [...weights.values()].reduce((sum, w) => sum + (pointed(w) && !options.embed ? 0 : storedBytes(w)), 0);
  if (total > LARGEST_IN_MEMORY) {
    throw new LensError(
      'runtime',
      'checkpoint/too-large',
      `${Math.round(total / 2 ** 20)} MiB of weights would have to be copied into memory; 1024 MiB is the most.`,
    );
  }
  const embedded = options.embed ? await loadAll(weights) : weights;
  const encoder = new Encoder(options.keepMetadata ?? false, (w) =>
    pointed(w)
      ? { kind: 'external', location: locationOf(folder, w.at.path), offset: w.at.offset, length: w.at.length }
      : { kind: 'inline' },
  );
  return { bytes: (await encoder.model(graph, embedded)).toBytes(), folder };
}

/**
 * Writes a graph as a file that stands alone. Weights are streamed: into the file itself (`embed`, up to 2 GB), or else
 * into `<path>.data` beside it. The file appears only when it is complete.
 */
export async function writeModelFile(
  graph: ModelToWrite,
  file: string,
  options: Omit<WriteOptions, 'directory'> = {},
  signal?: AbortSignal,
  written: (bytes: number, of: number) => void = () => undefined,
): Promise<void> {
  const weights = await settle(graph);
  const beside: FilePart[] = [];
  let offset = 0;
  const place = (w: StoredTensor): Placement => {
    if (!pointed(w)) return { kind: 'inline' };
    if (options.embed ?? true) return { kind: 'part', part: w.at };
    const at = { kind: 'external', location: `${path.basename(file)}.data`, offset, length: w.at.length } as const;
    beside.push(w.at);
    offset += w.at.length;
    return at;
  };
  const model = await new Encoder(options.keepMetadata ?? true, place).model(graph, weights);
  if (model.length > LARGEST_MODEL) {
    throw new LensError(
      'unsupported',
      'checkpoint/too-large',
      'The model would be larger than 2 GB, which an ONNX file cannot be.',
      {
        hint: 'Write it with its weights in a second file (embed: false).',
      },
    );
  }
  const total = model.length + offset;
  let done = 0;
  const count = (bytes: number): void => written((done += bytes), total);
  if (beside.length > 0) await stream(beside, `${file}.data`, signal, count);
  await stream(model.pieces(), file, signal, count);
}

/** Writes bytes as a file that appears only when it is complete. */
export async function writeBytes(file: string, bytes: Uint8Array): Promise<void> {
  await stream([bytes], file);
}

async function stream(
  pieces: readonly (Uint8Array | FilePart)[],
  file: string,
  signal?: AbortSignal,
  count: (bytes: number) => void = () => undefined,
): Promise<void> {
  const temporary = `${file}.${process.pid}.part`;
  // What cannot be read is the reader's error, and not a file that cannot be written.
  let unread: unknown;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const piece of pieces) {
      throwIfCancelled(signal);
      if (piece instanceof Uint8Array) {
        yield piece;
        count(piece.length);
      } else if (piece.length > 0) yield* partOf(piece);
    }
  }
  async function* partOf(piece: FilePart): AsyncGenerator<Uint8Array> {
    const { path: source, offset: start, length } = piece;
    const reader = createReadStream(source, { start, end: start + length - 1, highWaterMark: 1 << 20 });
    reader.once('error', (error) => (unread = error));
    for await (const chunk of reader as AsyncIterable<Uint8Array>) {
      throwIfCancelled(signal);
      yield chunk;
      count(chunk.length);
    }
  }
  try {
    await pipeline(bytes, createWriteStream(temporary));
    await rename(temporary, file);
  } catch (error) {
    if (error === unread || isCancelled(error) || error instanceof LensError) throw error;
    throw unwritable(file, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

type InFile = StoredTensor & { readonly at: { readonly kind: 'file' } };

/** Whether ONNX Runtime can read the tensor where it lies. Small ones are inlined: shapes must be known when a model loads. */
function pointed(w: StoredTensor): w is InFile {
  return w.at.kind === 'file' && w.at.encoding === 'raw' && w.at.length > SMALL;
}

/** Weights that cannot be pointed at (packed varints, small pieces) as tensors in memory. */
async function settle(graph: ModelToWrite): Promise<Map<string, StoredTensor>> {
  const out = new Map<string, StoredTensor>();
  for (const [name, w] of graph.weights) out.set(name, w.at.kind === 'memory' || pointed(w) ? w : await load(w));
  return out;
}

async function loadAll(weights: ReadonlyMap<string, StoredTensor>): Promise<Map<string, StoredTensor>> {
  const out = new Map<string, StoredTensor>();
  for (const [name, w] of weights) out.set(name, await load(w));
  return out;
}

async function load(w: StoredTensor): Promise<StoredTensor> {
  return { ...w, at: { kind: 'memory', tensor: await readTensor(w) } };
}

/** The deepest folder that holds all files; ONNX Runtime refuses locations that leave it. */
function folderOf(files: readonly string[], preferred: string): string {
  if (files.length === 0) return preferred;
  if (preferred !== '' && files.every((f) => isBelow(preferred, f))) return preferred;
  let folder = path.dirname(files[0]!);
  while (!files.every((f) => isBelow(folder, f))) {
    const parent = path.dirname(folder);
    if (parent === folder) {
      throw new LensError('unsupported', 'checkpoint/folders', 'The weights of the model lie on different drives.', {
        hint: 'Copy them into one folder.',
      });
    }
    folder = parent;
  }
  return folder;
}

function isBelow(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function locationOf(folder: string, file: string): string {
  return path.relative(folder, file).split(path.sep).join('/');
}
