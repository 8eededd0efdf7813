import assert from 'node:assert/strict';
import { LensError } from '../../../src/base/errors.js';
import { floatTensor } from '../../../src/base/tensor.js';
import type { GraphStructure } from '../../../src/result/graphView.js';
import { visibleGraph } from '../../../src/result/graphView.js';
import type { LayerDescription } from '../../../src/result/inspection.js';
import type { KernelPage, LayerWeights } from '../../../src/result/weights.js';
import { layoutRequest, neighbour, sceneOf, visibleIdOf } from '../../../webview/model/graph/scene.js';
import { findRows, layerRows, typeAhead } from '../../../webview/model/layers/rows.js';
import { Task } from '../../../webview/shared/task/task.js';
import { pageShape, WeightPages } from '../../../webview/model/weights/pages.js';
import { cellAt, cellsInSight, layOutCells, moveCell, rectOfCell } from '../../../webview/shared/canvas/cells.js';

const layer = (name: string, op: string, parameters: number, shape?: readonly number[]): LayerDescription => ({
  name,
  op,
  node: name,
  parameters,
  output: name,
  weights: [],
  scope: [],
  ...(shape === undefined ? {} : { shape }),
});

describe('the list of layers', () => {
  const layers = [
    layer('stem.conv', 'Conv', 100, [1, 64, 112, 112]),
    layer('stem.relu', 'Relu', 0),
    layer('layer10.conv', 'Conv', 300, [1, 64, 56, 56]),
    layer('layer2.conv', 'Conv', 200),
  ];
  const measured = {
    layers: layers.map((l, i) => ({ name: l.name, flops: 10 * i, shape: [1, 8, i] })),
    batch: 1,
    flops: 60,
    flopsUnknown: 0,
    activationBytes: 0,
    peakBytes: 0,
    differentiable: { yes: true, refused: [] },
    warnings: [],
  };
  const names = (found: readonly { layer: LayerDescription }[]) => found.map((row) => row.layer.name);

  it('is found by every word, in name, operator or shape, with x or ×', () => {
    const rows = layerRows(layers, undefined, []);
    assert.deepEqual(names(findRows(rows, 'conv 64x56', 'graph')), ['layer10.conv']);
    assert.deepEqual(names(findRows(rows, 'CONV 64×112', 'graph')), ['stem.conv']);
    assert.deepEqual(names(findRows(rows, 'relu', 'graph')), ['stem.relu']);
    assert.equal(findRows(rows, '', 'graph'), rows);
  });

  it('is sorted by name with numbers by value, and by size with the largest first', () => {
    const rows = layerRows(layers, measured, []);
    assert.deepEqual(names(findRows(rows, 'conv', 'name')), ['layer2.conv', 'layer10.conv', 'stem.conv']);
    assert.deepEqual(names(findRows(rows, '', 'parameters')).slice(0, 2), ['layer10.conv', 'layer2.conv']);
    assert.deepEqual(names(findRows(rows, '', 'flops'))[0], 'layer2.conv');
    assert.equal(rows[2]!.shape, '8×2', 'the batch is left out');
  });

  it('says the worst that is known of a layer', () => {
    const rows = layerRows(layers, undefined, [
      { kind: 'a', severity: 'error', sentence: '', layer: 'stem.relu' },
      { kind: 'b', severity: 'info', sentence: '', layer: 'stem.relu' },
    ]);
    assert.deepEqual(
      rows.map((row) => row.odd),
      [undefined, 'error', undefined, undefined],
    );
  });

  it('goes to the next name with a part that begins with what was typed', () => {
    const rows = layerRows(layers, undefined, []);
    assert.equal(typeAhead(rows, 'conv', 1), 2);
    assert.equal(typeAhead(rows, 'layer2', 0), 3);
    assert.equal(typeAhead(rows, 'stem', 1), 1);
    assert.equal(typeAhead(rows, 'x', 0), -1);
  });
});

describe('a question that takes time', () => {
  it('is answered by the latest; what was known stays until then', async () => {
    const task = new Task<number>(() => {});
    await task.run('a', async () => 1);
    let settle: (value: number) => void = () => {};
    const first = task.run('b', () => new Promise<number>((resolve) => (settle = resolve)));
    assert.deepEqual([task.value, task.outdated, task.working], [1, true, true]);
    await task.run('c', async () => 3);
    settle(2);
    await first;
    assert.deepEqual([task.value, task.question, task.outdated, task.working], [3, 'c', false, false]);
  });

  it('is not asked twice, but again after what is known has expired', async () => {
    const task = new Task<number>(() => {});
    let asked = 0;
    const ask = async (): Promise<number> => ++asked;
    await task.run('a', ask);
    await task.run('a', ask);
    assert.equal(asked, 1);
    task.expire();
    await task.run('a', ask);
    assert.equal(asked, 2);
  });

  it('keeps an error as data, and the value before', async () => {
    const task = new Task<number>(() => {});
    await task.run('a', async () => 1);
    await task.run('b', () => Promise.reject(new LensError('input', 'x/y', 'No.')));
    assert.deepEqual([task.value, task.error?.message, task.outdated], [1, 'No.', true]);
  });
});

