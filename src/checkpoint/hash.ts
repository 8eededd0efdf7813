import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { throwIfCancelled } from '../base/errors.js';
import { Newest } from '../base/newest.js';
import type { Checkpoint } from './model.js';
import { openCheckpoint } from './reader.js';

/** Digests by path, size, time and inode. */
const digests = new Newest<string, string>(256);

/**
 * SHA-256 of a model as hexadecimal digits: of the file itself or, where weights lie in other files, of its digest
 * followed by theirs (as bytes, in the order of their names). Streamed; remembered as long as sizes and times stay.
 */
export async function hashModel(model: string | Checkpoint, signal?: AbortSignal): Promise<string> {
  const checkpoint =
    typeof model === 'string' ? await openCheckpoint(model, signal === undefined ? {} : { signal }) : model;
  const main = await hashFile(checkpoint.path, signal);
  const others = checkpoint.externalFiles;
  if (others.length === 0) return main;
  const all = createHash('sha256').update(Buffer.from(main, 'hex'));
  for (const file of others) all.update(Buffer.from(await hashFile(file, signal), 'hex'));
  return all.digest('hex');
}

/** SHA-256 of one file. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const { size, mtimeMs, ino } = await stat(path);
  const key = `${path}\0${size}\0${mtimeMs}\0${ino}`;
  const known = digests.get(key);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    throwIfCancelled(signal);
    hash.update(chunk as Uint8Array);
  }
  const digest = hash.digest('hex');
  digests.set(key, digest);
  return digest;
}
