import assert from 'node:assert/strict';
import { visualizeCommand } from '../../../../src/host/reconstruction/commandLine.js';

describe('the command line of a picture', () => {
  it('says what it is of, what was changed, and the files', () => {
    assert.equal(
      visualizeCommand(
        'nets/a b.onnx',
        { target: '3 - 5', params: { preset: 'naive', lr: 0.5 }, seed: 2 },
        { start: 'it’s.png' },
      ),
      `onnx-lens visualize 'nets/a b.onnx' --target '3 - 5' --param preset=naive --param lr=0.5 --param 'start=it’s.png' --seed 2 --out visualization.png`,
    );
    assert.equal(
      visualizeCommand('a.onnx', { layer: 'conv', channel: 0, params: { preset: 'maco' }, seed: 0 }, { folder: 'set' }),
      'onnx-lens visualize a.onnx --layer conv --channel 0 --param preset=maco --param folder=set --out visualization.png',
    );
  });
});
