import assert from 'node:assert/strict';
import { mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { asChoice, liesIn, startWith, type CudaChoice } from '../../../../src/host/provider/chosen.js';
import { temporaryFolder } from '../../support/temporary.js';

describe('what a person chose to run models with', () => {
  let root: string;
  let choice: CudaChoice;
  const start = (given: { version?: string; device?: string; mayLoad?: (file: string) => boolean } = {}) =>
    startWith(choice, {
      runtime: { version: given.version ?? '1.30.0', library: path.join(root, 'libonnxruntime.so.1') },
      storage: path.join(root, 'storage'),
      device: given.device ?? '',
      environment: { LD_LIBRARY_PATH: '/mine' },
      mayLoad: given.mayLoad ?? (() => true),
    });

  beforeEach(() => {
    root = temporaryFolder();
    mkdirSync(path.join(root, 'work'));
    writeFileSync(path.join(root, 'libonnxruntime.so.1'), '');
    writeFileSync(path.join(root, 'work', 'cuda.so'), '');
    symlinkSync(path.join(root, 'work', 'cuda.so'), path.join(root, 'linked.so'));
    choice = {
      runtime: '1.30.0',
      folder: root,
      of: 'the environment',
      links: [['libonnxruntime_providers_cuda.so', path.join(root, 'linked.so')]],
    };
  });

  it('starts the runner with links to it and to the runner’s own ONNX Runtime', () => {
    const started = start({ device: '1' });
    assert.ok('environment' in started);
    const { LD_LIBRARY_PATH, ONNX_LENS_PROVIDERS, CUDA_VISIBLE_DEVICES } = started.environment;
    assert.equal(LD_LIBRARY_PATH, `${ONNX_LENS_PROVIDERS}:/mine`);
    assert.equal(CUDA_VISIBLE_DEVICES, '1');
    const target = readlinkSync(path.join(ONNX_LENS_PROVIDERS!, 'libonnxruntime.so.1'));
    assert.equal(target, path.join(root, 'libonnxruntime.so.1'));
  });

  it('does not start it with what is of another version, has gone, or may not be loaded', () => {
    assert.deepEqual(start({ version: '1.31.0' }), {
      refused: 'it is of ONNX Runtime 1.30.0, and models now run with 1.31.0',
      mend: true,
    });
    const inWork = start({ mayLoad: (file) => !liesIn(file, path.join(root, 'work')) });
    assert.ok('refused' in inWork, 'a link into the workspace counts as in the workspace');
    assert.match(inWork.refused, /not trusted/);
    rmSync(path.join(root, 'work'), { recursive: true });
    const gone = start();
    assert.ok('refused' in gone);
    assert.match(gone.refused, /linked\.so is not there any more/);
  });

  it('is nothing where something else was kept', () => {
    for (const kept of [undefined, null, 'x', {}, { ...choice, links: [['a']] }, { ...choice, runtime: 1 }])
      assert.equal(asChoice(kept), undefined);
    assert.equal(asChoice(choice), choice);
  });
});
