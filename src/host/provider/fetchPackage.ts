import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Entry } from 'yauzl';
import { CancelledError, LensError, throwIfCancelled } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { CUDA_PACKAGE } from './cudaPackage.js';
import { fetchedFolder } from './fetched.js';
import { CUDA_LIBRARY, FETCHED_MARK, SHARED_LIBRARY } from './runtimePackage.js';

/** A package of a feed, before it is fetched. */
export interface OfferedPackage {
  readonly url: string;
  readonly version: string;
  /** Where known. */
  readonly bytes: number | undefined;
  /** SHA-512 of the package, base64. */
  readonly sha512: string;
}

export interface FetchOptions {
  /** Under which the folder of the version is made. */
  readonly storage: string;
  readonly signal?: AbortSignal;
  /** 0 to 1 where the size is known, and what is being done. */
  readonly onProgress?: (report: { readonly fraction?: number; readonly message: string }) => void;
}

/** A feed that takes longer to answer has stopped doing so. */
const ANSWER_MS = 30_000;
/** A feed's documents are some hundred kilobytes at most. */
const LONGEST_DOCUMENT = 16 * 2 ** 20;

/**
 * Looks a version of ONNX Runtime's CUDA package up in a feed that speaks NuGet's protocol, version 3.
 *
 * @param feed address of the feed's index
 */
export async function offeredPackage(feed: string, version: string, signal?: AbortSignal): Promise<OfferedPackage> {
  const id = CUDA_PACKAGE.name.toLowerCase();
  const index = await json(feed, signal);
  const resources = list(index, 'resources');
  const resource = (kind: string): string => {
    const found = resources.find((each) => text(each, '@type') === kind);
    const address = found === undefined ? undefined : text(found, '@id');
    if (address === undefined) throw feedError(`The feed ${feed} has no ${kind}.`);
    return address.replace(/\/?$/, '/');
  };
  const base = resource('PackageBaseAddress/3.0.0');
  const leaf = await json(`${resource('RegistrationsBaseUrl')}${id}/${version}.json`, signal);
  const entry = record(leaf)['catalogEntry'];
  const details = typeof entry === 'string' ? await json(entry, signal) : record(entry);
  const sha512 = text(details, 'packageHash');
  if (sha512 === undefined || text(details, 'packageHashAlgorithm')?.toUpperCase() !== 'SHA512') {
    throw feedError(
      `The feed ${feed} states no SHA-512 of ${CUDA_PACKAGE.name} ${version}, so it could not be checked.`,
    );
  }
  const bytes = record(details)['packageSize'];
  return {
    url: `${base}${id}/${version}/${id}.${version}.nupkg`,
    version,
    bytes: typeof bytes === 'number' && bytes > 0 ? bytes : undefined,
    sha512,
  };
}

/**
 * Fetches the package, checks it, and lays its CUDA libraries into a folder of its version. Nothing of a fetch that was
 * cancelled or failed stays.
 *
 * @returns the folder
 */
export async function fetchPackage(offered: OfferedPackage, options: FetchOptions): Promise<string> {
  const { storage, onProgress } = options;
  const folder = fetchedFolder(storage, offered.version);
  const half = `${folder}.part-${process.pid}`;
  try {
    await rm(half, { recursive: true, force: true });
    await mkdir(half, { recursive: true });
    const archive = path.join(half, 'package');
    await download(offered, archive, options);
    onProgress?.({ message: 'unpacking' });
    await unpack(archive, half, options.signal);
    await rm(archive);
    await writeFile(
      path.join(half, FETCHED_MARK),
      `${JSON.stringify({ version: offered.version, url: offered.url, sha512: offered.sha512 }, undefined, 2)}\n`,
    );
    await rm(folder, { recursive: true, force: true });
    await rename(half, folder);
    return folder;
  } catch (error) {
    // What cannot be removed either says no more than the first error does.
    await rm(half, { recursive: true, force: true }).catch(() => undefined);
    if (options.signal?.aborted) throw new CancelledError();
    if (error instanceof LensError) throw error;
    throw diskError(error, storage) ?? feedError(`The package cannot be unpacked: ${String(error)}.`, error);
  }
}

async function download(offered: OfferedPackage, file: string, options: FetchOptions): Promise<void> {
  const response = await answer(offered.url, options.signal);
  const stated = Number(response.headers.get('content-length') ?? 0);
  const total = offered.bytes ?? (stated > 0 ? stated : undefined);
  if (total !== undefined) await room(path.dirname(file), total);
  const hash = createHash('sha512');
  let done = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      done += chunk.length;
      const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
      options.onProgress?.({
        ...(total === undefined ? {} : { fraction: Math.min(1, done / total) }),
        message: total === undefined ? `${megabytes(done)} MB` : `${megabytes(done)} of ${megabytes(total)} MB`,
      });
      next(null, chunk);
    },
  });
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  try {
    await pipeline(body, count, createWriteStream(file), given({ signal: options.signal }));
  } catch (error) {
    if (options.signal?.aborted || isDisk(error)) throw error;
    throw feedError(`The connection broke off after ${(done / 1e6).toFixed(1)} MB.`, error);
  }
  if (hash.digest('base64') !== offered.sha512) {
    throw new LensError(
      'runtime',
      'cuda/checksum',
      `What came from ${offered.url} is not what the feed says it is: its SHA-512 differs.`,
      {
        hint: 'It was thrown away. Try again; if it comes again, a proxy may change what passes through it.',
      },
    );
  }
}

