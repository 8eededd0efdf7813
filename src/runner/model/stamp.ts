import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { LensError } from '../../base/errors.js';
import { isNodeError, stampOf } from '../../input/files.js';

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
