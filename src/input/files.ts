import { lstat, readFile, stat } from 'node:fs/promises';
import { LensError } from '../base/errors.js';
import type { FileReach, Looked } from './reach.js';

/** Small helpers around the file system. */

/** Whether `error` is one of Node's system errors with one of these codes. */
export function isNodeError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

const NOT_THERE = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'];
const UNREADABLE = ['EISDIR', 'EACCES', 'EPERM', 'ELOOP'];

/** A settings or label file is small; a longer one is none of ours. */
const MOST_BYTES = 16 << 20;

/** A small text, that there is none, or why what is there cannot be read. */
export type SmallText = { readonly text: string } | { readonly absent: true } | { readonly unreadable: string };

/**
 * A small text file, without a byte order mark. Only regular files are read: a pipe would keep us waiting, and a device
 * never ends. UTF-8, UTF-16 (told by its mark or its zeros) and Latin-1 are understood; see {@link decodeText}.
 */
export async function readText(file: string, limit = MOST_BYTES): Promise<SmallText> {
  try {
    // Asked before opening: the opening of a pipe waits for somebody who writes.
    const about = await stat(file);
    if (about.isDirectory()) return { unreadable: 'is a folder' };
    if (!about.isFile()) return { unreadable: 'is no ordinary file' };
    if (about.size > limit) return { unreadable: `is ${formatBytes(about.size)}, more than ${formatBytes(limit)}` };
    return { text: decodeText(await readFile(file)) };
  } catch (error) {
    if (isNodeError(error, ...UNREADABLE))
      return { unreadable: isNodeError(error, 'ELOOP') ? 'is a link that leads in a circle' : 'may not be read' };
    if (!isNodeError(error, ...NOT_THERE)) throw error;
    return (await isLink(file)) ? { unreadable: 'is a link to a file that is not there' } : { absent: true };
  }
}

/** Tells one state of a file from another without reading it; `absent` where there is none. */
export async function stampOf(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'absent';
  }
}

/**
 * The files that settings come from, and those that were looked for and are not there: when one of them changes, comes or
 * goes, so may the settings.
 */
export class Consulted {
  private readonly stamps = new Map<string, string>();

  /** @param reach decides which files may be read; left out, all */
  constructor(private readonly reach?: Pick<FileReach, 'look' | 'notes'>) {}

  /** Sentences about files outside the workspace. */
  get notes(): readonly string[] {
    return this.reach?.notes ?? [];
  }

  get files(): readonly string[] {
    return [...this.stamps.keys()];
  }

  /**
   * As {@link readText}; the file's state is that of before it was read, so that a change meanwhile is noticed. `kept` where
   * it lies outside the workspace and is left alone.
   *
   * @param named whether another file names it; if not, we look for it under a name of our own
   */
  async read(file: string, named = false): Promise<SmallText | { readonly kept: true }> {
    const looked = await this.look(file, named);
    if (!('real' in looked)) return looked;
    await this.note(file);
    return readText(looked.real);
  }

  /** Where a file is to be read, if it may be. */
  async look(file: string, named: boolean): Promise<Looked> {
    return this.reach === undefined ? { real: file } : this.reach.look(file, named);
  }

  /** A file that is read by somebody else: called before that. */
  async note(file: string): Promise<void> {
    const stamp = await stampOf(file);
    if (!this.stamps.has(file)) this.stamps.set(file, stamp);
  }

  /** Whether every file is as it was. */
  async unchanged(): Promise<boolean> {
    const now = await Promise.all([...this.stamps].map(async ([file, stamp]) => (await stampOf(file)) === stamp));
    return now.every(Boolean);
  }
}

async function isLink(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Text of a small file beside a model, as {@link readText}; undefined where there is none that can be read. */
export async function readSmallText(file: string, limit = MOST_BYTES): Promise<string | undefined> {
  const found = await readText(file, limit);
  return 'text' in found ? found.text : undefined;
}

/**
 * Text from bytes, without a byte order mark: UTF-8; UTF-16 of either order, told by its mark or, without one, by the
 * zeros that plain letters leave; and, where the bytes are no UTF-8, Windows' Latin-1, which every byte is a letter of.
 */
export function decodeText(bytes: Uint8Array): string {
  const marked =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : undefined;
  const encoding = marked ?? unmarkedUtf16(bytes);
  if (encoding !== undefined) return new TextDecoder(encoding).decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Mostly zeros at every second byte, and none between them. */
function unmarkedUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const looked = Math.min(bytes.length - (bytes.length % 2), 4096);
  if (looked < 4) return undefined;
  const zeros = [0, 0];
  for (let i = 0; i < looked; i++) if (bytes[i] === 0) zeros[i % 2]!++;
  const [even, odd] = zeros as [number, number];
  if (even === 0 && odd > looked / 4) return 'utf-16le';
  return odd === 0 && even > looked / 4 ? 'utf-16be' : undefined;
}

/** No settings are nested deeper, and what walks through them need not fear for its stack. */
const MOST_DEEP = 64;

/** How deep brackets stand in one another, those in strings left out. */
function depthOf(json: string): number {
  let [depth, most, quoted] = [0, 0, false];
  // No expression: of a text of megabytes its stack would not hold the way.
  for (let i = 0; i < json.length; i++) {
    const letter = json[i];
    if (letter === '\\') i++;
    else if (letter === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (letter === '[' || letter === '{') most = Math.max(most, ++depth);
    else if (letter === ']' || letter === '}') depth--;
  }
  return most;
}

/** Parses JSON; a syntax error becomes a sentence that names the file and, where it can be told, the line. */
export function parseJson(text: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (depthOf(text) > MOST_DEEP)
      throw new LensError('input', 'input/json', `${name} is nested more than ${MOST_DEEP} levels deep.`);
    return value;
  } catch (error) {
    if (error instanceof LensError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/.exec(message)?.[1];
    const at = position === undefined ? '' : ` in line ${text.slice(0, Number(position)).split('\n').length}`;
    // Engines quote the text at length: only what is wrong is kept.
    const what = message
      .split(/ in JSON|, (?:\.\.\.)?"| is not valid JSON/)[0]!
      .replace(/\s+/g, ' ')
      .trim();
    throw new LensError('input', 'input/json', `${name} is not valid JSON${at}: ${what}.`, { cause: error });
  }
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}
