import { open } from 'node:fs/promises';
import { LensError } from '../base/errors.js';

/** Small helpers around the file system. */

/** Whether `error` is one of Node's system errors with one of these codes. */
export function isNodeError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

const NOT_THERE = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG'];

/**
 * Text of a small file beside a model, without a byte order mark; undefined where there is none that can be read.
 * A file longer than `limit` is none of ours.
 */
export async function readSmallText(file: string, limit = 16 << 20): Promise<string | undefined> {
  let handle;
  try {
    handle = await open(file, 'r');
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size > limit) return undefined;
    return (await handle.readFile('utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    if (isNodeError(error, ...NOT_THERE)) return undefined;
    throw error;
  } finally {
    await handle?.close();
  }
}

/** Parses JSON; a syntax error becomes a sentence that names the file and, where it can be told, the line. */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
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
