import assert from 'node:assert/strict';
import { LensError } from '../../../src/base/errors.js';
import { address } from '../../../src/base/place.js';
import { floatTensor } from '../../../src/base/tensor.js';
import type { OneRequest } from '../../../src/protocol/explainPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { arranged, DEFAULT_GRID, type GridChoice, type GridLine } from '../../../webview/explain/grid/choice.js';
import { hideColumn, moveColumn, pinColumn } from '../../../webview/explain/grid/columns.js';
import { Grid, GridScenes } from '../../../webview/explain/grid/grid.js';
import {
  cellText,
  explanationsOf,
  wholeGrid,
  type WholeGrid,
  type WholeOptions,
  limitsOf,
  scalesOf,
} from '../../../webview/explain/grid/gridPicture.js';
import { DEFAULT_DISPLAY } from '../../../webview/shared/canvas/display.js';
import { explanationWith } from '../support/explanation.js';

const display = { ...DEFAULT_DISPLAY, percentile: 100 };
const row = (name: string): GridLine => ({ id: name, title: `${name}.png`, part: { picture: address(name) } });
const column = (name: string): GridLine => ({
  id: name,
  title: name.toUpperCase(),
  part: { method: { method: name, params: {} }, target: 'top1' },
});

/** A map of two pixels, of which the second one is the largest. */
function explanation(value: number, unit: string, signed = false): Explanation {
  return explanationWith({
    picture: { width: 2, height: 1, data: new Uint8Array(6) },
    attribution: { values: floatTensor([1, 2], Float32Array.of(0, value)), axes: 'HW', signed, unit },
  });
}

/** A grid whose explanations are there at once, by picture and method; what is not in it fails. */
async function gridOf(maps: Readonly<Record<string, Explanation>>, change: Partial<GridChoice> = {}) {
  const grid = new Grid(
    {
      cell: async ({ picture, question }: OneRequest) => {
        const found = maps[`${picture} ${question.method}`];
        if (found === undefined) throw new LensError('unsupported', 'x', 'No gradient.');
        return found;
      },
      cells: async ({ cells }, { onProgress = () => undefined } = {}) =>
        onProgress(cells.map((_, cell) => ({ cell, state: 'done' }))),
    },
    () => undefined,
  );
  const [rows, all] = [['a', 'b'].map(row), ['x', 'y', 'z'].map(column)];
  let choice: GridChoice = { ...DEFAULT_GRID, ...change };
  const compare = {
    grid,
    get choice() {
      return choice;
    },
    choose: (changed: Partial<GridChoice>): void => {
      choice = { ...choice, ...changed };
      grid.show(rows, arranged(all, choice), { score: 'logit', seed: 0 });
    },
  };
  compare.choose({});
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  return compare;
}

/** The grid as an exported picture holds it: of each map the end of its scale. */
function whole(
  compare: Awaited<ReturnType<typeof gridOf>>,
  change: Partial<WholeOptions<number>> = {},
): Promise<WholeGrid<number>> {
  return wholeGrid(compare, {
    scenes: new GridScenes(),
    display,
    title: 'net',
    from: 0,
    most: Infinity,
    draw: ({ scaled }) => scaled.limit,
    signal: new AbortController().signal,
    progress: () => undefined,
    ...change,
  });
}

