import path from 'node:path';
import { exists } from './loader.js';
import { CUDA_LIBRARY } from './runtimePackage.js';

/** Where the libraries of a version lie once they were fetched. */
export function fetchedFolder(storage: string, version: string): string {
  return path.join(storage, `onnxruntime-${version}`);
}

/** Whether a version was fetched. */
export async function isFetched(storage: string, version: string): Promise<boolean> {
  return exists(path.join(fetchedFolder(storage, version), CUDA_LIBRARY));
}
