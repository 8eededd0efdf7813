import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { canonical } from '../base/canonical.js';
import { LensError } from '../base/errors.js';
import { unwritable } from '../base/unwritable.js';

const SCHEMA = 'onnx-lens/job/1';
const FILE = 'job.json';

/** What a job folder is for: enough to make its result again. */
export interface JobDescription {
  /** The words that started it, less those that only say how it is divided. */
  readonly argv: readonly string[];
  /** Where they were said: paths may be relative. */
  readonly folder: string;
  /** What of it makes another job of it. */
  readonly identity: unknown;
}

/** What a folder is for; nothing where no job has begun there. */
export async function readDescription(folder: string): Promise<JobDescription | undefined> {
  let text: string;
  try {
    text = await readFile(path.join(folder, FILE), 'utf8');
  } catch {
    return undefined;
  }
  try {
    const read = JSON.parse(text) as Partial<JobDescription & { schema: string }>;
    if (read.schema === SCHEMA && Array.isArray(read.argv) && typeof read.folder === 'string')
      return { argv: read.argv.map(String), folder: read.folder, identity: read.identity };
  } catch {
    // Said below.
  }
  throw new LensError('input', 'job/damaged', `"${path.join(folder, FILE)}" is no description of a job.`, {
    hint: 'Remove it, or choose another folder.',
  });
}

/**
 * Notes what a folder is for; a job that goes on finds its own words there.
 *
 * @throws LensError `job/other` where it is for something else
 */
export async function describeJob(folder: string, job: JobDescription): Promise<void> {
  const known = await readDescription(folder);
  if (known !== undefined && canonical(known.identity) !== canonical(job.identity)) {
    throw new LensError('usage', 'job/other', `"${folder}" holds another job: onnx-lens ${known.argv.join(' ')}`, {
      hint: 'Choose another folder for this one, or say the same words to go on with that.',
    });
  }
  if (canonical(known) === canonical(job)) return;
  const file = path.join(folder, FILE);
  const half = `${file}.${randomUUID()}.half`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(half, `${JSON.stringify({ schema: SCHEMA, ...job }, null, 2)}\n`);
    await rename(half, file);
  } catch (cause) {
    await rm(half, { force: true }).catch(() => undefined);
    throw unwritable(file, cause);
  }
}
