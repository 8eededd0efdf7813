import { stat } from 'node:fs/promises';
import path from 'node:path';
import { LensError } from '../base/errors.js';
import { readText } from '../input/files.js';
import { csvRecords } from '../input/folderMetadata.js';
import { PICTURE_ENDINGS } from '../input/sniff.js';
import type { Example, Omitted, Source } from './dataset.js';

/** Larger lists are refused: they would be read whole. */
const MOST_BYTES = 256 << 20;
const PATHS = ['path', 'file', 'file_name', 'filename', 'filepath', 'image', 'image_path', 'img'];
const LABELS = ['label', 'class', 'category', 'label_name', 'class_name', 'target'];
const SPLITS = ['split', 'subset', 'set'];

/** A CSV, JSON or JSON-lines file of paths and labels; paths are relative to the list. */
export const list: Source = {
  id: 'list',
  recognises: (place, isFolder) => Promise.resolve(!isFolder && /\.(csv|tsv|json|jsonl)$/i.test(place)),
  async open(place) {
    const read = await readText(place, MOST_BYTES);
    if (!('text' in read))
      throw new LensError(
        'input',
        'input/not-found',
        'absent' in read ? `There is no file "${place}".` : read.unreadable,
      );
    const rows = rowsOf(place, read.text);
    const folder = path.dirname(place);
    const examples: Example[] = [];
    const omitted: Omitted[] = [];
    for (const { file, label, split } of rows) {
      const full = path.resolve(folder, file);
      // NUL would end the path for the system, and another file would be read than the one that is named.
      const about = file.includes('\0') ? undefined : await stat(full).catch(() => undefined);
      if (about?.isFile() !== true) {
        const message = `The list names "${file}", which is no file.`;
        omitted.push({ name: file, error: new LensError('input', 'dataset/missing', message) });
        continue;
      }
      examples.push({
        name: file,
        file: full,
        ...(label === undefined ? {} : { className: label }),
        ...(split === undefined ? {} : { split }),
        read: () => Promise.resolve(full),
      });
    }
    if (examples.length === 0)
      throw new LensError('input', 'input/empty-folder', `"${path.basename(place)}" names no picture that is there.`, {
        hint: 'It needs a column "path" (relative to the list) and may have "label" and "split".',
      });
    return { title: 'a list of pictures', examples, notes: [], omitted };
  },
};

interface Row {
  readonly file: string;
  readonly label?: string;
  readonly split?: string;
}

function rowsOf(place: string, text: string): Row[] {
  const rows = /\.json$/i.test(place)
    ? jsonRows(place, text)
    : /\.jsonl$/i.test(place)
      ? lines(text)
      : table(place, text);
  return rows.flatMap((row) => {
    const file = valueOf(row, PATHS);
    if (file === undefined || file === '') return [];
    const [label, split] = [valueOf(row, LABELS), valueOf(row, SPLITS)];
    return [
      { file, ...(label === undefined || label === '' ? {} : { label }), ...(split === undefined ? {} : { split }) },
    ];
  });
}

type Cells = Readonly<Record<string, unknown>>;

function valueOf(row: Cells, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = Object.hasOwn(row, key) ? row[key] : undefined;
    if (typeof value === 'string' || typeof value === 'number') return String(value);
  }
  return undefined;
}

function table(place: string, text: string): Cells[] {
  const records = /\.tsv$/i.test(place)
    ? text
        .split(/\r?\n/)
        .filter(Boolean)
        .map((l) => l.split('\t'))
    : [...csvRecords(text)];
  const [first, ...rest] = records;
  if (first === undefined) return [];
  const head = first.map((cell) => cell.trim().toLowerCase());
  if (head.some((name) => PATHS.includes(name)))
    return rest.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i]])));
  // Without a head: a path, and a label behind it.
  if (!PICTURE_ENDINGS.includes(path.extname(first[0] ?? '').toLowerCase())) return [];
  return records.map(([file, label]) => ({ path: file, label }));
}

function lines(text: string): Cells[] {
  return text.split('\n').flatMap((line) => {
    try {
      const row: unknown = line.trim() === '' ? undefined : JSON.parse(line);
      return isCells(row) ? [row] : [];
    } catch {
      // A damaged line loses its picture; the others are kept.
      return [];
    }
  });
}

/** A list of objects, or an object that says the label of each path. */
function jsonRows(place: string, text: string): Cells[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new LensError('input', 'dataset/json', `"${path.basename(place)}" is no JSON.`, { cause });
  }
  if (Array.isArray(value)) return value.filter(isCells);
  return isCells(value) ? Object.entries(value).map(([file, label]) => ({ path: file, label })) : [];
}

function isCells(value: unknown): value is Cells {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
