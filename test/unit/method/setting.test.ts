import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { attributionMethodById, attributionMethods } from '../../../src/method/index.js';
import { AUTO } from '../../../src/result/method.js';

describe('the setting onnxLens.defaultMethod', () => {
  it('offers every method with its own summary', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
      contributes: { configuration: { properties: Record<string, { enum: string[]; enumDescriptions: string[] }> } };
    };
    const setting = manifest.contributes.configuration.properties['onnxLens.defaultMethod']!;
    const [first, ...ids] = setting.enum;
    assert.equal(first, AUTO);
    assert.deepEqual(
      setting.enumDescriptions.slice(1),
      ids.map((id) => attributionMethodById(id).summary),
    );
    assert.deepEqual(
      ids,
      attributionMethods.map(({ id }) => id),
    );
  });
});
