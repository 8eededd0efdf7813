import { open, readdir, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { LensError, throwIfCancelled } from '../base/errors.js';
import { formatBytes } from '../input/files.js';
import { comparePython } from '../input/folder.js';
import type { Dataset, Example, Source } from './dataset.js';

const SPLIT = /^(train|training|test|val|valid|validation|dev)\b/i;
const LABELS = ['label', 'labels', 'fine_label', 'class', 'target'];

/** Parquet as Hugging Face writes data sets: pictures as `{bytes, path}`, the names of classes in the file's metadata. */
export const parquet: Source = {
  id: 'parquet',
  async recognises(place, isFolder) {
    return isFolder ? (await shardsOf(place)).length > 0 : /\.parquet$/i.test(place);
  },
  async open(place, signal) {
    const shards = /\.parquet$/i.test(place) ? [place] : await shardsOf(place);
    const examples: Example[] = [];
    let classes: readonly string[] | undefined;
    const notes: string[] = [];
    for (const shard of shards) {
      throwIfCancelled(signal);
      const read = await openShard(shard);
      classes ??= read.classes;
      examples.push(...read.examples);
      for (const note of read.notes) if (!notes.includes(note)) notes.push(note);
    }
    if (examples.length === 0) throw refused(place, 'It has no rows.');
    return {
      title: 'parquet',
      examples,
      ...(classes === undefined ? {} : { classes }),
      notes,
      omitted: [],
    } satisfies Dataset;
  },
};

/** Parquet files of a folder or of its `data` folder. */
async function shardsOf(folder: string): Promise<string[]> {
  for (const at of [folder, path.join(folder, 'data')]) {
    const names = await readdir(at).catch(() => []);
    const found = names.filter((name) => /\.parquet$/i.test(name) && !name.startsWith('.'));
    if (found.length > 0) return found.sort(comparePython).map((name) => path.join(at, name));
  }
  return [];
}

function refused(file: string, why: string, cause?: unknown): LensError {
  return new LensError('input', 'dataset/parquet', `"${path.basename(file)}" cannot be read as a data set. ${why}`, {
    hint: 'A column must hold the pictures as files ({bytes, path}, as Hugging Face writes them), and "label" their class.',
    ...(cause === undefined ? {} : { cause }),
  });
}

async function openShard(file: string): Promise<Pick<Dataset, 'examples' | 'classes' | 'notes'>> {
  const metadata = await whole(file, (buffer) => parquetMetadataAsync(buffer));
  const columns = metadata.schema.slice(1);
  const picture = pictureColumn(metadata);
  if (picture === undefined) throw refused(file, 'No column holds pictures.');
  const known = new Set(columns.map((c) => c.name));
  const label = LABELS.find((name) => known.has(name));
  const names = label === undefined ? undefined : classNames(metadata, label);
  const labels = label === undefined ? undefined : await labelsOf(file, metadata, label);
  const split = SPLIT.exec(path.basename(file))?.[1];
  requireSmall(file, metadata, picture);
  const reader = new RowGroups(file, metadata, picture);
  const examples = Array.from({ length: Number(metadata.num_rows) }, (_, row): Example => {
    const className = nameOf(labels?.[row], names);
    return {
      name: `${path.basename(file)}#${row}`,
      file,
      ...(className === undefined ? {} : { className }),
      ...(split === undefined ? {} : { split }),
      read: () => reader.picture(row),
    };
  });
  const ofLabel = label !== undefined && names === undefined ? numbers(labels ?? []) : names;
  return {
    examples,
    ...(ofLabel === undefined ? {} : { classes: ofLabel }),
    notes: label === undefined ? ['No column says what the pictures show.'] : [],
  };
}

/** Row groups are decoded whole, and two are held. */
const MOST_BYTES = 512 << 20;

function requireSmall(file: string, { row_groups: groups }: FileMetaData, picture: string): void {
  const bytes = groups.map(({ columns }) =>
    columns
      .filter(({ meta_data: about }) => about?.path_in_schema[0] === picture)
      .reduce((sum, { meta_data: about }) => sum + Number(about?.total_uncompressed_size ?? 0), 0),
  );
  const most = Math.max(0, ...bytes);
  if (most <= MOST_BYTES) return;
  throw new LensError(
    'input',
    'dataset/parquet',
    `"${path.basename(file)}" keeps ${formatBytes(most)} of pictures in one row group; at most ${formatBytes(MOST_BYTES)} are read at once.`,
    { hint: 'Write it with row groups of some hundred rows (row_group_size=500).' },
  );
}

/** A group of a binary column `bytes`, or a binary column with the name of a picture. */
function pictureColumn({ schema }: FileMetaData): string | undefined {
  for (let i = 1; i < schema.length; i++) {
    const { name, num_children: children = 0, type, logical_type: logical } = schema[i]!;
    if (schema.slice(i + 1, i + 1 + children).some((c) => c.name === 'bytes' && c.type === 'BYTE_ARRAY')) return name;
    if (type === 'BYTE_ARRAY' && logical === undefined && /^(image|img|picture|photo)$/i.test(name)) return name;
  }
  return undefined;
}

function classNames({ key_value_metadata: pairs = [] }: FileMetaData, label: string): readonly string[] | undefined {
  const text = pairs.find((p) => p.key === 'huggingface')?.value;
  try {
    const features = (JSON.parse(text ?? '{}') as { info?: { features?: Record<string, { names?: unknown }> } }).info
      ?.features;
    const names = features?.[label]?.names;
    return Array.isArray(names) && names.every((n) => typeof n === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}

async function labelsOf(file: string, metadata: FileMetaData, label: string): Promise<unknown[]> {
  const rows = await whole(file, (buffer) =>
    parquetReadObjects({ file: buffer, metadata, columns: [label], compressors }),
  );
  return rows.map((row) => row[label]);
}

function nameOf(value: unknown, names: readonly string[] | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  // Hugging Face writes -1 where a test set keeps its labels to itself.
  return Number(value) < 0 ? undefined : (names?.[Number(value)] ?? String(value));
}

/** Names for numbered classes: each number up to the largest. */
function numbers(labels: readonly unknown[]): readonly string[] | undefined {
  let most = -1;
  for (const value of labels) {
    if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
    most = Math.max(most, Number(value));
  }
  return most < 0 || most > 1e6 ? undefined : Array.from({ length: most + 1 }, (_, k) => String(k));
}

/** Row groups are decoded whole, so the last ones are kept: pictures are read in order. */
class RowGroups {
  private readonly starts: number[] = [];
  private readonly held = new Map<number, Promise<Record<string, unknown>[]>>();

  constructor(
    private readonly file: string,
    private readonly metadata: FileMetaData,
    private readonly column: string,
  ) {
    let at = 0;
    for (const group of metadata.row_groups) {
      this.starts.push(at);
      at += Number(group.num_rows);
    }
  }

  async picture(row: number): Promise<Uint8Array> {
    let group = this.starts.length - 1;
    while (this.starts[group]! > row) group--;
    const rows = await this.read(group);
    const value = rows[row - this.starts[group]!]?.[this.column];
    const bytes = value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null | undefined)?.bytes;
    if (bytes instanceof Uint8Array) return bytes;
    throw new LensError('input', 'dataset/parquet', `Row ${row} of "${path.basename(this.file)}" holds no picture.`);
  }

  private read(group: number): Promise<Record<string, unknown>[]> {
    let rows = this.held.get(group);
    if (rows === undefined) {
      const rowStart = this.starts[group]!;
      const rowEnd = rowStart + Number(this.metadata.row_groups[group]!.num_rows);
      rows = whole(this.file, (buffer) =>
        parquetReadObjects({
          file: buffer,
          metadata: this.metadata,
          columns: [this.column],
          rowStart,
          rowEnd,
          compressors,
          utf8: false,
        }),
      );
      rows.catch(() => this.held.delete(group));
      this.held.set(group, rows);
      for (const old of this.held.keys()) if (this.held.size > 2 && old !== group) this.held.delete(old);
    }
    return rows;
  }
}

/** Work on an open file; what the reader throws of a damaged one is said as such. */
async function whole<T>(file: string, work: (buffer: AsyncBuffer) => Promise<T>): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    const opened = handle;
    const { size } = await opened.stat();
    return await work({
      byteLength: size,
      async slice(start, end = size) {
        const bytes = new Uint8Array(Math.max(0, end - start));
        await opened.read(bytes, 0, bytes.length, start);
        return bytes.buffer;
      },
    });
  } catch (cause) {
    if (cause instanceof LensError) throw cause;
    throw refused(file, 'The file is damaged, or of a kind that is not known.', cause);
  } finally {
    await handle?.close();
  }
}
