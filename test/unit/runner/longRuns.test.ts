import assert from 'node:assert/strict';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { GraphNode } from '../../../src/graph/graph.js';
import { RunnerService } from '../../../src/runner/service.js';
import { input, saveSketch, weight } from '../graph/support.js';
import { call } from '../support/call.js';

const CHANNELS = 64;

describe('runner: models whose run takes long', () => {
  const runner = new RunnerService({ idleMs: 0 });
  const service = runner.operations;
  after(() => runner.dispose());

  /** Convolutions one behind the other at full size, then two classes. */
  async function deep(side: number, layers: number): Promise<FilePath> {
    const kernel = (name: string, from: number): ReturnType<typeof weight> =>
      weight(name, [CHANNELS, from, 3, 3], new Float32Array(CHANNELS * from * 9).fill(0.01));
    const conv = (i: number): GraphNode =>
      makeNode('Conv', `conv${i}`, [i === 0 ? 'x' : `conv${i - 1}`, i === 0 ? 'first' : 'w'], { pads: [1, 1, 1, 1] });
    const nodes = [
      ...Array.from({ length: layers }, (_, i) => conv(i)),
      makeNode('GlobalAveragePool', 'pool', [`conv${layers - 1}`]),
      makeNode('Flatten', 'flat', ['pool']),
      makeNode('MatMul', 'fc', ['flat', 'v']),
      makeNode('Softmax', 'y', ['fc']),
    ];
    const classes = weight('v', [CHANNELS, 2], new Float32Array(2 * CHANNELS).fill(0.1));
    return filePath(
      await saveSketch({
        opset: 18,
        inputs: [input('x', 'batch', 3, side, side)],
        outputs: [input('y', 'batch', 2)],
        nodes,
        weights: [kernel('first', 3), kernel('w', CHANNELS), classes],
      }),
    );
  }

  it('are described within seconds without being run, and it is said', async () => {
    const model = await deep(2048, 40);
    const started = performance.now();
    const found = await service.inspect({ model }, call());
    assert.ok(performance.now() - started < 8000, `${performance.now() - started} ms`);
    assert.match(
      found.warnings.join(' '),
      /One run takes some 12,[\d]{3} billion operations, so the model was not run: shapes are those that follow from the file/,
    );
    assert.deepEqual(found.layers[0]!.shape, [1, CHANNELS, 2048, 2048]);
    assert.deepEqual(found.layers.at(-1)!.shape, [1, 2]);
    assert.equal(found.outputs[0]!.kind, 'classes');
    assert.equal(found.differentiable.yes, true);
  });

  it('is said of no other: what takes a moment is run', async () => {
    const found = await service.inspect({ model: await deep(64, 2) }, call());
    assert.doesNotMatch(found.warnings.join(' '), /was not run/);
    assert.deepEqual(found.layers[0]!.shape, [1, CHANNELS, 64, 64]);
  });

  it('are shown as they were learned once somebody has run them', async () => {
    const model = await deep(256, 9);
    assert.match((await service.inspect({ model }, call())).warnings.join(' '), /some \d\d billion operations/);
    await service.measure({ model }, call());
    assert.doesNotMatch((await service.inspect({ model }, call())).warnings.join(' '), /was not run/);
  });
});
