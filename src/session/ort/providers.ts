import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ProviderChoice, ProviderName } from '../session.js';

export type Refusal = { readonly provider: ProviderName; readonly reason: string };

/** The providers to try for a choice, in order. `auto` ends with the CPU; a named provider stands alone and never falls back. */
export function candidates(
  choice: ProviderChoice,
  platform: NodeJS.Platform = process.platform,
): readonly ProviderName[] {
  if (choice !== 'auto') return [choice];
  switch (platform) {
    case 'win32':
      return ['dml', 'webgpu', 'cpu'];
    case 'darwin':
      return ['coreml', 'webgpu', 'cpu'];
    default:
      return ['cuda', 'webgpu', 'cpu'];
  }
}

/** Why a provider need not even be tried on this machine; undefined where only trying can tell. */
export function missingHere(
  provider: ProviderName,
  platform: NodeJS.Platform = process.platform,
  arch: string = process.arch,
): string | undefined {
  switch (provider) {
    case 'cpu':
      return undefined;
    case 'dml':
      return platform === 'win32' ? undefined : 'DirectML exists on Windows only';
    case 'coreml':
      return platform === 'darwin' ? undefined : 'Core ML exists on macOS only';
    case 'webgpu':
      if (platform !== 'linux') return undefined;
      if (arch !== 'x64') return `this build of ONNX Runtime has no WebGPU for ${platform} ${arch}`;
      return hasVulkan() ? undefined : 'no Vulkan loader (libvulkan.so.1) is installed';
    case 'cuda': {
      if (platform !== 'linux' || arch !== 'x64') return 'CUDA is served on 64-bit Linux only';
      const folder = providerFolder();
      if (folder !== undefined && !existsSync(path.join(folder, CUDA_LIBRARY))) {
        return 'its provider libraries are not installed beside ONNX Runtime';
      }
      return undefined;
    }
  }
}

const CUDA_LIBRARY = 'libonnxruntime_providers_cuda.so';
const SHARED_LIBRARY = 'libonnxruntime_providers_shared.so';

/**
 * What the system's loader says against the CUDA provider, e.g. "libcudnn.so.9: cannot open shared object file": ONNX
 * Runtime's own message only says that it failed. Undefined where the loader has nothing against it.
 */
export function cudaLoadFailure(): string | undefined {
  const folder = providerFolder();
  if (folder === undefined) return undefined;
  for (const name of [SHARED_LIBRARY, CUDA_LIBRARY]) {
    const file = path.join(folder, name);
    try {
      process.dlopen({ exports: {} }, file);
    } catch (error) {
      const said = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
      // It was loaded, and is no module of Node: all is well.
      if (/did not self-register/i.test(said)) continue;
      return said.replace(`${file}: `, '');
    }
  }
  return undefined;
}

/** Where ONNX Runtime looks for providers: the folder that the host made of what it found, else its own. */
function providerFolder(): string | undefined {
  return process.env['ONNX_LENS_PROVIDERS'] ?? bindingFolder();
}

/** Looked up without loading anything: the native module would write its own warning to stderr. */
function hasVulkan(): boolean {
  const name = 'libvulkan.so.1';
  const folders = (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '');
  if (folders.some((folder) => existsSync(path.join(folder, name)))) return true;
  try {
    return readFileSync('/etc/ld.so.cache').includes(name);
  } catch {
    // Without a loader cache (musl, some containers) only trying can tell.
    return true;
  }
}

/** The folder of ONNX Runtime's native binding, where provider libraries are looked for. */
export function bindingFolder(): string | undefined {
  try {
    const main = require.resolve('onnxruntime-node');
    return path.join(path.dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch);
  } catch {
    return undefined;
  }
}
