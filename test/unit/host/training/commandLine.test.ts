import assert from 'node:assert/strict';
import { trainCommand } from '../../../../src/host/training/commandLine.js';

describe('the command line of a training', () => {
  it('says the same in a terminal', () => {
    const files = { model: 'net.onnx', place: 'my pictures', folder: 'net-trained' };
    assert.equal(
      trainCommand(files, { params: { preset: 'head', epochs: 3 }, seed: 2 }),
      "onnx-lens train net.onnx 'my pictures' --param preset=head --param epochs=3 --seed 2 --out net-trained",
    );
  });
});
