import path from 'node:path';
import { readSmallText } from './files.js';

/** Hugging Face's ImageFolder: `metadata.csv` or `metadata.jsonl` with `file_name` and a label beside the pictures. */

const LABEL_KEYS = ['label', 'class', 'category', 'label_name', 'target'];

/** Label by absolute path; undefined where the folder has no such file or no label is in it. */
export async function readFolderMetadata(
  folder: string,
  files: readonly string[],
): Promise<ReadonlyMap<string, string> | undefined> {
  const name = ['metadata.csv', 'metadata.jsonl'].find((candidate) => files.includes(candidate));
  if (name === undefined) return undefined;
  const text = (await readSmallText(path.join(folder, name), 256 << 20)) ?? '';
  const labels = new Map<string, string>();
  for (const row of name.endsWith('.csv') ? csvRows(text) : jsonRows(text)) {
    const file = row['file_name'];
    const label = LABEL_KEYS.map((key) => row[key]).find(
      (value) => typeof value === 'string' || typeof value === 'number',
    );
    if (typeof file === 'string' && file !== '' && label !== undefined)
      labels.set(path.resolve(folder, file), String(label));
  }
  return labels.size === 0 ? undefined : labels;
}

type Row = Readonly<Record<string, unknown>>;

function* jsonRows(text: string): Generator<Row> {
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    try {
      const row: unknown = JSON.parse(line);
      if (typeof row === 'object' && row !== null) yield row as Row;
    } catch {
      // A damaged line leaves its picture without a label; the others are kept.
    }
  }
}

function* csvRows(text: string): Generator<Row> {
  let header: string[] | undefined;
  for (const cells of csvRecords(text)) {
    if (header === undefined) header = cells.map((cell) => cell.trim());
    else yield Object.fromEntries(header.map((key, i) => [key, cells[i]]));
  }
}

/** RFC 4180: commas, quotes doubled inside quotes, line ends inside quotes. */
export function* csvRecords(text: string): Generator<string[]> {
  const cell = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|\n|\r|$)/y;
  let record: string[] = [];
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) return;
    const raw = match[1]!;
    record.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (match[2] === ',') continue;
    if (record.length > 1 || record[0] !== '') yield record;
    record = [];
  }
  if (record.length > 0) yield record;
}
