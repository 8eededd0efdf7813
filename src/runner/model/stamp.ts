import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { LensError } from '../../base/errors.js';
import { isNodeError } from '../../input/files.js';

/** Tells one state of a file from another without reading it; `absent` where there is none. */
export async function stampOf(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'absent';
  }
}

const hashes = new Map<string, { readonly stamp: string; readonly hash: Promise<string> }>();

/** SHA-256 of a file in hex, kept as long as the file does not change. */
export async function sha256Of(file: string): Promise<string> {
  const stamp = await stampOf(file);
  const known = hashes.get(file);
  if (known?.stamp === stamp) return known.hash;
  const hash = computeHash(file);
  hashes.set(file, { stamp, hash });
  hash.catch(() => hashes.delete(file));
  return hash;
}

async function computeHash(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  } catch (cause) {
    if (!isNodeError(cause, 'ENOENT', 'EACCES', 'EPERM', 'EISDIR')) throw cause;
    throw new LensError('input', 'input/not-found', `The file "${file}" cannot be read.`, { cause });
  }
  return hash.digest('hex');
}