describe('the pages of a weight', () => {
  /** A 300 × 200 weight of 3 × 3 kernels whose every number says where it is. */
  const answer = (page: KernelPage): LayerWeights => {
    const rows = Math.min(page.rowCount, 300 - page.rowFrom);
    const columns = Math.min(page.columnCount, 200 - page.columnFrom);
    const values = new Float32Array(rows * columns * 9);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++)
        values.fill((page.rowFrom + r) * 1000 + page.columnFrom + c, 9 * (r * columns + c), 9 * (r * columns + c + 1));
    const entry = { name: 'w', role: 'weight', dims: [300, 200, 3, 3], type: 'float32' };
    const shown = { ...entry, view: 'kernels' as const, shape: [300, 200, 3, 3] };
    return {
      layer: 'conv',
      op: 'Conv',
      weights: [shown],
      shown,
      page: {
        rows: Int32Array.from({ length: rows }, (_, i) => page.rowFrom + i),
        columns: Int32Array.from({ length: columns }, (_, i) => page.columnFrom + i),
        values: floatTensor([rows, columns, 3, 3], values),
      },
      notes: [],
    };
  };

  it('are fetched once when they come into sight, and every cell is in its place', async () => {
    const shape = pageShape({ view: 'kernels', shape: [300, 200, 3, 3] });
    assert.ok(shape.blockRows * shape.blockColumns * 9 <= 65_536, `${shape.blockRows * shape.blockColumns * 9}`);
    const asked: KernelPage[] = [];
    const first = answer({ rowFrom: 0, rowCount: shape.blockRows, columnFrom: 0, columnCount: shape.blockColumns });
    const fetch = async (page: KernelPage): Promise<LayerWeights> => (asked.push(page), answer(page));
    const pages = new WeightPages(shape, 'index', first, fetch, () => {});
    assert.equal(pages.cell(299, 199), undefined);
    const sight = { rowFrom: 250, rowTo: 300, columnFrom: 150, columnTo: 200 };
    pages.need(sight);
    pages.need(sight);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(new Set(asked.map((p) => `${p.rowFrom}/${p.columnFrom}`)).size, asked.length);
    for (const [row, column] of [
      [299, 199],
      [250, 150],
      [3, 7],
    ] as const) {
      const cell = pages.cell(row, column);
      assert.equal(cell?.values[cell.offset + 4], row * 1000 + column);
    }
  });

  it('hold whole colour filters, planes and all', () => {
    const shape = pageShape({ view: 'rgb', shape: [96, 3, 7, 7] });
    assert.deepEqual([shape.rows, shape.columns, shape.area, shape.blockRows], [96, 1, 147, 96]);
  });
});

describe('a grid of cells', () => {
  const shape = { rows: 10, columns: 1, cellHeight: 7, cellWidth: 7, flow: true };
  const room = { width: 300, height: 120 };
  const layout = layOutCells(shape, room, 1, false, true);

  it('finds the cell and the pixel at a point, and none between cells', () => {
    const rect = rectOfCell(shape, layout, { row: layout.perLine + 1, column: 0 });
    const at = cellAt(shape, layout, rect.left + 2.5 * layout.scale, rect.top + 6.5 * layout.scale);
    assert.deepEqual(at, { row: layout.perLine + 1, column: 0, x: 2, y: 6 });
    assert.equal(cellAt(shape, layout, rect.left + rect.width + 1, rect.top)?.x, undefined);
    assert.equal(cellAt(shape, layout, 299, layout.height - 5), undefined, 'after the last cell');
  });

  it('draws only what is in sight', () => {
    const tall = { ...shape, rows: 10_000 };
    const long = layOutCells(tall, room, 1, false, true);
    const { lineFrom, lineTo } = cellsInSight(long, { left: 0, top: 50 * long.pitchY }, room);
    assert.ok(
      lineFrom >= 49 && lineTo <= 50 + Math.ceil(room.height / long.pitchY) + 1,
      `lineFrom: ${lineFrom}, lineTo: ${lineTo}, ${50 + Math.ceil(room.height / long.pitchY) + 1}`,
    );
  });

  it('moves by keys within its ends', () => {
    const move = (row: number, key: string) => moveCell(shape, layout, { row, column: 0 }, key, 2).row;
    assert.deepEqual(
      [move(0, 'ArrowLeft'), move(0, 'ArrowDown'), move(9, 'ArrowRight'), move(4, 'Home'), move(4, 'End')],
      [0, layout.perLine, 9, 0, 9],
    );
  });
});

