import assert from 'node:assert/strict';
import type { RunnerApi } from '../../../src/protocol/runner.js';
import { runsModel, TRAITS, traitsOf } from '../../../src/protocol/traits.js';

describe('protocol/traits', () => {
  const names = Object.keys(TRAITS) as (keyof RunnerApi)[];

  it('takes an operation that is not described for one that runs the model', () => {
    assert.equal(traitsOf('reconstruct'), undefined);
    // Not an operation because every object has it.
    assert.equal(traitsOf('toString'), undefined);
    for (const name of ['reconstruct', 'toString', '__proto__'])
      assert.equal(runsModel(name, { model: 'a.onnx' }), true);
  });

  it('asks the request where only some requests run the model', () => {
    const model = 'a.onnx';
    assert.equal(runsModel('graphView', { model }), false);
    assert.equal(runsModel('graphView', { model, measured: false }), false);
    assert.equal(runsModel('graphView', { model, measured: true }), true);
    // As the runner takes it: whatever is not false, empty or absent.
    assert.equal(runsModel('graphView', { model, measured: 1 }), true);
  });

  it('has light operations reach no native code', () => {
    const light = names.filter((name) => TRAITS[name].light);
    assert.deepEqual(light.sort(), ['methods', 'outline', 'status']);
    for (const name of light) assert.equal(TRAITS[name].runs, 'never', name);
  });

  it('has what a person waits for in the foreground', () => {
    const foreground = names.filter((name) => TRAITS[name].waits === 'foreground').sort();
    assert.deepEqual(foreground, [
      'activations',
      'attention',
      'embed',
      'explain',
      'explainCells',
      'findSettings',
      'graphActivations',
      'heat',
      'predict',
    ]);
    assert.deepEqual(
      names.filter((name) => TRAITS[name].waits === 'background'),
      ['sanity', 'check'],
    );
  });
});
