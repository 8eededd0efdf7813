import assert from 'node:assert/strict';
import { CancelledError, LensError, toErrorData } from '../../../src/base/errors.js';
import { address } from '../../../src/base/place.js';
import { floatTensor } from '../../../src/base/tensor.js';
import type { CellReport, OneRequest } from '../../../src/protocol/explainPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { Grid, GridScenes } from '../../../webview/explain/grid/grid.js';
import { moveIn } from '../../../webview/explain/grid/keys.js';
import {
  arranged,
  columnsOf,
  DEFAULT_GRID,
  moved,
  pinToggled,
  restoredChoice,
  type GridLine,
} from '../../../webview/explain/grid/choice.js';
import { recipesOf } from '../../../webview/explain/grid/exports.js';
import { gridSvgOf } from '../../../webview/explain/grid/svg.js';
import { DEFAULT_DISPLAY } from '../../../webview/shared/canvas/display.js';
import { explanationWith } from '../support/explanation.js';

const base = { score: 'logit', seed: 0 } as const;
const pictures = (...names: string[]): GridLine[] =>
  names.map((name) => ({ id: name, title: name, part: { picture: address(name) } }));
const methods = (...names: string[]): GridLine[] =>
  names.map((name) => ({ id: name, title: name, part: { method: { method: name, params: {} } } }));
const targets = (...names: string[]): GridLine[] =>
  names.map((name) => ({ id: name, title: name, part: { target: name } }));
const columns = (...names: string[]): readonly GridLine[] =>
  columnsOf({ pictures: [], methods: methods(...names), targets: targets('top1') }, 'pictures');

function explanation(value: number, unit = 'logit'): Explanation {
  const values = floatTensor([1, 2], Float32Array.of(0, value));
  return explanationWith({
    picture: { width: 2, height: 1, data: new Uint8Array(6) },
    attribution: { values, axes: 'HW', signed: false, unit },
  });
}

/** A host that computes when told to; of the pictures in `held` it says at once that they are known. */
function cells(held: readonly string[] = []) {
  const asked: {
    readonly names: readonly string[];
    readonly anew: boolean | undefined;
    readonly signal: AbortSignal | undefined;
    tell(...reports: readonly CellReport[]): void;
    finish(): void;
    fail(error: Error): void;
  }[] = [];
  const fetched: string[] = [];
  const nameOf = ({ question: q, picture }: OneRequest): string => `${picture} ${q.method}`;
  const grid = new Grid(
    {
      cell: async (request: OneRequest) => {
        fetched.push(nameOf(request));
        return explanation(1);
      },
      cells: ({ cells: wanted, anew }, { signal, onProgress = () => undefined } = {}) =>
        new Promise<void>((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new CancelledError()));
          const tell = (...reports: readonly CellReport[]): void => onProgress(reports);
          asked.push({ names: wanted.map(nameOf), anew, signal, tell, finish: resolve, fail: reject });
          const known = wanted.flatMap(({ picture }, cell) =>
            held.includes(picture) ? [{ cell, state: 'done' as const }] : [],
          );
          if (known.length > 0) tell(...known);
        }),
    },
    () => undefined,
  );
  const states = (): string[] =>
    grid.rows.flatMap((_, row) => grid.columns.map((_c, at) => grid.at({ row, column: at }).state));
  return { grid, asked, fetched, states };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const done = (cell: number): CellReport => ({ cell, state: 'done' });

