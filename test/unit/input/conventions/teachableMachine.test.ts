import assert from 'node:assert/strict';
import { removeModels, resolve, valuesOf } from '../models.js';

describe('conventions: Teachable Machine', () => {
  after(removeModels);

  it('gives side, range and names', async () => {
    const content = { packageName: '@teachablemachine/image', imageSize: 224, labels: ['rock', 'paper'] };
    const found = await resolve({ output: [1, 2], files: { 'metadata.json': content } });
    assert.deepEqual(valuesOf(found).range, [-1, 1]);
    assert.deepEqual(found.labels.names, ['rock', 'paper']);
  });
});