describe('what a grid shows', () => {
  const maps = {
    'a x': explanation(2, 'logit'),
    'b x': explanation(5, 'logit'),
    'a y': explanation(7, 'share'),
    'b y': explanation(3, 'share'),
    'a z': explanation(4, 'logit', true),
  };

  it('is drawn with a scale for each map, and that is said once for each kind of colours', async () => {
    const compare = await gridOf(maps);
    const { title, columns, rows, scales } = await whole(compare);
    assert.deepEqual([title, columns], ['net', ['X', 'Y', 'Z']]);
    assert.deepEqual(
      rows.map(({ name, cells }) => [name, ...cells.map(({ text }) => text)]),
      [
        ['a.png', 'cat · to 2.00', 'cat · to 7.00', 'cat · to 4.00'],
        ['b.png', 'cat · to 5.00', 'cat · to 3.00', 'failed: No gradient.'],
      ],
    );
    assert.deepEqual(
      rows.map(({ cells }) => cells.map(({ map }) => map !== undefined)),
      [
        [true, true, true],
        [true, true, false],
      ],
    );
    assert.equal(scales.length, 2, 'magnitudes, and signed maps');
    assert.match(scales[0]!.note, /^a scale per map · largest value$/);
  });

  it('is drawn on one scale for each unit where it is shared', async () => {
    const compare = await gridOf(maps, { shared: true });
    const scenes = new GridScenes();
    assert.deepEqual(
      [...limitsOf(compare, scenes, display)!],
      [
        ['logit', 5],
        ['share', 7],
      ],
    );
    const { rows, scales } = await whole(compare);
    assert.deepEqual(
      rows.map(({ cells }) => cells.map(({ map }) => map)),
      [
        [5, 7, 5],
        [5, 7, undefined],
      ],
    );
    assert.deepEqual(
      scales.map(({ unit, limit }) => [unit, limit]),
      [
        ['logit', 5],
        ['share', 7],
      ],
    );
  });

  it('has no scale for maps that have made room for others', async () => {
    const compare = await gridOf(maps, { shared: true });
    const scenes = new GridScenes();
    const limits = limitsOf(compare, scenes, display);
    const left = explanationsOf(compare).filter((e) => e.attribution.unit === 'share');
    assert.deepEqual(
      scalesOf(left, scenes, display, limits).map(({ unit, limit }) => [unit, limit]),
      [['share', 7]],
    );
  });

  it('says below a map its class and scale, the value at a pixel, or why there is none', async () => {
    const compare = await gridOf(maps);
    const scenes = new GridScenes();
    const [first] = explanationsOf(compare);
    const scene = scenes.of(first!, display);
    const done = { state: 'done', explanation: first!, outdated: false } as const;
    assert.equal(cellText(done, scene, undefined), 'cat · to 2.00');
    assert.equal(cellText({ ...done, outdated: true }, scene, undefined), 'before the change · cat · to 2.00');
    assert.equal(cellText(done, scene, { x: 1, y: 0 }), '1, 0: 2.00');
    assert.equal(cellText({ state: 'waiting' }, undefined, undefined), 'waiting');
    assert.equal(cellText({ state: 'working' }, undefined, undefined), 'working');
    assert.equal(cellText({ state: 'working', fraction: 0.25 }, undefined, undefined), '25 %');
  });
});

describe('the columns of a grid', () => {
  it('are moved, pinned and hidden; it is said, and the focus follows', async () => {
    const compare = await gridOf({});
    const titles = (): string => compare.grid.columns.map(({ title }) => title).join('');
    assert.deepEqual(moveColumn(compare, 0, 2), { said: 'X moved to column 3 of 3', focus: 2 });
    assert.equal(titles(), 'YZX');
    assert.deepEqual(moveColumn(compare, 2, 9), { said: 'X stays at column 3 of 3' });
    assert.deepEqual(pinColumn(compare, 2), { said: 'X pinned, column 1 of 3', focus: 0 });
    assert.equal(titles(), 'XYZ');
    assert.deepEqual(moveColumn(compare, 0, 1), { said: 'X stays at column 1 of 3' }, 'a pinned one stays in front');
    assert.deepEqual(pinColumn(compare, 0), { said: 'X unpinned, column 1 of 3', focus: 0 });
    assert.deepEqual(hideColumn(compare, 2), { said: 'Z hidden', focus: 1 });
    assert.deepEqual(hideColumn(compare, 0), { said: 'X hidden', focus: 0 });
    assert.equal(titles(), 'Y');
  });
});
