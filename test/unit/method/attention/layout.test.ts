import assert from 'node:assert/strict';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Operand, Product } from '../../../../src/graph/attention/products.js';
import type { AttentionSite } from '../../../../src/graph/attention/site.js';
import { layoutOf, retold } from '../../../../src/method/attention/layout.js';
import type { Tensor } from '../../../../src/base/tensor.js';

/** Two of something in front of three queries and three keys. */
function siteOf(role: 'heads' | 'windows'): AttentionSite {
  const node = makeNode('MatMul', 'gather', ['shares', 'values']);
  const operand: Operand = { value: 'shares', rank: 3, contracted: [2], own: [{ axis: 1, out: 1 }] };
  const values: Operand = { value: 'values', rank: 3, contracted: [1], own: [{ axis: 2, out: 2 }] };
  const gather: Product = { node, output: 'gather', operands: [operand, values] };
  return {
    kind: 'tokens',
    node,
    scope: '',
    matrix: 'shares',
    queryAxis: 1,
    keyAxis: 2,
    lead: [{ axis: 0, factors: [{ role, size: 2 }] }],
    queries: 3,
    keys: 3,
    heads: role === 'heads' ? 2 : 1,
    windows: role === 'windows' ? 2 : 1,
    headsGuessed: false,
    gather,
    operand,
    values,
  };
}

const moved = (...places: number[]): Tensor => ({ type: 'float32', dims: [2, 3, 1], data: Float32Array.from(places) });
const map = { value: 'map', dims: [1, 5, 2, 3], channels: 1, places: [2, 3] };

describe('method/attention/layout', () => {
  it('takes heads that stand elsewhere, each, for windows', () => {
    const windows = retold(siteOf('heads'), moved(1, 2, 3, 4, 5, 6), 1);
    assert.deepEqual([windows.heads, windows.windows], [1, 2]);
    const layout = layoutOf(windows, map, moved(1, 2, 3, 4, 5, 6), { axis: 1, tokens: 3 });
    assert.deepEqual([layout?.grid, layout?.prefix, [...layout!.cells]], [[2, 3], 0, [0, 1, 2, 3, 4, 5]]);
    const heads = siteOf('heads');
    assert.equal(retold(heads, moved(1, 2, 3, 1, 2, 3), 1), heads);
  });

  it('knows no places where two tokens of a window have the same, and tokens without any', () => {
    const of = (...places: number[]) => layoutOf(siteOf('windows'), map, moved(...places), { axis: 1, tokens: 3 });
    assert.equal(of(1, 1, 2, 3, 4, 5), undefined);
    assert.deepEqual([of(0, 0, 0, 0, 0, 0)?.prefix, of(0, 1, 2, 0, 4, 5)?.grid], [3, [2, 2]]);
  });
});
