import assert from 'node:assert/strict';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import { floatTensor } from '../../../src/base/tensor.js';
import type { CallOptions } from '../../../src/protocol/channel.js';
import type { OneRequest, Question } from '../../../src/protocol/panel.js';
import type { WorkProgress } from '../../../src/protocol/runner.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { Grid, GridScenes, moveIn, type GridColumn } from '../../../webview/explain/grid.js';
import { DEFAULT_DISPLAY } from '../../../webview/shared/display.js';

const question = (method: string): Question => ({ method, params: {}, target: 'top1', score: 'logit', seed: 0 });
const column = (id: string): GridColumn => ({ id, title: id, question: question(id) });

function explanation(value: number, unit = 'logit'): Explanation {
  const values = floatTensor([1, 2], Float32Array.of(0, value));
  return {
    input: 'cat.png',
    picture: { width: 2, height: 1, data: new Uint8Array(6) },
    target: { index: 0, label: 'cat' },
    score: 'logit',
    value: 1,
    probability: 1,
    predictions: [],
    attribution: { values, axes: 'HW', signed: false, unit },
    recipe: {
      schema: 'onnx-lens/recipe/1',
      model: { file: 'net.onnx', sha256: '' },
      preprocessing: {},
      method: 'gradient',
      params: {},
      seed: 0,
      provider: 'cpu',
      versions: {},
      notes: [],
    },
    warnings: [],
    milliseconds: 1,
  };
}

function cells() {
  const asked: {
    readonly name: string;
    readonly options: CallOptions<WorkProgress>;
    finish(): void;
    fail(error: Error): void;
  }[] = [];
  const grid = new Grid(
    {
      cell: ({ question: q, picture }: OneRequest, options: CallOptions<WorkProgress> = {}) =>
        new Promise<Explanation>((resolve, reject) => {
          options.signal?.addEventListener('abort', () => reject(new CancelledError()));
          const name = `${picture} ${q.method}`;
          asked.push({ name, options, finish: () => resolve(explanation(1)), fail: reject });
        }),
    },
    () => undefined,
  );
  const states = (): string[] =>
    grid.rows.flatMap((_, row) => grid.columns.map((_c, at) => grid.at({ row, column: at }).state));
  return { grid, asked, states };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('the grid of maps', () => {
  it('computes one cell after the other, and one that fails stops no other', async () => {
    const { grid, asked, states } = cells();
    grid.show(['a', 'b'], [column('x'), column('y')]);
    assert.deepEqual(states(), ['working', 'waiting', 'waiting', 'waiting']);
    asked[0]!.fail(new LensError('unsupported', 'x', 'No gradient.'));
    await settle();
    for (let i = 1; i < 4; i++) {
      assert.equal(asked.length, i + 1);
      asked[i]!.finish();
      await settle();
    }
    assert.deepEqual(states(), ['failed', 'done', 'done', 'done']);
    assert.deepEqual(
      asked.map((a) => a.name),
      ['a x', 'a y', 'b x', 'b y'],
    );
    assert.equal(grid.working, false);
    grid.resume();
    assert.equal(asked[4]!.name, 'a x');
  });

  it('keeps what it has and cancels what is no longer asked for', async () => {
    const { grid, asked, states } = cells();
    grid.show(['a'], [column('x'), column('y')]);
    asked[0]!.finish();
    await settle();
    grid.show(['a'], [column('x'), column('z')]);
    assert.equal(asked[1]!.options.signal?.aborted, true);
    await settle();
    assert.deepEqual(states(), ['done', 'working']);
    assert.equal(asked[2]!.name, 'a z');
    grid.show(['a'], [column('z'), column('x')]);
    assert.equal(asked[2]!.options.signal?.aborted, false);
    asked[2]!.finish();
    await settle();
    assert.deepEqual(states(), ['done', 'done']);
    assert.equal(asked.length, 3);
  });

  it('stops on request and goes on', async () => {
    const { grid, asked, states } = cells();
    grid.show(['a'], [column('x'), column('y')]);
    grid.cancel();
    await settle();
    assert.deepEqual(states(), ['waiting', 'waiting']);
    assert.equal(grid.working, false);
    grid.resume();
    asked[1]!.finish();
    await settle();
    assert.deepEqual(states(), ['done', 'working']);
    assert.deepEqual(grid.progress, { done: 1, total: 2 });
  });

  it('shares a scale among maps of one unit only', () => {
    const scenes = new GridScenes();
    const display = { ...DEFAULT_DISPLAY, percentile: 100 };
    const limits = scenes.limits([explanation(2), explanation(5), explanation(7, 'share')], display);
    assert.deepEqual(
      [...limits],
      [
        ['logit', 5],
        ['share', 7],
      ],
    );
    const two = explanation(2);
    assert.equal(scenes.of(two, display, 5).scaled.values[1], Math.fround(0.4));
    assert.equal(scenes.of(two, display, 5), scenes.of(two, display, 5));
    assert.equal(scenes.of(two, display).scaled.values[1], 1);
  });

  it('moves between cells and stays inside', () => {
    assert.deepEqual(moveIn({ row: 0, column: 1 }, 'ArrowDown', 2, 3), { row: 1, column: 1 });
    assert.deepEqual(moveIn({ row: 0, column: 0 }, 'ArrowLeft', 2, 3), { row: 0, column: 0 });
    assert.deepEqual(moveIn({ row: 1, column: 0 }, 'End', 2, 3), { row: 1, column: 2 });
    assert.equal(moveIn({ row: 1, column: 0 }, 'x', 2, 3), undefined);
  });
});
