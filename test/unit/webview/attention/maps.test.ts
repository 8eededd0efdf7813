import assert from 'node:assert/strict';
import { floatTensor } from '../../../../src/base/tensor.js';
import { lookersOf, keyOf, mapOf, matrixOf, queryOf } from '../../../../src/result/attentionMap.js';
import { colormap } from '../../../../src/result/colormap.js';
import { biasOf } from '../../../../webview/attention/bias.js';
import { normMaps } from '../../../../webview/attention/norms.js';
import { answerOf, attentionCells, columnOf, headAt, matrixReason } from '../../../../webview/attention/maps.js';
import {
  cellOf,
  faultOf,
  firstToken,
  moved,
  nameOfToken,
  placelessOf,
  placeOf,
  proposed,
  saidTokens,
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
    const places = Int32Array.of(0, 1, 2, 3);
    const one = layer('w', {
      windows: 2,
      queries: 2,
      keys: 2,
      from: { grid: [2, 2], prefix: 0, cells: places },
      to: { grid: [2, 2], prefix: 0, cells: places },
    });
    const weights = floatTensor([2, 2, 2, 2], new Float32Array(16).fill(1));
    const found = answerOf(one, weights, 0, { asked: { y: 0.9, x: 0.1 }, direction: 'outgoing' });
    assert.ok(found.kind === 'map', found.kind);
    assert.deepEqual([...found.map.data], [0, 0, 1, 1]);
    // Of windows that are a small part of the grid the thumbnail shows the window alone.
    assert.deepEqual(found.part, [1, 0, 2, 2]);
    const known = { ...matrices(one), weights };
    const cells = attentionCells({
      layers: [one],
      at: () => known,
      absent: () => undefined,
      look,
      scale: 'own',
      colors: colormap('gray'),
    });
    const image = { width: 2, height: 2, data: new Uint8ClampedArray(16) } as ImageData;
    assert.equal(cells.paint(0, 2, image, 0, 0), true);
    assert.deepEqual(
      [...image.data].filter((_, i) => i % 4 === 0),
      [255, 255, 255, 255],
    );
    assert.match(cells.label(0, 2), /its window: rows 1–1, columns 0–1/);
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

describe('what helps against seeing what one expects', () => {
  it('counts maps, says how alike they are, and puts beside the chosen one what nobody chose', () => {
    const layers = ['a', 'b', 'c'].map((name) => layer(name, { grid: [3, 3] }));
    const held = new Map(layers.map((each, i) => [each.name, matrices(each, i)]));
    const of = { layers, at: (name: string) => held.get(name), asked: { prefix: 0 }, row: 1, head: 1 } as const;
    const bias = biasOf({ ...of, region: undefined });
    assert.deepEqual(bias.counted, { ofToken: 6, all: 60 });
    assert.ok(bias.similarity > 0.99, `${bias.similarity}: they all grow from key to key`);
    const [chosen, token, other] = bias.beside;
    assert.equal(chosen!.map!.data[0], Math.fround(1 + 1 + 0.0001));
    assert.notDeepEqual(token!.map, chosen!.map);
    assert.match(other!.name, /^layer [02] instead$/);
    assert.deepEqual(biasOf({ ...of, region: undefined }).beside, bias.beside, 'the same draws each time');
    const region = { left: 0, top: 0, right: 1 / 3, bottom: 1 / 3 };
    const { chance } = biasOf({ ...of, region });
    assert.deepEqual(chance?.chosen, { count: 0, of: 6 });
    assert.equal(biasOf({ ...of, at: () => undefined, region }).held, 0);
  });

  it('norms of tokens lie where the tokens do, and what stands out is counted', () => {
    const one = layer('a', { grid: [1, 2] });
    const { weights: _weights, ...numbers } = matrices(one);
    const store = { numbers: () => ({ ...numbers, norms: Float32Array.of(9, 1, 4), outliers: [2] }) };
    const [map] = normMaps({ layers: [one], store } as unknown as Parameters<typeof normMaps>[0]);
    assert.deepEqual([[...map!.values], map!.others, map!.limit, map!.outliers], [[1, 4], [9], 4, 1]);
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
    assert.equal(nameOfToken({ prefix: 1 }, undefined, { count: 5, queries: false }), 'extra token 1');
  });

  it('of a decoder are queries, none of them a class token, and nobody is asked where they stand', () => {
    const cells = new Int32Array(7).fill(-1);
    const across = layer('cross', { queries: 7, keys: 16, grid: [4, 4] });
    const decoder = [
      layer('encoder', { queries: 16, keys: 16, grid: [4, 4], prefix: 0 }),
      { ...layer('self', { queries: 7, keys: 7 }), nowhere: true as const },
      { ...across, from: { grid: [4, 4] as const, cells, prefix: 7 } },
    ];
    const placeless = placelessOf(decoder);
    assert.deepEqual(placeless, { count: 7, queries: true });
    assert.equal(nameOfToken({ prefix: 0 }, undefined, placeless), 'query 0');
    assert.deepEqual(undecided(decoder), []);
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
    const tokens = { prefix: 1, grid: [7, 7] };
    assert.deepEqual(saidTokens(blind, { 50: { prefix: 1, rows: 7, columns: 7 } }), { a: tokens, b: tokens });
    assert.deepEqual(
      saidTokens(blind, { 50: { prefix: 0, rows: 7, columns: 7 } }),
      {},
      'what does not fit is not saved',
    );
    assert.equal(withLayout(blind[2]!, { 5: { prefix: 1, rows: 2, columns: 2 } }).to, undefined);
  });
});
