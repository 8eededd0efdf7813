import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { skipBecause } from '../../../.build/counts.mjs';
import { filePath } from '../../../src/base/place.js';
import type { LensApi } from '../../../src/extension.js';
import { fits } from '../../../src/host/provider/cudaSearch.js';
import { elfLibrary } from '../../unit/support/elf.js';
import { assertSentence, lens, scratch, shipped } from './lens.js';

describe('the CUDA of a Python environment', () => {
  const prefix = scratch('.venv');
  const capi = path.join(prefix, 'lib/python3.12/site-packages/onnxruntime/capi');
  let api: LensApi;

  before(async function () {
    if (process.platform !== 'linux' || process.arch !== 'x64') skipBecause(this, 'CUDA is served on 64-bit Linux');
    api = await lens();
    // Stand-ins that the loader takes and in which ONNX Runtime finds no provider: the way there is what is tested.
    const write = (file: string, content: string | Uint8Array): void => {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, content);
    };
    const { version } = api.cuda.runtime();
    write(path.join(prefix, 'bin/python'), '');
    for (const [name, needed] of Object.entries({
      'libonnxruntime_providers_shared.so': [],
      'libonnxruntime_providers_cuda.so': ['libcublas.so.12'],
    }))
      write(path.join(capi, name), elfLibrary({ soname: name, needed }));
    write(path.join(capi, 'build_and_package_info.py'), `__version__ = '${version}'\ncuda_version = '12.8'\n`);
    const cublas = path.join(capi, '../../nvidia/cublas/lib/libcublas.so.12');
    write(cublas, elfLibrary({ soname: 'libcublas.so.12' }));
  });
  after(async () => api?.cuda.forget());

  const explain = async (): Promise<unknown> => {
    const { model, picture } = shipped();
    const request = {
      model: filePath(model),
      provider: 'cuda' as const,
      inputs: [filePath(picture)],
      method: 'gradient',
    };
    return (await api.services.runner()).explain(request).then(
      () => undefined,
      (error: unknown) => error,
    );
  };

  it('is found, starts the runner with its libraries on one click, and is left again', async () => {
    const before = (await explain()) as Error;
    assert.match(before.message, /provider libraries are not installed/);

    const { found } = await api.cuda.search(true);
    const candidate = found.candidates.find((each) => each.folder === capi);
    assert.ok(candidate, JSON.stringify(found, null, 1));
    assert.ok(fits(candidate), JSON.stringify(candidate, null, 1));
    assert.match(candidate.of, /\.venv \((in this workspace|selected in the Python extension)\)/);

    const { pid } = api.runner;
    await vscode.commands.executeCommand('onnxLens.useCuda', capi);
    assert.strictEqual(api.cuda.choice?.folder, capi);
    const error = (await explain()) as Error & { code: string };
    assert.notStrictEqual(api.runner.pid, pid, 'the runner is another one');
    assert.strictEqual(error.code, 'session/provider-cuda');
    assert.match(error.message, /Failed to load shared library/); // and no longer that they are not there
    assertSentence(error);

    await api.cuda.forget();
    assert.match(((await explain()) as Error).message, /provider libraries are not installed/);
  });

  it('names the device in the status bar', () => {
    api.status.setDevice('cuda', 'NVIDIA H200');
    api.status.report('cuda', [], 5);
    assert.strictEqual(api.status.text, 'ONNX Lens: CUDA, NVIDIA H200');
    api.status.report('cpu', [], 5);
    assert.strictEqual(api.status.text, 'ONNX Lens: CPU');
  });

  it('is not started with once one of its libraries has gone, and the status bar says so', async () => {
    await vscode.commands.executeCommand('onnxLens.useCuda', capi);
    fs.rmSync(path.join(capi, 'libonnxruntime_providers_cuda.so'));
    api.runner.restart();
    assert.match(((await explain()) as Error).message, /provider libraries are not installed/);
    assert.match(api.status.offer ?? '', /libonnxruntime_providers_cuda\.so is not there any more/);
  });
});
