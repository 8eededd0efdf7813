import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import type { Message } from '../../../src/checkpoint/message.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { attribute, message, modelFunction, node as rawNode, valueInfo } from '../checkpoint/craft.js';
import { load, randomFeed, runGraph } from './support.js';
import { X, same } from './nestedSupport.js';
import { assertClose } from '../support/close.js';
import { temporaryFolder } from '../support/temporary.js';

describe('functions', () => {
  const opset = (domain: string, version: number): Message => message((o) => (o.text(1, domain), o.int(2, version)));

  /** own.Scale(x; factor = 2, kind) = Neg(x * factor); own.Twice(x) = own.Scale(own.Scale(x; factor = 3)). */
  function withFunctions(calls: readonly Message[], more: (m: Message) => void = () => {}, opsets = 18): string {
    const scale = modelFunction('Scale', {
      outputs: ['out'],
      rest: (f) =>
        f.message(
          11,
          attribute('factor', 1, (a) => a.float(2, 2)),
        ),
      nodes: [
        rawNode('Constant', [], ['k'], (n) =>
          n.message(
            5,
            attribute('value_float', 1, (a) => a.text(21, 'factor')),
          ),
        ),
        rawNode('Mul', ['a', 'k'], ['inner'], (n) => n.text(3, 'multiply')),
        rawNode('Neg', ['inner'], ['out']),
      ],
      opsets: { '': opsets },
    });
    const twice = modelFunction('Twice', {
      outputs: ['inner'],
      nodes: [
        rawNode(
          'Scale',
          ['a'],
          ['middle'],
          (n) => (
            n.text(7, 'own'),
            n.message(
              5,
              attribute('factor', 1, (a) => a.float(2, 3)),
            )
          ),
        ),
        call('Scale', 'middle', 'inner'),
      ],
      opsets: { own: 1, '': opsets },
    });
    const bytes = message((m) => {
      m.int(1, 9);
      m.message(
        7,
        message((g) => {
          for (const c of calls) g.message(1, c);
          g.text(2, 'g');
          g.message(11, valueInfo('x', [2, 3]));
          g.message(12, valueInfo('y', [2, 3]));
        }),
      );
      m.message(8, opset('', 18));
      m.message(8, opset('own', 1));
      m.message(25, scale);
      m.message(25, twice);
      more(m);
    }).toBytes();
    const file = path.join(temporaryFolder(), 'functions.onnx');
    writeFileSync(file, bytes);
    return file;
  }
  const call = (op: string, x: string, y: string, name = ''): Message =>
    rawNode(op, [x], [y], (n) => (n.text(7, 'own'), name === '' ? undefined : n.text(3, name)));

  it('are put in place of their calls, with attributes, defaults and inner names apart', async () => {
    const file = withFunctions([
      call('Twice', 'x', 't', 'block1'),
      call('Scale', 't', 'u', 'block2'),
      call('Scale', 'u', 'y'),
    ]);
    const { ops, nodes } = await same(file);
    assert.deepEqual(ops, ['Mul', 'Neg', 'Mul', 'Neg', 'Mul', 'Neg', 'Mul', 'Neg']);
    assert.equal(new Set(nodes.map((n) => n.name)).size, 8);
    assert.ok(
      nodes.some((n) => n.name === 'block2/multiply'),
      nodes.map((n) => n.name).join(),
    );
  });

  it('bring their own opset', async () => {
    const old = (m: Message): void =>
      m.message(
        25,
        modelFunction('Mean', {
          rest: (f) => f.text(6, 'axes'),
          nodes: [
            rawNode('ReduceMean', ['a'], ['b'], (n) =>
              n.message(
                5,
                attribute('axes', 7, (a) => a.text(21, 'axes')),
              ),
            ),
          ],
          opsets: { '': 13 },
        }),
      );
    const file = withFunctions(
      [
        rawNode(
          'Mean',
          ['x'],
          ['m'],
          (n) => (
            n.text(7, 'own'),
            n.message(
              5,
              attribute('axes', 7, (a) => a.int(8, 1)),
            )
          ),
        ),
        rawNode('Sub', ['x', 'm'], ['y']),
      ],
      old,
    );
    const graph = buildGraph(await openCheckpoint(file));
    assert.deepEqual(
      graph.nodes.map((n) => n.op),
      ['ReduceMean', 'Sub'],
    );
    const x = randomFeed(X);
    const rows = x.data as Float32Array;
    const y = (await runGraph(graph, { x }))['y']!.data as Float32Array;
    for (let r = 0; r < 2; r++) {
      const mean = (rows[3 * r]! + rows[3 * r + 1]! + rows[3 * r + 2]!) / 3;
      for (let c = 0; c < 3; c++)
        assertClose(y[3 * r + c]!, rows[3 * r + c]! - mean, { absolute: 1e-6 }, `row ${r}, column ${c}`);
    }
  });

  it('that ask for an opset nobody has are refused', async () => {
    await assert.rejects(load(withFunctions([call('Scale', 'x', 'y')], undefined, 27)), { code: 'checkpoint/opset' });
  });

  it('that call themselves are refused', async () => {
    const recursive = (m: Message): void =>
      m.message(25, modelFunction('Forever', { nodes: [call('Forever', 'a', 'b')] }));
    await assert.rejects(load(withFunctions([call('Forever', 'x', 'y')], recursive)), { code: 'graph/recursion' });
  });

  it('that double at every level are refused before they fill the memory', async () => {
    const doubling = (m: Message): void => {
      for (let i = 0; i < 40; i++) {
        const inner = i === 39 ? 'Scale' : `F${i + 1}`;
        m.message(25, modelFunction(`F${i}`, { nodes: [call(inner, 'a', 'm'), call(inner, 'm', 'b')] }));
      }
    };
    await assert.rejects(load(withFunctions([call('F0', 'x', 'y')], doubling)), { code: 'graph/too-large' });
  });
});
