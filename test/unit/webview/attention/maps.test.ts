import assert from 'node:assert/strict';
import { floatTensor } from '../../../../src/base/tensor.js';
import { lookersOf, keyOf, mapOf, matrixOf, queryOf } from '../../../../src/result/attentionMap.js';
import { colormap } from '../../../../src/result/colormap.js';
import { answerOf, attentionCells, columnOf, headAt, matrixReason } from '../../../../webview/attention/maps.js';
import {
  cellOf,
  faultOf,
  firstToken,
  moved,
  nameOfToken,
  placeOf,
  proposed,
  undecided,
  withLayout,
} from '../../../../webview/attention/tokens.js';
import { layer, matrices } from './model.js';

const look = { asked: { y: 0.9, x: 0.9 }, direction: 'outgoing' } as const;

describe('maps of attention', () => {
  it('a token is found on a grid that is not square, and its row is laid over it', () => {
    const one = layer('a', { grid: [2, 3] });
    const at = queryOf(one, look.asked)!;
    assert.deepEqual(at, { window: 0, token: 6 });
    const map = mapOf(one, matrices(one).weights, 1, at)!;
    assert.deepEqual(map.dims, [2, 3]);
    assert.deepEqual([...map.data], [...Float32Array.from({ length: 6 }, (_, k) => 1 + 0.06 + (k + 1) / 10000)]);
  });

  it('who looks at a token is its column, over the grid of the queries', () => {
    const one = layer('a', { grid: [2, 3] });
    const map = lookersOf(one, matrices(one).weights, 0, keyOf(one, { prefix: 0 })!)!;
    assert.deepEqual([...map.data], [...Float32Array.from({ length: 6 }, (_, q) => (q + 1) / 100)]);
  });

  it('the largest of the heads, and their mean', () => {
    const one = layer('a', { grid: [1, 2] });
    const { weights } = matrices(one);
    const value = (head: 'mean' | 'max'): number =>
      answerOf(one, weights, head, { asked: { prefix: 0 }, direction: 'outgoing' }).kind === 'map'
        ? matrixOf(weights, head).data[1]!
        : NaN;
    assert.equal(value('max'), Math.fround(1.0001));
    assert.equal(value('mean'), Math.fround((Math.fround(0.0001) + Math.fround(1.0001)) / 2));
  });

  it('a query looks within its window only; what lies outside is zero', () => {
    const cells = Int32Array.of(0, 1, 2, 3);
    const one = layer('w', {
      windows: 2,
      queries: 2,
      keys: 2,
      from: { grid: [2, 2], prefix: 0, cells },
      to: { grid: [2, 2], prefix: 0, cells },
    });
    const weights = floatTensor([2, 2, 2, 2], new Float32Array(16).fill(1));
    const found = answerOf(one, weights, 0, { asked: { y: 0.9, x: 0.1 }, direction: 'outgoing' });
    assert.ok(found.kind === 'map', found.kind);
    assert.deepEqual([...found.map.data], [0, 0, 1, 1]);
  });

  it('a layer without places is its matrix, and says why; a token that a layer has not got is said', () => {
    const blind = layer('b', { queries: 4, keys: 3 });
    assert.match(matrixReason(blind, look)!, /keys stand in the picture is not known/);
    const drawn = answerOf(blind, matrices(blind).weights, 0, look);
    assert.ok(drawn.kind === 'matrix', drawn.kind);
    assert.deepEqual(drawn.map.dims, [4, 3]);
    const channels = layer('c', { kind: 'channels' });
    assert.match(matrixReason(channels, look)!, /mixes channels/);
    const plain = layer('p', { grid: [2, 2], prefix: 0 });
    const none = answerOf(plain, matrices(plain).weights, 0, { asked: { prefix: 0 }, direction: 'outgoing' });
    assert.deepEqual(none, { kind: 'none', why: 'this layer has no such token' });
    // Queries without a place look at the picture.
    const cross = layer('x', {
      grid: [2, 2],
      prefix: 0,
      queries: 3,
      from: { grid: [2, 2], prefix: 3, cells: Int32Array.of(-1, -1, -1) },
    });
    const query = answerOf(cross, matrices(cross).weights, 0, { asked: { prefix: 2 }, direction: 'outgoing' });
    assert.ok(query.kind === 'map', query.kind);
    assert.equal(query.map.data[1], Math.fround(0.02 + 0.0001));
  });

  it('a grid of every layer and head: layers of other sizes sampled, heads that are not there left out', () => {
    const layers = [layer('a', { grid: [4, 4], prefix: 0 }), layer('b', { grid: [2, 2], prefix: 0, heads: 1 })];
    const known = new Map(layers.slice(0, 1).map((each) => [each.name, matrices(each)]));
    const cells = attentionCells({
      layers,
      at: (name) => known.get(name),
      absent: () => undefined,
      look,
      scale: 'shared',
      colors: colormap('gray'),
    });
    assert.deepEqual([cells.rows, cells.columns, cells.cellHeight, cells.cellWidth], [2, 4, 4, 4]);
    const image = { width: 4, height: 4, data: new Uint8ClampedArray(64) } as ImageData;
    assert.equal(cells.paint(0, 2, image, 0, 0), true);
    assert.equal(cells.paint(1, 2, image, 0, 0), false, 'its matrices are not there');
    assert.match(cells.label(1, 2), /layer 1 \(b\), head 0: being fetched/);
    assert.match(cells.label(1, 3), /no such head/);
    assert.match(cells.label(0, 0), /mean of its heads: up to /);
    assert.equal(cells.limit, Math.fround(1 + 0.15 + 0.0015));
    assert.deepEqual([0, 1, 2, 5].map(headAt).map(columnOf), [0, 1, 2, 5]);
  });
});

