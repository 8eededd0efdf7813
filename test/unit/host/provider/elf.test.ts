import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readElf } from '../../../../src/host/provider/elf.js';
import { elfLibrary } from '../../support/elf.js';
import { temporaryFolder } from '../../support/temporary.js';

describe('the head of a shared library', () => {
  const folder = temporaryFolder();
  const written = (bytes: Uint8Array): string => {
    const file = path.join(folder, 'library.so');
    writeFileSync(file, bytes);
    return file;
  };
  const library = {
    soname: 'libone.so.1',
    needed: ['libtwo.so.2', 'libc.so.6'],
    runpath: '$ORIGIN:$ORIGIN/../nvidia/cudnn/lib',
  };

  it('tells the name, the needs and the folders', async () => {
    assert.deepEqual(await readElf(written(elfLibrary(library))), {
      soname: 'libone.so.1',
      needed: ['libtwo.so.2', 'libc.so.6'],
      runpath: ['$ORIGIN', '$ORIGIN/../nvidia/cudnn/lib'],
    });
  });

  it('tells those of ONNX Runtime itself', async function () {
    if (process.platform !== 'linux' || process.arch !== 'x64') this.skip();
    const elf = await readElf(
      path.resolve('node_modules/onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node'),
    );
    assert.ok(elf?.needed.includes('libonnxruntime.so.1'));
    // The folder of links depends on this being a RUNPATH, which LD_LIBRARY_PATH precedes.
    assert.deepEqual(elf?.runpath, ['$ORIGIN/']);
  });

  it('is nothing for what is no library of this machine', async () => {
    const whole = elfLibrary(library);
    assert.equal(await readElf(path.join(folder, 'nowhere.so')), undefined);
    assert.equal(await readElf(folder).catch(() => undefined), undefined);
    assert.equal(await readElf(written(Buffer.from('INPUT(libc.so.6)'))), undefined);
    assert.equal(await readElf(written(elfLibrary({ ...library, machine: 183 }))), undefined);
    for (let bytes = 0; bytes < 300; bytes += 7) await readElf(written(whole.subarray(0, bytes)));
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = 0xff;
      await readElf(written(damaged)); // never throws
    }
  });
});
