import assert from 'node:assert/strict';
import { datasetCommand } from '../../../../src/host/dataset/commandLine.js';

describe('the command line of a data set', () => {
  it('is what gives the same points', () => {
    assert.equal(
      datasetCommand('net.onnx', 'my pictures', { method: 'tsne', layer: 'pool', seed: 2, params: { perplexity: 10 } }),
      "onnx-lens embed net.onnx 'my pictures' --method tsne --layer pool --seed 2 --param perplexity=10 --out points.npy",
    );
    assert.equal(
      datasetCommand('net.onnx', 'set', { method: 'pca', of: 'weights', layer: 'pool', seed: 0 }),
      'onnx-lens embed net.onnx --method pca --of weights --out points.npy',
    );
  });

  it('is that of the predictions where no map is shown', () => {
    assert.equal(datasetCommand('net.onnx', 'set', {}), 'onnx-lens predict net.onnx set --out predictions.json');
  });
});