describe('tokens', () => {
  it('arrow keys move by a token of the grid and stop at its border', () => {
    const grid = [2, 4] as const;
    const start = placeOf({ row: 1, column: 2 }, grid);
    assert.deepEqual(cellOf(moved(start, 'ArrowRight', grid)!, grid), { row: 1, column: 3 });
    assert.deepEqual(cellOf(moved(start, 'ArrowDown', grid)!, grid), { row: 1, column: 2 });
    assert.equal(moved({ prefix: 0 }, 'ArrowDown', grid), undefined);
    assert.deepEqual(cellOf({ y: 1, x: 1 }, grid), { row: 1, column: 3 });
  });

  it('begins with the class token where there is one', () => {
    assert.deepEqual(firstToken([layer('a', { grid: [2, 2] })]), { prefix: 0 });
    assert.deepEqual(firstToken([layer('a', { grid: [2, 2], prefix: 0 })]), { y: 0.5, x: 0.5 });
    assert.equal(nameOfToken({ prefix: 1 }, undefined, 5), 'extra token 1');
    assert.equal(nameOfToken({ prefix: 7 }, undefined, 100), 'query 7');
  });

  it('a layout that the graph does not tell is asked for, proposed, held to the number of tokens, and taken', () => {
    const blind = [
      layer('a', { queries: 50, keys: 50 }),
      layer('b', { queries: 50, keys: 50 }),
      layer('c', { kind: 'channels' }),
    ];
    assert.deepEqual(undecided(blind), [{ tokens: 50, layers: ['a', 'b'] }]);
    assert.deepEqual(proposed(50), { prefix: 1, rows: 7, columns: 7 });
    assert.deepEqual(proposed(12), { prefix: 3, rows: 3, columns: 3 });
    assert.match(faultOf({ prefix: 0, rows: 7, columns: 7 }, 50)!, /49 tokens; the layers have 50/);
    const said = withLayout(blind[0]!, { 50: { prefix: 1, rows: 7, columns: 7 } });
    assert.deepEqual([said.to!.grid, said.from!.cells[1], said.to!.cells[0]], [[7, 7], 0, -1]);
    assert.equal(withLayout(blind[2]!, { 5: { prefix: 1, rows: 2, columns: 2 } }).to, undefined);
  });
});