describe('the grid of maps', () => {
  it('asks for all at once and takes each as it ends; one that fails stops no other', async () => {
    const { grid, asked, fetched, states } = cells();
    grid.show(pictures('a', 'b'), columns('x', 'y'), base);
    assert.deepEqual(asked[0]!.names, ['a x', 'a y', 'b x', 'b y']);
    const error = toErrorData(new LensError('unsupported', 'x', 'No gradient.'));
    asked[0]!.tell({ cell: 0, state: 'failed', error }, done(1), { cell: 2, state: 'working', fraction: 0.5 });
    assert.deepEqual(states(), ['failed', 'kept', 'working', 'waiting']);
    await settle();
    assert.deepEqual(states(), ['failed', 'done', 'working', 'waiting'], 'what is in sight is fetched');
    asked[0]!.tell(done(2), done(3));
    asked[0]!.finish();
    await settle();
    assert.deepEqual(states(), ['failed', 'done', 'done', 'done']);
    assert.deepEqual(fetched, ['a y', 'b x', 'b y']);
    assert.equal(grid.working, false);
    grid.resume();
    assert.deepEqual(asked[1]!.names, ['a x']);
    grid.cancel();
  });

  it('fetches what is looked at only, and asks for that first', async () => {
    const { grid, asked, fetched, states } = cells();
    grid.look(1, 2);
    grid.show(pictures('a', 'b', 'c'), columns('x'), base);
    assert.deepEqual(asked[0]!.names, ['b x', 'a x', 'c x']);
    asked[0]!.tell(done(0), done(1), done(2));
    await settle();
    assert.deepEqual(states(), ['kept', 'done', 'kept']);
    assert.deepEqual(grid.progress, { done: 3, total: 3 });
    grid.look(2, 3);
    await settle();
    assert.deepEqual(fetched, ['b x', 'c x']);
    assert.deepEqual(states(), ['kept', 'done', 'done']);
    const all: string[] = [];
    for await (const { request } of grid.each()) all.push(request.picture);
    assert.deepEqual(all, ['a', 'b', 'c'], 'what is taken out of a grid is all of it');
    asked[0]!.finish();
  });

  it('keeps what it has and cancels what is no longer asked for', async () => {
    const { grid, asked, states } = cells();
    grid.show(pictures('a'), columns('x', 'y'), base);
    asked[0]!.tell(done(0));
    await settle();
    grid.show(pictures('a'), columns('x', 'z'), base);
    assert.equal(asked[0]!.signal?.aborted, true);
    await settle();
    assert.deepEqual(asked[1]!.names, ['a z'], 'what has ended is not asked for again');
    asked[1]!.tell(done(0));
    asked[1]!.finish();
    await settle();
    assert.deepEqual(states(), ['done', 'done']);
    grid.show(pictures('a'), columns('z', 'x'), base);
    await settle();
    assert.deepEqual(states(), ['done', 'done']);
    assert.equal(asked.length, 2);
  });

  it('stops on request and goes on', async () => {
    const { grid, asked, states } = cells();
    grid.show(pictures('a'), columns('x', 'y'), base);
    asked[0]!.tell(done(0));
    grid.cancel();
    await settle();
    assert.deepEqual(states(), ['done', 'waiting']);
    assert.equal(grid.working, false);
    grid.resume();
    assert.deepEqual(asked[1]!.names, ['a y']);
    asked[1]!.tell({ cell: 0, state: 'working' });
    assert.deepEqual(states(), ['done', 'working']);
    assert.deepEqual(grid.progress, { done: 1, total: 2 });
    asked[1]!.finish(); // stopped from outside: it ends, and the cell has not
    await settle();
    assert.deepEqual([states(), grid.working], [['done', 'waiting'], false]);
  });

  it('says of every cell why there is none where the model cannot be asked', async () => {
    const { grid, asked, states } = cells();
    grid.show(pictures('a'), columns('x', 'y'), base);
    asked[0]!.fail(new LensError('runtime', 'x', 'The model is gone.'));
    await settle();
    assert.deepEqual(states(), ['failed', 'failed']);
  });

  it('has what the host knows at once', async () => {
    const { grid, states } = cells(['b']);
    grid.show(pictures('a', 'b'), columns('x'), base);
    await settle();
    assert.deepEqual(states(), ['waiting', 'done']);
    grid.cancel();
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
    assert.deepEqual(moveIn({ row: 0, column: 1 }, 'ArrowUp', 2, 3), { row: 0, column: 1 });
    assert.deepEqual(moveIn({ row: 0, column: 1 }, 'ArrowUp', 2, 3, -1), { row: -1, column: 1 });
  });

  it('shows what a change on disk made old, marked, until it is computed anew', async () => {
    const { grid, asked, states } = cells();
    grid.show(pictures('a'), columns('x', 'y'), base);
    asked[0]!.tell(done(0), done(1));
    asked[0]!.finish();
    await settle();
    assert.equal(grid.outdated, false);
    grid.outdate();
    assert.deepEqual(states(), ['done', 'done']);
    assert.ok(grid.outdated);
    assert.deepEqual(grid.progress, { done: 0, total: 2 });
    const first = grid.at({ row: 0, column: 0 });
    assert.ok(first.state === 'done' && first.outdated, first.state);
    grid.rerun();
    assert.deepEqual([asked[1]!.anew, asked[1]!.names], [true, ['a x', 'a y']]);
    asked[1]!.tell(done(0));
    await settle();
    const again = grid.at({ row: 0, column: 0 });
    assert.ok(again.state === 'done' && !again.outdated, again.state);
    asked[1]!.tell(done(1));
    asked[1]!.finish();
    await settle();
    assert.equal(grid.outdated, false);
    assert.equal(asked.length, 2);
  });

  it('does not take an answer for new that was asked before the change', async () => {
    const { grid, asked } = cells();
    grid.show(pictures('a'), columns('x'), base);
    asked[0]!.tell(done(0));
    grid.rerun();
    await settle();
    assert.equal(asked.length, 2, 'asked again');
    asked[1]!.tell(done(0));
    asked[1]!.finish();
    await settle();
    assert.equal(grid.outdated, false);
  });
});

