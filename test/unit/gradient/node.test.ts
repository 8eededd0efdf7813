import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { dataPath, requireData } from '../support/data.js';
import { check } from './check.js';
import { nodeCase } from './nodeTests.js';

const folder = dataPath('onnx', 'node');

describe('gradient/node: the standard tests against central differences', () => {
  before(requireData);
  if (!existsSync(folder)) return;
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  for (const name of readdirSync(folder)) {
    it(name, async () => {
      const c = await nodeCase(path.join(folder, name));
      assert.ok(c !== undefined, 'there is no c');
      if (c.wrt.length === 0) return;
      const { precision, error, forward } = await check(sessions, c);
      assert.ok(forward < 1e-4, `forward differs by ${forward}`);
      assert.ok(error < (precision === 'float64' ? 1e-6 : 1e-3), `${precision}: ${error.toExponential(1)}`);
    });
  }
});