describe('the drawn graph', () => {
  const node = (name: string, module: number, kind: 'node' | 'input' = 'node') =>
    ({ kind, name, op: 'Conv', module, parameters: 1, weights: [], outputs: [] }) as const;
  const module = (path: string, parent: number, nodes: number) =>
    ({ path, name: path, parent, nodes, parameters: nodes }) as const;
  const structure: GraphStructure = {
    nodes: [node('x', 0, 'input'), node('a', 1), node('b', 1), node('c', 0)],
    modules: [module('', -1, 4), module('block', 0, 2)],
    edges: [
      { from: 0, to: 1, value: 'x', shape: [1, 3] },
      { from: 1, to: 2, value: 'a' },
      { from: 2, to: 3, value: 'b' },
    ],
    measured: false,
  };
  const placed = (open: readonly string[], direction: 'right' | 'down' = 'right') => {
    const visible = visibleGraph(structure, new Set(open));
    const request = layoutRequest(visible, direction);
    const at = (id: string, i: number) => ({
      id,
      ...(direction === 'right' ? { x: 100 * i, y: 0 } : { x: 0, y: 50 * i }),
      width: 80,
      height: 38,
    });
    const answer = {
      id: 1,
      nodes: request.nodes.map((n, i) => at(n.id, i)),
      frames: request.frames.map((f, i) => at(f.id, i)),
      edges: request.edges.map(() => new Float32Array(4)),
      labels: request.edges.map(() => undefined),
      width: 80,
      height: 200,
    };
    const scene = sceneOf(visible, answer, direction);
    return { visible, request, scene };
  };

  it('stands nodes of an open module in its frame', () => {
    const { request, scene } = placed(['block']);
    assert.deepEqual(request.frames, [{ id: 'f1' }]);
    assert.deepEqual(
      request.nodes.map((n) => n.parent),
      [undefined, 'f1', 'f1', undefined],
    );
    assert.deepEqual(scene.edges[0]!.text, { name: 'x', shape: '1×3' });
    assert.ok(request.edges[0]!.label!.width > 20, 'room for the name and the shape');
  });

  it('names a value once, however many nodes read it, and the end of a long name', () => {
    const edges = [1, 2, 3].map((to) => ({ from: 0, to, value: `/deep/in/the/${'long'.repeat(9)}_output_0` }));
    const { nodes, modules } = structure;
    const flat = nodes.map((each) => ({ ...each, module: 0 }));
    const visible = visibleGraph({ nodes: flat, modules, edges, measured: false }, new Set());
    const request = layoutRequest(visible, 'right');
    assert.deepEqual(
      request.edges.map(({ label }) => label !== undefined),
      [true, false, false],
    );
    const places = request.nodes.map(({ id, width, height }) => ({ id, x: 0, y: 0, width, height }));
    const none = { id: 1, nodes: places, frames: [], edges: [], labels: [], width: 1, height: 1 };
    const { name } = sceneOf(visible, none, 'right').edges[0]!.text;
    assert.match(name, /^longlong….*_output_0$/);
    assert.ok(name.length <= 22, `"${name}" has ${name.length} letters`);
  });

  it('shows a node of a closed module as the module', () => {
    assert.equal(visibleIdOf(structure, placed([]).visible, 2), 'm1');
    assert.equal(visibleIdOf(structure, placed(['block']).visible, 2), 'n2');
  });

  it('is walked along its edges', () => {
    const { scene } = placed([]);
    assert.equal(neighbour(scene, 'n0', 'ArrowRight'), 'm1');
    assert.equal(neighbour(scene, 'n3', 'ArrowLeft'), 'm1');
    assert.equal(neighbour(scene, 'n3', 'ArrowRight'), undefined);
    const { scene: down } = placed([], 'down');
    assert.equal(neighbour(down, 'n0', 'ArrowDown'), 'm1');
    assert.equal(neighbour(down, 'n3', 'ArrowUp'), 'm1');
    assert.equal(neighbour(down, 'n0', 'ArrowRight'), undefined);
  });
});
