import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

// Electron's V8 memory cage forbids buffers that live outside it. ONNX Runtime 1.30 copies outputs into V8's own memory;
// a version that starts to use external buffers would end the runner inside the editor, and only there.
describe('Electron safety of the ONNX Runtime bindings', () => {
  const binaries = path.resolve('node_modules/onnxruntime-node/bin');
  const bindings = fs
    .readdirSync(binaries, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.node'));

  it('covers every platform', () => {
    const platforms = bindings.map((file) => file.split(path.sep).slice(1, 3).join('-')).sort();
    assert.deepEqual(platforms, ['darwin-arm64', 'linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64']);
  });

  for (const file of bindings) {
    it(`${file} imports no external-buffer function`, () => {
      const binding = fs.readFileSync(path.join(binaries, file));
      assert.ok(binding.includes('napi_create_arraybuffer'), 'the names of imported functions can be read');
      const forbidden = [
        'napi_create_external_arraybuffer',
        'napi_create_external_buffer',
        'node_api_create_external_sharedarraybuffer',
      ];
      assert.deepEqual(
        forbidden.filter((name) => binding.includes(name)),
        [],
      );
    });
  }
});
