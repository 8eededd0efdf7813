import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { attributionMethodById, attributionMethods } from '../../../src/method/index.js';

describe('the setting onnxLens.defaultMethod', () => {
  it('offers every method with its own summary', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
      contributes: { configuration: { properties: Record<string, { enum: string[]; enumDescriptions: string[] }> } };
    };
    const setting = manifest.contributes.configuration.properties['onnxLens.defaultMethod']!;
    assert.deepEqual(
      setting.enumDescriptions,
      setting.enum.map((id) => attributionMethodById(id).summary),
    );
    assert.equal(new Set(setting.enum).size, attributionMethods.length);
  });
});
