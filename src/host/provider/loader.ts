import { access, readFile, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';

/** A folder in which libraries may lie, and how a person knows it. */
export interface Place {
  readonly folder: string;
  /** After "in": "the Python environment /home/me/.venv". */
  readonly of: string;
}

/** What the system knows of libraries; a test makes its own. */
export interface SystemPlaces {
  /** The cache of the system's loader. */
  readonly loaderCache: string;
  /** Folders that hold toolkits: `/usr/local` with `cuda`, `cuda-12.4` … */
  readonly toolkits: string;
  /** Where the Windows subsystem for Linux lays the driver. */
  readonly wsl: string;
  /** Folders that the loader searches though they are in no cache. */
  readonly builtIn: readonly string[];
}

export const LINUX: SystemPlaces = {
  loaderCache: '/etc/ld.so.cache',
  toolkits: '/usr/local',
  wsl: '/usr/lib/wsl/lib',
  builtIn: ['/lib64', '/usr/lib64', '/lib', '/usr/lib', '/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu'],
};

const MAGIC = 'glibc-ld.so.cache1.1';
/** An ELF library of glibc for x86-64, in the words of the cache. */
const FLAGS_X86_64 = 0x0303;

/**
 * Libraries of 64-bit x86 in the loader's cache: soname → file. Empty where there is none (musl, NixOS) or in another
 * form. The layout is glibc's `struct cache_file_new`: 20 bytes of magic, the number of entries, 24 bytes in; entries of
 * 24 bytes from byte 48 on, whose texts are counted from the magic.
 */
export async function readLoaderCache(file: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  const start = bytes.indexOf(MAGIC);
  if (start < 0 || start + 48 > bytes.length) return found;
  const cache = bytes.subarray(start);
  const text = (at: number): string => {
    const end = cache.indexOf(0, at);
    return at < cache.length && end >= 0 ? cache.toString('utf8', at, end) : '';
  };
  const count = cache.readUInt32LE(20);
  for (let i = 0, at = 48; i < count && at + 24 <= cache.length; i++, at += 24) {
    if ((cache.readUInt32LE(at) & 0xffff) !== FLAGS_X86_64) continue;
    const [soname, place] = [text(cache.readUInt32LE(at + 4)), text(cache.readUInt32LE(at + 8))];
    // The first of several is the one for the best processor; any of them answers whether it is there.
    if (soname !== '' && place.startsWith('/') && !found.has(soname)) found.set(soname, place);
  }
  return found;
}

/** Folders that the loader of a process with this environment searches first. */
export function libraryPath(environment: NodeJS.ProcessEnv): Place[] {
  return (environment['LD_LIBRARY_PATH'] ?? '')
    .split(/[:;]/)
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => ({ folder, of: 'LD_LIBRARY_PATH' }));
}

/** The toolkits of a system, the one without a version in its name first, then the newest. */
export async function toolkitPlaces(system: SystemPlaces, environment: NodeJS.ProcessEnv): Promise<Place[]> {
  const named = ['CUDA_HOME', 'CUDA_PATH'].flatMap((name) => {
    const folder = environment[name];
    return folder !== undefined && path.isAbsolute(folder) ? [{ root: folder, of: `${name} (${folder})` }] : [];
  });
  const here = (await listed(system.toolkits))
    .filter((name) => /^cuda(-\d|$)/.test(name))
    .sort((a, b) => Number(b === 'cuda') - Number(a === 'cuda') || b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => ({ root: path.join(system.toolkits, name), of: path.join(system.toolkits, name) }));
  const places = [...named, ...here].flatMap(({ root, of }) =>
    ['lib64', 'targets/x86_64-linux/lib', 'lib'].map((part) => ({ folder: path.join(root, part), of })),
  );
  return [...places, { folder: system.wsl, of: system.wsl }];
}

/** Names in a folder; none where it cannot be read. */
export async function listed(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** Links followed as far as there is such a file. */
export async function real(file: string): Promise<string> {
  return realpath(file).catch(() => path.resolve(file));
}
