import assert from 'node:assert/strict';
import { LensError } from '../../../src/base/errors.js';
import { Consulted } from '../../../src/input/files.js';
import { resolveLabels } from '../../../src/input/resolveLabels.js';

describe('labels that a sidecar names elsewhere', () => {
  for (const labels of ['\\\\server\\share\\names.txt', '//server/share/names.txt', '/\\server\\x', 'a\0b'])
    it(`${JSON.stringify(labels)} is refused and not looked at`, async () => {
      const consulted = new Consulted();
      const sidecar = { path: '/m/net.lens.json', content: { labels } };
      await assert.rejects(
        resolveLabels(sidecar, [], undefined, [], consulted),
        (e: unknown) => e instanceof LensError && e.code === 'sidecar/labels',
      );
      assert.deepEqual(consulted.files, []);
    });
});