describe('the axes of a grid', () => {
  const axes = { pictures: pictures('a', 'b'), methods: methods('x', 'y'), targets: targets('1', '2', '3') };

  it('puts the pairs of two axes across, whichever goes down', () => {
    const across = columnsOf(axes, 'pictures');
    assert.deepEqual(
      across.map(({ title, detail }) => `${title}/${detail}`),
      ['x/1', 'x/2', 'x/3', 'y/1', 'y/2', 'y/3'],
    );
    assert.deepEqual(across[4]!.part, { method: { method: 'y', params: {} }, target: '2' });
    assert.equal(columnsOf(axes, 'methods').length, 6);
    assert.equal(columnsOf(axes, 'targets').length, 4);
    assert.deepEqual(
      columnsOf(axes, 'targets').map(({ title, detail }) => `${title}/${detail}`),
      ['a/x', 'a/y', 'b/x', 'b/y'],
    );
  });

  it('calls columns by what varies', () => {
    const names = (m: string[], t: string[]): string[] =>
      columnsOf({ ...axes, methods: methods(...m), targets: targets(...t) }, 'pictures').map(
        ({ title, detail }) => `${title}/${detail ?? ''}`,
      );
    assert.deepEqual(names(['x', 'y'], ['1']), ['x/', 'y/']);
    assert.deepEqual(names(['x'], ['1', '2']), ['1/', '2/']);
    assert.deepEqual(names(['x'], ['1']), ['x/']);
  });

  it('asks in every cell for its picture, method and class', async () => {
    const { grid } = cells();
    grid.show(axes.methods, columnsOf(axes, 'methods'), { score: 'probability', seed: 4 });
    assert.deepEqual(grid.requestAt({ row: 1, column: 4 }), {
      picture: 'b',
      question: { method: 'y', params: {}, target: '2', score: 'probability', seed: 4 },
    });
    assert.equal(grid.requestAt({ row: 5, column: 0 }), undefined);
    grid.cancel();
  });

  it('moves columns, keeps pinned ones in front, and hides', () => {
    const all = columns('u', 'v', 'w', 'x');
    const names = (choice: typeof DEFAULT_GRID): string =>
      arranged(all, choice)
        .map(({ title }) => title)
        .join('');
    let choice = DEFAULT_GRID;
    const move = (from: number, to: number): number => {
      const { change, at } = moved(arranged(all, choice), choice, from, to);
      choice = { ...choice, ...change };
      return at;
    };
    const pin = (column: number): number => {
      const { change, at } = pinToggled(arranged(all, choice), choice, column);
      choice = { ...choice, ...change };
      return at;
    };
    assert.equal(names(choice), 'uvwx');
    assert.equal(move(0, 2), 2);
    assert.equal(names(choice), 'vwux');
    assert.equal(move(3, 9), 3, 'not beyond the end');
    assert.equal(pin(3), 0);
    assert.equal(names(choice), 'xvwu');
    assert.equal(move(2, 0), 1, 'not in front of a pinned one');
    assert.equal(names(choice), 'xwvu');
    assert.equal(move(0, 2), 0, 'a pinned one stays in front');
    assert.equal(pin(3), 1);
    assert.equal(names(choice), 'xuwv');
    assert.equal(move(1, 0), 0);
    assert.equal(names(choice), 'uxwv');
    assert.equal(pin(0), 1);
    assert.equal(names(choice), 'xuwv');
    choice = { ...choice, hidden: [all[1]!.id] };
    assert.equal(names(choice), 'xuw');
    assert.equal(
      arranged([...all, ...columns('new')], choice).at(-1)!.title,
      'new',
      'what is added comes last, where nothing was said about it',
    );
  });

  it('restores what it understands of a kept choice', () => {
    for (const wrong of [undefined, null, 7, { rows: 'x', methods: 'all', order: [1], shared: 'yes' }])
      assert.deepEqual(restoredChoice(wrong), DEFAULT_GRID);
    const kept = { ...DEFAULT_GRID, rows: 'targets', methods: ['lrp'], pinned: ['a'], shared: true } as const;
    assert.deepEqual(restoredChoice(JSON.parse(JSON.stringify(kept))), kept);
  });
});

