import assert from 'node:assert/strict';
import { isCancelled } from '../../../src/base/errors.js';
import { address, filePath } from '../../../src/base/place.js';
import { floatTensor } from '../../../src/base/tensor.js';
import {
  Answers,
  explanationOf,
  type Compute,
  type ComputeMany,
  type Inquiry,
} from '../../../src/host/explain/answers.js';
import { endOf } from '../../../src/host/explain/cellReports.js';
import type { ExplainAnswer } from '../../../src/protocol/attribution.js';
import type { OneRequest } from '../../../src/protocol/explainPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { columnsOf, DEFAULT_GRID, type GridLine } from '../../../webview/explain/grid/choice.js';
import { Grid, GridScenes, type GridCell } from '../../../webview/explain/grid/grid.js';
import { rowsInPng } from '../../../webview/explain/grid/exportGrid.js';
import { wholeGrid, type WholeGrid, type WholeOptions } from '../../../webview/explain/grid/gridPicture.js';
import { gridSize } from '../../../webview/explain/grid/layout.js';
import { DEFAULT_DISPLAY } from '../../../webview/shared/canvas/display.js';
import { explanationWith } from '../support/explanation.js';

const [ROWS, METHODS] = [500, ['gradient', 'gradcam', 'lrp']];
const never = new AbortController().signal;
/** Of one map and its picture, as the stores count. */
const BYTES = 14;

/** Different in every cell: the end of its scale tells which it is. */
const valueOf = (picture: string, method: string): number => Number(picture) + 1 + METHODS.indexOf(method) / 4;

function explanation(picture: string, method: string): Explanation {
  return explanationWith({
    picture: { width: 2, height: 1, data: new Uint8Array(6) },
    attribution: {
      values: floatTensor([1, 2], Float32Array.of(0, valueOf(picture, method))),
      axes: 'HW',
      signed: false,
      unit: 'logit',
    },
  });
}

/** The window's store and the page's grid, as the panel joins them, each with room for a few maps of the 1500. */
function panel(room = { host: 12, page: 9 }) {
  const answers = new Answers(room.host * BYTES, async (files) => files.map(() => 1));
  const computed = new Map<string, number>();
  const answerTo = ({ input, method }: Inquiry): ExplainAnswer => {
    const name = input.slice(1);
    const key = `${name} ${method}`;
    computed.set(key, (computed.get(key) ?? 0) + 1);
    return {
      sha256: '',
      provider: 'cpu',
      refusedProviders: [],
      preprocessing: {},
      files: [],
      warnings: [],
      results: [{ input, result: explanation(name, method) }],
    };
  };
  const compute: Compute = async (inquiry) => answerTo(inquiry);
  const computeMany: ComputeMany = async (inquiries, { onAnswer }) =>
    inquiries.forEach((inquiry, at) => onAnswer(at, answerTo(inquiry)));
  const inquiry = ({ question, picture }: OneRequest): Inquiry => ({
    model: filePath('/net.onnx'),
    input: filePath(`/${picture}`),
    method: question.method,
  });
  const grid = new Grid(
    {
      cells: async ({ cells }, { signal = never, onProgress = () => undefined } = {}) =>
        answers.askMany(cells.map(inquiry), computeMany, {
          signal,
          onProgress: () => undefined,
          onAnswer: (at, answer) => onProgress([endOf(at, answer)].filter((report) => report !== undefined)),
        }),
      cell: async (request) =>
        explanationOf(await answers.ask(inquiry(request), compute, { signal: never, onProgress: () => undefined })),
    },
    () => undefined,
    room.page * BYTES,
  );
  const pictures: GridLine[] = Array.from({ length: ROWS }, (_, i) => ({
    id: String(i),
    title: `${i}.png`,
    part: { picture: address(String(i)) },
  }));
  const axes = {
    pictures,
    methods: METHODS.map((id): GridLine => ({ id, title: id, part: { method: { method: id, params: {} } } })),
    targets: [{ id: 'top1', title: 'top', part: { target: 'top1' } }],
  };
  grid.look(0, 2);
  grid.show(pictures, columnsOf(axes, 'pictures'), { score: 'logit', seed: 0 });
  return { grid, computed };
}

