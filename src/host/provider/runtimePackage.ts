import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { listed } from './loader.js';

export const SHARED_LIBRARY = 'libonnxruntime_providers_shared.so';
export const CUDA_LIBRARY = 'libonnxruntime_providers_cuda.so';
/** Written beside libraries that we fetched. */
export const FETCHED_MARK = 'fetched.json';

/** Which ONNX Runtime the libraries of a folder were built with. */
export interface RuntimeVersion {
  /** "1.30.0"; undefined: it cannot be told. */
  readonly version: string | undefined;
  /** What said so. */
  readonly from: string;
  /** The CUDA that the package states: "12.8". */
  readonly cuda?: string;
}

/**
 * Version of the provider libraries in a folder, by what lies beside them: our own note, the Python package's files, or
 * ONNX Runtime's own library with its version in the name. The libraries themselves do not say it, and ONNX Runtime does
 * not check it: a library of another version ends the process.
 */
export async function versionOf(folder: string): Promise<RuntimeVersion> {
  const names = await listed(folder);
  if (names.includes(FETCHED_MARK)) {
    const mark: unknown = JSON.parse(await text(path.join(folder, FETCHED_MARK)).then((json) => json || '{}'));
    if (typeof mark === 'object' && mark !== null && 'version' in mark && typeof mark.version === 'string')
      return { version: mark.version, from: 'its package' };
  }
  if (path.basename(folder) === 'capi') {
    const built = await text(path.join(folder, 'build_and_package_info.py'));
    const cuda = assigned(built, 'cuda_version');
    const more = cuda === undefined || cuda === '' ? {} : { cuda };
    const installed = await distribution(path.dirname(path.dirname(folder)));
    // Where `onnxruntime` was installed over `onnxruntime-gpu`, the Python files are the former's and these libraries the latter's.
    if (installed !== undefined) return { version: installed.version, from: installed.name, ...more };
    const stated =
      assigned(built, '__version__') ?? assigned(await text(path.join(folder, '..', '__init__.py')), '__version__');
    if (stated !== undefined) return { version: stated, from: 'its Python package', ...more };
  }
  const named = names
    .map((name) => /^libonnxruntime\.so\.(\d+\.\d+\.\d+)$/.exec(name)?.[1])
    .filter((each) => each !== undefined);
  if (named.length === 1) return { version: named[0], from: `libonnxruntime.so.${named[0]}` };
  return { version: undefined, from: '' };
}

/** The installed package that brings the CUDA libraries, by its metadata; undefined where there are none or several. */
async function distribution(packages: string): Promise<{ name: string; version: string } | undefined> {
  const found = (await listed(packages)).flatMap((name) => {
    const parts = /^(onnxruntime_gpu|onnxruntime_gpu_\w+|ort_nightly_gpu)-(\d[^-]*)\.dist-info$/i.exec(name);
    return parts === null ? [] : [{ name: parts[1]!.replaceAll('_', '-'), version: parts[2]!.replace(/\+.*$/, '') }];
  });
  return found.length === 1 ? found[0] : undefined;
}

/** The version of a package without CUDA: `onnxruntime`, whose folder has no CUDA library. */
export async function plainPackage(packages: string): Promise<string | undefined> {
  const init = await text(path.join(packages, 'onnxruntime', '__init__.py'));
  return assigned(init, '__version__');
}

function assigned(python: string, name: string): string | undefined {
  return new RegExp(`^${name}\\s*=\\s*(['"])(.*?)\\1`, 'm').exec(python)?.[2];
}

async function text(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
