import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { Candidate } from './cudaSearch.js';
import { isNvidia } from './libraryIndex.js';
import { listed } from './loader.js';
import { CUDA_LIBRARY, SHARED_LIBRARY } from './runtimePackage.js';

/** ONNX Runtime's own library, as the runner's binding asks for it. */
const RUNTIME_LIBRARY = 'libonnxruntime.so.1';

/**
 * Links by name that make one folder of everything: the runner's ONNX Runtime, the provider, CUDA and cuDNN.
 *
 * ONNX Runtime looks for a provider in the folder from which its own library was loaded, and nowhere else. Its binding
 * finds that library through a RUNPATH, which the loader searches after LD_LIBRARY_PATH: with this folder there, the same
 * library is loaded through the link, and the folder of the link is the one that counts. So neither the extension nor the
 * Python environment is written to. Libraries that the loader finds by itself need no link.
 *
 * @param runtimeLibrary the runner's libonnxruntime.so.1
 */
export async function linksFor(candidate: Candidate, runtimeLibrary: string): Promise<ReadonlyMap<string, string>> {
  const links = new Map<string, string>();
  const add = (name: string, file: string): void => {
    if (!links.has(name)) links.set(name, file);
  };
  add(RUNTIME_LIBRARY, runtimeLibrary);
  for (const name of [SHARED_LIBRARY, CUDA_LIBRARY]) add(name, path.join(candidate.folder, name));
  const needed = candidate.needs.flatMap(({ found }) => (found === undefined || found.byLoader ? [] : [found]));
  for (const { soname, file } of needed) add(soname, file);
  // What a library opens by name (the parts of cuDNN, the compiler's built-in functions) lies beside it.
  for (const folder of new Set(needed.filter(({ soname }) => isNvidia(soname)).map(({ file }) => path.dirname(file))))
    for (const name of await listed(folder)) if (isNvidia(name)) add(name, path.join(folder, name));
  return links;
}

/**
 * Makes the folder of links under `storage`, or finds it made. Its name tells what it links to, so that a runner that has
 * been started with another one keeps its own. Synchronous, because a runner's start is: some forty links.
 */
export function makeHome(storage: string, links: ReadonlyMap<string, string>): string {
  const list = [...links].sort(([a], [b]) => (a < b ? -1 : 1));
  const name = createHash('sha256').update(JSON.stringify(list)).digest('hex').slice(0, 16);
  const folder = path.join(storage, `links-${name}`);
  if (holds(folder, list)) return folder;
  const half = `${folder}.${process.pid}`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  for (const [link, target] of list) symlinkSync(target, path.join(half, link));
  rmSync(folder, { recursive: true, force: true });
  try {
    renameSync(half, folder);
  } catch (error) {
    // Another window was faster.
    rmSync(half, { recursive: true, force: true });
    if (!holds(folder, list)) throw error;
  }
  return folder;
}

/** Whether all links are there, as they should be. */
function holds(folder: string, list: readonly (readonly [string, string])[]): boolean {
  try {
    return list.every(([link, target]) => readlinkSync(path.join(folder, link)) === target);
  } catch {
    return false;
  }
}

/** The first of the links' ends that is not there any more. */
export function goneTarget(links: ReadonlyMap<string, string>): string | undefined {
  return [...links.values()].find((target) => !existsSync(target));
}

/** What the runner's environment gets for a folder of links. */
export function homeEnvironment(home: string, environment: NodeJS.ProcessEnv): Record<string, string> {
  const before = environment['LD_LIBRARY_PATH'];
  return {
    LD_LIBRARY_PATH: before === undefined || before === '' ? home : `${home}:${before}`,
    ONNX_LENS_PROVIDERS: home,
    // Devices are counted as nvidia-smi counts them, so that the one that is named is the one that runs.
    CUDA_DEVICE_ORDER: environment['CUDA_DEVICE_ORDER'] ?? 'PCI_BUS_ID',
  };
}