async function settled(what: string, is: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    if (is()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.fail(what);
}

const valueAt = (grid: Grid, at: GridCell): number | undefined => {
  const cell = grid.at(at);
  return cell.state === 'done' ? (cell.explanation.attribution.values.data[1] as number) : undefined;
};

const whole = (
  grid: Grid,
  change: Partial<WholeOptions<number>> & { readonly shared?: boolean } = {},
): Promise<WholeGrid<number>> =>
  wholeGrid(
    { grid, choice: { ...DEFAULT_GRID, shared: change.shared === true } },
    {
      scenes: new GridScenes(),
      display: { ...DEFAULT_DISPLAY, percentile: 100 },
      title: 'net',
      from: 0,
      most: Infinity,
      draw: ({ scaled }) => scaled.limit,
      signal: never,
      progress: () => undefined,
      ...change,
    },
  );

describe('A grid of 500 pictures by three methods, of which the stores hold a few', () => {
  it('loses no map: what has made room comes back with its values when it is looked at', async () => {
    const { grid, computed } = panel();
    await settled('not all maps are there', () => !grid.working && grid.done === ROWS * METHODS.length);
    assert.equal(computed.size, ROWS * METHODS.length);
    // Those in sight may have made room before they were fetched.
    const again = [...computed.values()].filter((times) => times > 1).length;
    assert.ok(again <= 2 * METHODS.length, `${again} were computed twice`);
    for (const from of [0, 250, 497, 3, 0]) {
      grid.look(from, from + 3);
      const cells = [0, 1, 2].flatMap((row) => METHODS.map((_, column) => ({ row: from + row, column })));
      await settled(`rows from ${from} on do not come back`, () => cells.every((at) => grid.at(at).state === 'done'));
      for (const at of cells)
        assert.equal(valueAt(grid, at), valueOf(String(at.row), METHODS[at.column]!), `row ${at.row}`);
    }
    assert.equal(grid.done, ROWS * METHODS.length, 'what is not here counts as done');
    assert.ok(
      [...computed.values()].some((times) => times > 1),
      'the store held everything: nothing was tried',
    );
  });

  it('is drawn whole, those that are not here too', async () => {
    const { grid } = panel();
    await settled('not all maps are there', () => !grid.working && grid.done === ROWS * METHODS.length);
    const told: number[] = [];
    const { rows, title, part } = await whole(grid, { progress: (done) => told.push(done) });
    assert.deepEqual([title, part, rows.length, told.at(-1)], ['net', undefined, ROWS, ROWS * METHODS.length]);
    for (const [row, { name, cells }] of rows.entries()) {
      assert.equal(name, `${row}.png`);
      assert.deepEqual(
        cells.map(({ map }) => map),
        METHODS.map((method) => valueOf(String(row), method)),
      );
    }
  });

  it('has the end of a shared scale of all maps, not of those in sight', async () => {
    const { grid } = panel();
    await settled('not all maps are there', () => !grid.working && grid.done === ROWS * METHODS.length);
    const { rows, scales } = await whole(grid, { shared: true });
    const end = valueOf(String(ROWS - 1), METHODS.at(-1)!);
    assert.deepEqual(
      scales.map(({ limit }) => limit),
      [end],
    );
    assert.ok(
      rows.every(({ cells }) => cells.every(({ map }) => map === end)),
      'some have a scale of their own',
    );
  });

  it('says which rows a picture holds that does not hold all', async () => {
    const { grid } = panel();
    await settled('not all maps are there', () => !grid.working && grid.done === ROWS * METHODS.length);
    const some = await whole(grid, { from: 280, most: 112 });
    assert.equal(some.title, 'net · rows 281–392 of 500');
    assert.deepEqual(some.part, { from: 280, to: 392, of: 500 });
    assert.deepEqual([some.rows[0]!.name, some.rows.at(-1)!.name], ['280.png', '391.png']);
    // At the end of the grid the picture is as full as elsewhere.
    assert.deepEqual((await whole(grid, { from: 490, most: 112 })).part, { from: 388, to: 500, of: 500 });
    let left = 8;
    const full = await whole(grid, { room: () => --left > 0 });
    assert.deepEqual([full.title, full.rows.length], ['net · rows 1–3 of 500', 3]);
  });

  it('is cancelled while it is gathered', async () => {
    const { grid } = panel();
    await settled('not all maps are there', () => !grid.working && grid.done === ROWS * METHODS.length);
    const abort = new AbortController();
    const drawing = whole(grid, { signal: abort.signal, progress: (done) => done === 20 && abort.abort() });
    await assert.rejects(drawing, isCancelled);
  });

  it('fits a canvas with as many rows as a PNG takes', () => {
    for (const columns of [1, 3, 12, 60]) {
      const parts = { title: '', columns: Array(columns).fill(''), scales: Array(6) };
      const size = (rows: number) => gridSize({ ...parts, rows: Array(rows) });
      const most = rowsInPng(columns);
      const { width, height } = size(most);
      assert.ok(most >= 1 && height <= 32_767 && width * height <= 256e6, `${columns} columns: ${width}×${height}`);
      const more = size(most + 1);
      assert.ok(more.height > 30_000 || more.width * more.height > 64e6, `${columns} columns have room for more`);
    }
  });
});
