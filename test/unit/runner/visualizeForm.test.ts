import assert from 'node:assert/strict';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { RunnerService } from '../../../src/runner/service.js';
import { call } from '../support/call.js';

describe('runner: visualizeForm', () => {
  const runner = new RunnerService();
  after(() => runner.dispose());
  const birds = (name: string) => filePath(path.resolve(`models/birds/${name}.onnx`));
  const form = (name: string, change: object = {}) =>
    runner.operations.visualizeForm(
      { model: birds(name), start: 'noise', folder: false, oneClass: true, inversion: false, ...change },
      call(),
    );

  it('says what each preset begins with, the classes, and the units of a layer', async () => {
    const { presets, classes, schema, ...rest } = await form('birds_cnn', { layer: 'stem' });
    assert.deepEqual(Object.keys(presets), ['naive', 'smooth', 'distill', 'maco', 'accentuate']);
    for (const [preset, values] of Object.entries(presets)) {
      assert.deepEqual(Object.keys(values).sort(), Object.keys(schema).sort(), preset);
      assert.equal(values['preset'], preset);
    }
    assert.deepEqual([rest.height, rest.width, rest.colours], [64, 64, 3]);
    assert.deepEqual(
      classes.map(({ index }) => index),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
    assert.ok(
      classes.some(({ label }) => label === 'Foxwren'),
      'the classes have their names',
    );
    assert.equal(rest.layer?.name, 'stem');
    assert.ok((rest.layer?.channels ?? 0) > 1 && rest.layer.height > 1, JSON.stringify(rest.layer));
  });

  it('begins as a picture, a class and a transformer want it', async () => {
    const plain = await form('birds_cnn');
    const pictured = await form('birds_cnn', { start: 'picture' });
    assert.deepEqual([plain.presets['naive']!['stop'], pictured.presets['naive']!['stop']], [0, 0.9]);
    const channel = await form('birds_cnn', { start: 'picture', oneClass: false });
    assert.equal(channel.presets['naive']!['objective'], 'score');
    const inverted = await form('birds_cnn', { oneClass: false, inversion: true });
    assert.deepEqual([plain.presets['distill']!['scale'], inverted.presets['distill']!['scale']], [0.1, 0]);
    const transformer = await form('birds_vit');
    assert.deepEqual([plain.presets['distill']!['noise'], transformer.presets['distill']!['noise']], [0.1, 0.2]);
  });
});
