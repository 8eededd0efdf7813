import assert from 'node:assert/strict';
import type { FloatTensor } from '../../../src/base/tensor.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { assertClose } from '../support/close.js';
import { relativeError } from '../support/data.js';
import { bothForms, graphOf, opsOf, random } from './bothForms.js';

describe('gradient/strided: forms of strided convolutions', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());
  const both = (graph: Graph, x: FloatTensor, wrt = 'x') => bothForms(sessions, graph, x, wrt);

  describe('strided convolutions', () => {
    type Shape = readonly [
      c: number,
      m: number,
      h: number,
      w: number,
      kernel: number[],
      strides: number[],
      pads: number[],
      group?: number,
    ];
    const shapes: readonly Shape[] = [
      [3, 64, 32, 32, [7, 7], [2, 2], [3, 3, 3, 3]],
      [3, 64, 31, 30, [7, 7], [2, 2], [3, 3, 3, 3]],
      [3, 32, 17, 16, [5, 5], [2, 2], [0, 0, 0, 0]],
      [3, 32, 16, 16, [3, 3], [2, 2], [1, 1, 1, 1]],
      [3, 32, 15, 18, [3, 3], [2, 2], [0, 0, 1, 1]],
      [1, 16, 19, 20, [11, 9], [4, 3], [2, 4, 1, 0]],
      [16, 32, 14, 14, [3, 3], [2, 2], [1, 1, 1, 1]],
      [16, 32, 15, 13, [3, 3], [2, 2], [1, 1, 1, 1]],
      [16, 32, 12, 11, [5, 3], [3, 2], [0, 2, 1, 0]],
      [32, 16, 9, 9, [3, 3], [2, 2], [0, 0, 0, 0]],
      [32, 16, 9, 10, [4, 4], [2, 2], [3, 3, 3, 3]],
      [32, 16, 8, 8, [1, 1], [2, 2], [0, 0, 0, 0]],
      [32, 32, 14, 15, [3, 3], [2, 2], [1, 1, 1, 1], 32],
      [32, 32, 14, 15, [5, 5], [2, 2], [2, 2, 2, 2], 32],
      [32, 32, 14, 14, [3, 3], [2, 2], [1, 1, 1, 1], 2],
    ];
    for (const [c, m, h, w, kernel, strides, pads, group = 1] of shapes) {
      it(`${c} → ${m} channels, ${h}×${w}, ${kernel.join('×')} by ${strides.join('×')}, padding ${pads.join()}, ${group} group(s)`, async () => {
        const dims = [2, c, h, w];
        const weight = random([m, c / group, ...kernel], (r) => r.normal());
        const conv = makeNode('Conv', 'y', ['x', 'w'], { kernel_shape: kernel, strides, pads, group });
        const found = await both(
          graphOf(dims, [conv], [['w', weight]]),
          random(dims, (r) => r.normal()),
        );
        assertClose(found.blocked, found.plain, { relative: 1e-6 }, 'gradient over blocks');
      });
    }

    it('takes each form somewhere', async () => {
      const formOf = async ([c, m, h, w, kernel, strides, pads, group = 1]: Shape): Promise<string> => {
        const dims = [1, c, h, w];
        const weight = random([m, c / group, ...kernel], (r) => r.normal());
        const conv = makeNode('Conv', 'y', ['x', 'w'], { kernel_shape: kernel, strides, pads, group });
        const { graph } = await both(
          graphOf(dims, [conv], [['w', weight]]),
          random(dims, (r) => r.normal()),
        );
        const written = graph.graph.nodes.filter((n) => n.name.includes('/grad/'));
        const count = (op: string): number => written.filter((n) => n.op === op).length;
        return `${count('Conv')} Conv, ${count('ConvTranspose')} ConvTranspose, ${count('Split')} Split`;
      };
      assert.deepEqual(await Promise.all([shapes[0]!, shapes[3]!, shapes[6]!, shapes[11]!, shapes[12]!].map(formOf)), [
        '2 Conv, 0 ConvTranspose, 1 Split',
        '1 Conv, 0 ConvTranspose, 1 Split',
        '4 Conv, 0 ConvTranspose, 0 Split',
        '0 Conv, 1 ConvTranspose, 0 Split',
        '1 Conv, 1 ConvTranspose, 0 Split',
      ]);
    });
  });

  describe('strided convolutions that read the same value', () => {
    const dims = [2, 32, 14, 13];
    const conv = (name: string, kernel: number, strides: number[], pad: number): GraphNode =>
      makeNode('Conv', name, ['x', `w${kernel}`], {
        kernel_shape: [kernel, kernel],
        strides,
        pads: [pad, pad, pad, pad],
      });
    const weights = [1, 3, 5].map(
      (k) => [`w${k}`, random([16, 32, k, k], (r) => r.normal(), k)] as readonly [string, FloatTensor],
    );
    const found = async (...nodes: GraphNode[]): Promise<{ error: number; count: (op: string) => number }> => {
      const got = await both(
        graphOf(
          dims,
          nodes,
          weights.filter(([name]) => nodes.some((n) => n.inputs.includes(name))),
        ),
        random(dims, (r) => r.normal()),
      );
      const written = opsOf(got.graph).filter((_, i) => got.graph.graph.nodes[i]!.name.includes('/grad/'));
      return {
        error: relativeError(got.blocked, got.plain),
        count: (op) => written.filter((o) => o === op).length,
      };
    };

    it('meet phase by phase: a 1×1 kernel adds to the one phase it has', async () => {
      const { error, count } = await found(
        conv('a', 3, [2, 2], 1),
        conv('b', 1, [2, 2], 0),
        makeNode('Add', 'y', ['a', 'b']),
      );
      assert.ok(error < 1e-6, `error: ${error}`);
      assert.deepEqual([count('Conv'), count('Add'), count('ConvTranspose')], [5, 1, 0]);
    });

    it('with kernels of several sizes, and beside what has no stride', async () => {
      const { error, count } = await found(
        conv('a', 3, [2, 2], 1),
        conv('b', 5, [2, 2], 2),
        conv('c', 1, [2, 2], 0),
        makeNode('Sum', 's', ['a', 'b', 'c']),
        conv('d', 1, [1, 1], 0),
        makeNode('MaxPool', 'e', ['d'], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }),
        makeNode('Add', 'y', ['s', 'e']),
      );
      assert.ok(error < 1e-6, `error: ${error}`);
      assert.equal(count('ConvTranspose'), 0);
    });

    it('stay by themselves where their strides differ, or their phases leave gaps', async () => {
      const gaps = await found(
        conv('a', 1, [2, 2], 0),
        makeNode('Conv', 'b', ['x', 'w1'], { kernel_shape: [1, 1], strides: [2, 2] }),
        makeNode('Add', 'y', ['a', 'b']),
      );
      assert.ok(gaps.error < 1e-6, `gaps.error: ${gaps.error}`);
      assert.equal(gaps.count('ConvTranspose'), 2);
      const strides = await found(
        conv('a', 3, [2, 2], 1),
        conv('b', 3, [2, 1], 1),
        makeNode('GlobalAveragePool', 'p', ['a']),
        makeNode('GlobalAveragePool', 'q', ['b']),
        makeNode('Add', 'y', ['p', 'q']),
      );
      assert.ok(strides.error < 1e-6, `strides.error: ${strides.error}`);
    });
  });
});
