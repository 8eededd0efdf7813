import assert from 'node:assert/strict';
import { inputAxes, spaceLetters } from '../../../src/input/axes.js';
import { makeNode } from '../../../src/graph/edits.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { input, sketch } from '../graph/support.js';

describe('the axes of an input', () => {
  const told = (dims: readonly (number | string)[], output: readonly (number | string)[] = ['N', 10]): string =>
    inputAxes({ name: 'x', type: 'float32', dims }, [{ name: 'y', dims: output }])!.axes;

  it('are told by names and sizes where nothing slides over them', () => {
    const cases: [readonly (number | string)[], readonly (number | string)[], string][] = [
      [['N', 28, 28], ['N', 10], 'NHW'],
      [['batch', 20, 14], ['batch', 3], 'NHW'],
      [['', 64, 64], ['', 3], 'NHW'],
      [['N', 'height', 'width'], ['N', 3], 'NHW'],
      [['N', 9, 128], ['N', 6], 'NCW'],
      [['N', 128, 9], ['N', 6], 'NWC'],
      [['H', 'W', 3], [1, 5], 'HWC'],
      [['height', 'width', 1], [5], 'HWC'],
      [[224, 224, 3], [1, 5], 'HWC'],
      [[3, 64, 48], [5], 'CHW'],
      [[28, 28], [10], 'HW'],
      [['N', 40], ['N', 3], 'NW'],
      [[40], [3], 'W'],
      [['N', 1, 16, 20, 24], ['N', 2], 'NCDHW'],
      [['N', 16, 20, 24, 2], ['N', 2], 'NCDHW'],
      [['N', 16, 20, 24, 3], ['N', 2], 'NDHWC'],
      [['N', 3, 32, 32], ['N', 2], 'NCHW'],
      [['N', 32, 32, 3], ['N', 2], 'NHWC'],
    ];
    for (const [dims, output, axes] of cases) assert.equal(told(dims, output), axes, String(dims));
  });

  it('are those that the first convolution sees, whatever their names and sizes', () => {
    const nodes = {
      // A volume with its channels last, two of them.
      NDHWC: [makeNode('Transpose', 't', ['x'], { perm: [0, 4, 1, 2, 3] }), makeNode('Conv', 'y', ['t', 'w5'])],
      // A signal that is one row of a picture for the graph.
      NCW: [makeNode('Conv', 'y', ['x', 'w3'])],
      HWC: [
        makeNode('Transpose', 't', ['x'], { perm: [2, 0, 1] }),
        makeNode('Unsqueeze', 'u', ['t', 'zero']),
        makeNode('Conv', 'y', ['u', 'w4']),
      ],
      NHW: [makeNode('Unsqueeze', 'u', ['x', 'one']), makeNode('Relu', 'r', ['u']), makeNode('Conv', 'y', ['r', 'w4'])],
    };
    const ints = (name: string, value: number): ReturnType<typeof inMemory> =>
      inMemory(name, { type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(value)) });
    for (const [axes, graph] of Object.entries(nodes)) {
      const x = input('x', ...Array.from({ length: axes.length }, (_, i) => `d${i}`));
      const found = inputAxes(
        x,
        [],
        sketch({
          opset: 17,
          inputs: [x],
          outputs: ['y'],
          weights: [
            ints('zero', 0),
            ints('one', 1),
            ...[3, 4, 5].map((rank) => inMemory(`w${rank}`, floatTensor(Array.from({ length: rank }, () => 1)))),
          ],
          nodes: graph,
        }),
      );
      assert.equal(found?.axes, axes);
      assert.equal(found.seen, true);
    }
  });

  it('of space have a letter each', () => {
    assert.deepEqual([1, 2, 3, 4].map(spaceLetters), ['W', 'HW', 'DHW', 'TDHW']);
  });
});