async function unpack(archive: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  const wanted = [SHARED_LIBRARY, CUDA_LIBRARY];
  const { openPromise } = await import('yauzl');
  const zip = await openPromise(archive, { lazyEntries: true, autoClose: false });
  try {
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) {
      throwIfCancelled(signal);
      const name = wanted.find((each) => entry.fileName === `${CUDA_PACKAGE.folder}/${each}`);
      if (name !== undefined) entries.set(name, entry);
    }
    const lacking = wanted.find((name) => !entries.has(name));
    if (lacking !== undefined) throw feedError(`The package holds no ${CUDA_PACKAGE.folder}/${lacking}.`);
    await room(
      folder,
      [...entries.values()].reduce((sum, entry) => sum + entry.uncompressedSize, 0),
    );
    for (const [name, entry] of entries) {
      const content = await zip.openReadStreamPromise(entry);
      await pipeline(content, createWriteStream(path.join(folder, name)), given({ signal }));
    }
  } finally {
    zip.close();
  }
}

/** Refuses before the disk is full, not after. */
async function room(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes) throw fullError(folder, bytes);
}

function fullError(folder: string, bytes?: number, cause?: unknown): LensError {
  const needed = bytes === undefined ? '' : `, and ${Math.ceil(bytes / 1e6)} MB are needed`;
  return new LensError('runtime', 'cuda/disk-full', `The disk of ${folder} is full${needed}.`, {
    hint: 'Make room there, or install onnxruntime-gpu in a Python environment on another disk.',
    cause,
  });
}

function diskError(error: unknown, storage: string): LensError | undefined {
  if (!isDisk(error)) return undefined;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return fullError(storage, undefined, error);
  return new LensError('runtime', 'cuda/disk', `${storage} cannot be written to: ${error.message}.`, {
    cause: error,
    hint: 'See the rights of that folder.',
  });
}

function isDisk(error: unknown): error is NodeJS.ErrnoException {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'ENOTDIR', 'EROFS', 'EIO'].includes(code);
}

async function answer(url: string, signal: AbortSignal | undefined): Promise<Response> {
  refuseOpen(url);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), ANSWER_MS);
  let response: Response;
  try {
    // The signal of the person stays in force while the body is read.
    response = await Promise.race([
      fetch(url, given({ signal })),
      new Promise<never>((_, reject) =>
        patience.signal.addEventListener('abort', () => reject(new Error(`no answer within ${ANSWER_MS / 1000} s`))),
      ),
    ]);
  } catch (error) {
    if (signal?.aborted) throw new CancelledError();
    const why = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
    throw feedError(`${url} cannot be reached: ${why}.`, error);
  } finally {
    clearTimeout(timer);
  }
  refuseOpen(response.url); // where it was led to
  if (!response.ok || response.body === null) {
    void response.body?.cancel();
    throw feedError(`${url} answers ${response.status}${response.status === 404 ? ', not found' : ''}.`);
  }
  return response;
}

/** Native code that anybody on the way can change is not fetched; from this machine itself it may come. */
function refuseOpen(url: string): void {
  const { protocol, hostname } = address(url);
  if (protocol !== 'https:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname))
    throw feedError(`${url} is not fetched: native code comes over https only.`);
}

function address(url: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw feedError(`"${url}" is no address.`, cause);
  }
}

async function json(url: string, signal: AbortSignal | undefined): Promise<unknown> {
  const response = await answer(url, signal);
  if (Number(response.headers.get('content-length') ?? 0) > LONGEST_DOCUMENT) throw feedError(`${url} is too long.`);
  const body = await response.text().catch((cause: unknown) => {
    throw signal?.aborted ? new CancelledError() : feedError(`${url} broke off.`, cause);
  });
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw feedError(`${url} is no JSON: a page to sign in, perhaps.`, cause);
  }
}

function feedError(message: string, cause?: unknown): LensError {
  return new LensError('runtime', 'cuda/feed', message, {
    hint: 'Name another feed in onnxLens.cuda.feed, or install onnxruntime-gpu in a Python environment.',
    cause,
  });
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function list(value: unknown, name: string): readonly unknown[] {
  const found = record(value)[name];
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

function text(value: unknown, name: string): string | undefined {
  const found = record(value)[name];
  return typeof found === 'string' ? found : undefined;
}
