import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { goneTarget, homeEnvironment, makeHome } from '../../../../src/host/provider/home.js';
import { cudaLoadFailure, missingHere } from '../../../../src/session/ort/providers.js';
import { elfLibrary } from '../../support/elf.js';
import { temporaryFolder } from '../../support/temporary.js';

const runtime = path.resolve('node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1');
const SHARED = 'libonnxruntime_providers_shared.so';
const CUDA = 'libonnxruntime_providers_cuda.so';

describe('the folder of links', () => {
  it('is made once, and again when something that it links to has gone', () => {
    const root = temporaryFolder();
    writeFileSync(path.join(root, 'a'), '');
    const links = new Map([['libcublas.so.12', path.join(root, 'a')]]);
    const home = makeHome(path.join(root, 'storage'), links);
    assert.equal(readlinkSync(path.join(home, 'libcublas.so.12')), path.join(root, 'a'));
    assert.equal(makeHome(path.join(root, 'storage'), links), home);
    rmSync(path.join(home, 'libcublas.so.12'));
    assert.equal(makeHome(path.join(root, 'storage'), links), home);
    assert.deepEqual(readdirSync(home), ['libcublas.so.12']);
    assert.notEqual(makeHome(path.join(root, 'storage'), new Map([...links, ['b', path.join(root, 'a')]])), home);
    assert.equal(readdirSync(path.join(root, 'storage')).length, 2, 'nothing half made stays');
    assert.equal(goneTarget(links), undefined);
    rmSync(path.join(root, 'a'));
    assert.equal(goneTarget(links), path.join(root, 'a'));
  });

  it('comes before the LD_LIBRARY_PATH that there is, and keeps an order of devices that was asked for', () => {
    assert.deepEqual(homeEnvironment('/home', { LD_LIBRARY_PATH: '/mine', CUDA_DEVICE_ORDER: 'FASTEST_FIRST' }), {
      LD_LIBRARY_PATH: '/home:/mine',
      ONNX_LENS_PROVIDERS: '/home',
      CUDA_DEVICE_ORDER: 'FASTEST_FIRST',
    });
    assert.equal(homeEnvironment('/home', {})['LD_LIBRARY_PATH'], '/home');
  });

  describe('as ONNX Runtime sees it', () => {
    let home: string;
    before(function () {
      if (process.platform !== 'linux' || process.arch !== 'x64') return this.skip();
      // Libraries of which the loader can say what they lack: enough to see which file is loaded, and by whom.
      const python = path.join(temporaryFolder(), 'capi');
      mkdirSync(python);
      writeFileSync(path.join(python, SHARED), elfLibrary({ soname: SHARED, needed: ['libnowhere.so.12'] }));
      writeFileSync(path.join(python, CUDA), elfLibrary({ soname: CUDA }));
      const links: [string, string][] = [SHARED, CUDA].map((name) => [name, path.join(python, name)]);
      home = makeHome(temporaryFolder(), new Map([['libonnxruntime.so.1', runtime], ...links]));
    });

    it('is where the provider is loaded from', () => {
      const script = `require('onnxruntime-node').InferenceSession.create(Buffer.alloc(1), { executionProviders: ['cuda'] }).catch((e) => console.log(e.message))`;
      const ran = spawnSync(process.execPath, ['-e', script], {
        env: { ...process.env, ...homeEnvironment(home, process.env) },
        encoding: 'utf8',
      });
      assert.match(ran.stdout, /Failed to load shared library/);
      assert.ok(ran.stderr.includes(`Failed to load library ${path.join(home, SHARED)} with error`), ran.stderr);
      assert.match(ran.stderr, /libnowhere\.so\.12: cannot open shared object file/);
    });

    it('loads a provider through its links, with what it is linked against', () => {
      const python = temporaryFolder();
      const made: [string, readonly string[]][] = [
        [SHARED, []],
        [CUDA, ['libcublas.so.12']],
        ['libcublas.so.12', []],
      ];
      for (const [name, needed] of made) writeFileSync(path.join(python, name), elfLibrary({ soname: name, needed }));
      const links = new Map(made.map(([name]) => [name, path.join(python, name)]));
      const whole = makeHome(temporaryFolder(), links.set('libonnxruntime.so.1', runtime));
      const script = `try { process.dlopen({ exports: {} }, process.argv[1]) } catch (e) { console.log(e.message) }`;
      const ran = spawnSync(process.execPath, ['-e', script, path.join(whole, CUDA)], {
        env: { ...process.env, ...homeEnvironment(whole, process.env) },
        encoding: 'utf8',
      });
      assert.match(ran.stdout, /did not self-register/, ran.stderr); // loaded, and no module of Node's
    });

    it('lets the session say what the loader lacks', () => {
      const before = process.env['ONNX_LENS_PROVIDERS'];
      assert.match(missingHere('cuda')!, /not installed/);
      process.env['ONNX_LENS_PROVIDERS'] = home;
      try {
        assert.equal(missingHere('cuda'), undefined);
        assert.match(cudaLoadFailure()!, /^libnowhere\.so\.12: cannot open shared object file/);
      } finally {
        if (before === undefined) delete process.env['ONNX_LENS_PROVIDERS'];
        else process.env['ONNX_LENS_PROVIDERS'] = before;
      }
    });
  });
});