describe('what is taken out of a grid', () => {
  it('recipes, one after the other', () => {
    const told = JSON.parse(new TextDecoder().decode(recipesOf([explanation(1).recipe, explanation(2).recipe])));
    assert.equal(told.schema, 'onnx-lens/recipes/1');
    assert.deepEqual(told.recipes, [explanation(1).recipe, explanation(2).recipe]);
  });

  it('SVG: text stays text, what is missing is an empty box, long names are cut and told', () => {
    const svg = gridSvgOf({
      title: 'net <1>',
      columns: ['Gradient', 'A very long name of a column that goes on and on'],
      rows: [
        {
          name: 'cat.png',
          cells: [
            { picture: 'data:image/png;base64,AA', width: 10, height: 5, text: 'cat · to 1' },
            { width: 1, height: 1, text: 'failed: no "gradient"' },
          ],
        },
      ],
      scales: [{ picture: 'data:image/png;base64,BB', low: -1, high: 1, text: 'logit · shared scale' }],
      smooth: false,
    });
    assert.match(svg, /^<svg [^>]* width="678" height="/);
    assert.match(svg, /<title>net &lt;1&gt;<\/title>/);
    assert.match(svg, /<image x="166" y="58" width="240" height="120" [^>]*pixelated[^>]*AA"\/>/);
    assert.match(svg, /<rect x="414.5"[^>]*fill="none"/);
    assert.match(svg, /failed: no &quot;gradient&quot;</);
    assert.match(svg, /…<title>A very long name of a column that goes on and on<\/title>/);
    assert.match(svg, />−1.00 to 1.00   logit · shared scale</);
    assert.equal(svg.match(/<text/g)!.length, svg.match(/<\/text>/g)!.length);
  });
});
