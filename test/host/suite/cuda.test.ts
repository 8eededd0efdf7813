import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { skipBecause } from '../../../.build/counts.mjs';
import { filePath } from '../../../src/base/place.js';
import type { LensApi } from '../../../src/extension.js';
import { fits } from '../../../src/host/provider/cudaSearch.js';
import { CudaSetup } from '../../../src/host/provider/cudaSetup.js';
import { StatusItem } from '../../../src/host/statusItem.js';
import { elfLibrary } from '../../unit/support/elf.js';
import { assertSentence, extension, lens, scratch, shipped, until } from './lens.js';

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

  it('is offered where a card is there and was not used, and the status bar names the card that is', async () => {
    const driver = { proc: path.join(prefix, 'proc'), dev: path.join(prefix, 'dev'), smi: [path.join(prefix, 'smi')] };
    const answer = '0, NVIDIA H200, GPU-aa, 143771 MiB, 550.54.15';
    fs.writeFileSync(driver.smi[0]!, `#!/bin/sh\necho "${answer}"\n`, { mode: 0o755 });
    fs.mkdirSync(driver.dev);
    fs.writeFileSync(path.join(driver.dev, 'nvidiactl'), '');
    const kept = new Map<string, unknown>();
    const state: vscode.Memento = {
      keys: () => [...kept.keys()],
      get: <T>(key: string) => kept.get(key) as T,
      update: (key, value) => Promise.resolve(void kept.set(key, value)),
    };
    const status = new StatusItem();
    let replaced = 0;
    const setup = new CudaSetup({
      script: path.join(extension().extensionPath, 'dist', 'runner.js'),
      storage: path.join(prefix, 'storage'),
      state,
      settings: api.services.settings,
      status,
      log: api.services.log,
      replaceRunner: () => void replaced++,
      driver,
    });
    try {
      status.report('cpu', [{ provider: 'cuda', reason: 'not installed' }]);
      const offer = await until('the offer', () => status.offer);
      assert.match(
        offer,
        /^NVIDIA H200, 143771 MiB; driver 550\.54\.15: ONNX Runtime \S+ with CUDA 12\.8 is in the Python/,
      );
      const { found } = await setup.search(false);
      await setup.use(found.candidates.find((each) => each.folder === capi)!);
      assert.strictEqual(status.offer, undefined);
      assert.strictEqual(replaced, 1);
      const { LD_LIBRARY_PATH = '' } = setup.environment();
      assert.ok(LD_LIBRARY_PATH.startsWith(path.join(prefix, 'storage', 'links-')), LD_LIBRARY_PATH);
      status.report('cuda', [], 5);
      await until('the device', () => (status.text === 'ONNX Lens: CUDA, NVIDIA H200' ? status.text : undefined));
    } finally {
      setup.dispose();
      status.dispose();
    }
  });

  it('is not started with once one of its libraries has gone, and the status bar says so', async () => {
    await vscode.commands.executeCommand('onnxLens.useCuda', capi);
    fs.rmSync(path.join(capi, 'libonnxruntime_providers_cuda.so'));
    api.runner.restart();
    assert.match(((await explain()) as Error).message, /provider libraries are not installed/);
    assert.match(api.status.offer ?? '', /libonnxruntime_providers_cuda\.so is not there any more/);
  });
});
