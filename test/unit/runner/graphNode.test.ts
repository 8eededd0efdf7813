import assert from 'node:assert/strict';
import { filePath } from '../../../src/base/place.js';
import type { NodeDetail } from '../../../src/result/graphNode.js';
import { RunnerService } from '../../../src/runner/service.js';
import { attribute, message, model, node, save, tensor, valueInfo } from '../checkpoint/craft.js';
import { call } from '../support/call.js';

describe('a node of the graph, in the words of its file', () => {
  const service = new RunnerService();
  const { operations } = service;
  after(() => service.dispose());

  const detailOf = async (bytes: Uint8Array, op: string): Promise<NodeDetail> => {
    const file = filePath(save(bytes));
    const { nodes } = await operations.graphView({ model: file }, call());
    return operations.graphNode({ model: file, node: nodes.findIndex((each) => each.op === op) }, call());
  };

  it('has attributes of every kind, as short as they are exact', async () => {
    const odd = node('Odd', ['y', '', 'w'], ['z'], (n) => {
      n.text(7, 'my.domain');
      n.text(6, 'says what it does');
      n.message(
        5,
        attribute('alpha', 1, (m) => m.float(2, 0.01)),
      );
      n.message(
        5,
        attribute('far', 2, (m) => m.int(3, 9223372036854775807n)),
      );
      n.message(
        5,
        attribute('mode', 3, (m) => m.bytes(4, new TextEncoder().encode('<b>"x"</b>'))),
      );
      n.message(
        5,
        attribute('pads', 7, (m) => m.ints(8, [1, -2])),
      );
      n.message(
        5,
        attribute('many', 7, (m) =>
          m.ints(
            8,
            Array.from({ length: 100 }, (_, i) => i),
          ),
        ),
      );
      n.message(
        5,
        attribute('long', 3, (m) => m.bytes(4, new Uint8Array(5000).fill(97))),
      );
      n.message(
        5,
        attribute('value', 4, (m) =>
          m.message(
            5,
            tensor('', 7, [3], (t) => t.ints(7, [7, 8, -9])),
          ),
        ),
      );
      n.message(
        5,
        attribute('body', 5, (m) =>
          m.message(
            6,
            message((g) => {
              g.message(1, node('Relu', ['y'], ['inner']));
              g.message(12, valueInfo('inner'));
            }),
          ),
        ),
      );
    });
    const w = tensor('w', 1, [2, 100], (m) =>
      m.floats(
        4,
        Array.from({ length: 200 }, (_, i) => i / 10),
      ),
    );
    const bytes = model({
      initializers: [w],
      graph: (g) => {
        g.message(1, odd);
        g.message(12, valueInfo('z', ['N', 4]));
      },
    });
    const detail = await detailOf(bytes, 'my.domain.Odd');
    assert.equal(detail.doc, 'says what it does');
    assert.deepEqual(detail.notes, []);
    const text = new Map(detail.attributes.map((each) => [each.name, each.text]));
    assert.equal(text.get('alpha'), '0.01');
    assert.equal(text.get('far'), '9223372036854775807');
    assert.equal(text.get('mode'), '"<b>\\"x\\"</b>"');
    assert.equal(text.get('pads'), '[1, -2]');
    assert.match(text.get('many')!, /^\[0, 1, .*, 63, … 36 more]$/);
    assert.match(text.get('long')!, /^"a{1999}… \(5,002 characters\)$/);
    assert.equal(text.get('value'), '7, 8, -9');
    assert.equal(detail.attributes.find(({ name }) => name === 'value')!.shape, 'int64 3');
    assert.match(text.get('body')!, /^graph of 1 node \(Relu\), from nothing to inner$/);

    const [y, absent, weight] = detail.inputs;
    assert.deepEqual([y!.name, y!.kind, y!.type, y!.nodes.length], ['y', 'value', 'float32', 1]);
    assert.equal(absent!.kind, 'absent');
    assert.deepEqual([weight!.kind, weight!.declared, weight!.bytes], ['constant', [2, 100], 800]);
    assert.match(weight!.values!, /^0, 0\.1, 0\.2, .*6\.3, … 136 more$/);
    assert.deepEqual(
      detail.outputs.map(({ name, declared }) => [name, declared]),
      [['z', ['N', 4]]],
    );
  });

  it('is drawn in a newer form only with a word about it', async () => {
    const squeeze = node('Unsqueeze', ['y'], ['z'], (n) =>
      n.message(
        5,
        attribute('axes', 7, (m) => m.ints(8, [0])),
      ),
    );
    const detail = await detailOf(
      model({
        opset: 11,
        graph: (g) => {
          g.message(1, squeeze);
          g.message(12, valueInfo('z', [1, 1]));
        },
      }),
      'Unsqueeze',
    );
    assert.deepEqual(detail.attributes, [{ name: 'axes', type: 'ints', text: '[0]' }]);
    assert.match(detail.notes.join(), /opset 11.*1 input.*2 inputs/);
    assert.equal(detail.inputs[1]!.values, '0');
  });

  it('is an input, with the nodes that read it, or an output, with the one that makes it', async () => {
    const input = await detailOf(model(), 'Input');
    assert.deepEqual(
      input.outputs.map(({ name, declared, type, nodes }) => [name, declared, type, nodes]),
      [['x', [1], 'float32', [1]]],
    );
    const output = await detailOf(model(), 'Output');
    assert.deepEqual(
      output.inputs.map(({ name, nodes }) => [name, nodes]),
      [['y', [1]]],
    );
  });

  it('has the shapes of a run where there was one', async () => {
    const file = filePath(save(model()));
    const detail = await operations.graphNode({ model: file, node: 1, measured: true }, call());
    assert.deepEqual(detail.outputs[0]!.measured, [1]);
    await assert.rejects(operations.graphNode({ model: file, node: 99 }, call()), { code: 'graph/no-node' });
  });
});
