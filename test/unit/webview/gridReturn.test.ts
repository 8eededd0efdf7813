import assert from 'node:assert/strict';
import { address, filePath } from '../../../src/base/place.js';
import { Answers, explanationOf, type Compute, type Inquiry } from '../../../src/host/explain/answers.js';
import type { CellRequest, OneRequest } from '../../../src/protocol/explainPanel.js';
import type { GridLine } from '../../../webview/explain/grid/choice.js';
import { Grid } from '../../../webview/explain/grid/grid.js';
import { explanationWith } from '../support/explanation.js';

const base = { score: 'logit', seed: 0 } as const;
const pictures = (...names: string[]): GridLine[] =>
  names.map((name) => ({ id: name, title: name, part: { picture: address(name) } }));
const columns = (...names: string[]): GridLine[] =>
  names.map((name) => ({ id: name, title: name, part: { method: { method: name, params: {} }, target: 'top1' } }));
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('a grid whose tab is hidden and shown again', () => {
  /** The store of the host with room for so many explanations, and how often something was computed. */
  function host(room: number) {
    const bytes = 7; // of a picture of one pixel, and its map
    const store = new Answers(room * bytes, async () => []);
    const computed: string[] = [];
    let gate = Promise.resolve();
    const compute: Compute = async ({ input, method }) => {
      computed.push(`${input} ${method}`);
      await gate;
      const result = explanationWith({ input });
      const about = { sha256: '', provider: 'cpu', refusedProviders: [], files: [], preprocessing: {}, warnings: [] };
      return { ...about, results: [{ input, result }] };
    };
    const inquiry = ({ question, picture }: OneRequest): Inquiry => ({
      model: filePath('net.onnx'),
      ...question,
      input: filePath(String(picture)),
    });
    const never = new AbortController().signal;
    /** A page that is made anew: nothing of the one before is left. */
    const page = () => {
      const grid = new Grid(
        {
          cell: async (request: CellRequest) =>
            explanationOf(await store.ask(inquiry(request), compute, { signal: never, onProgress: () => undefined })),
          held: ({ cells: wanted }: { readonly cells: readonly OneRequest[] }) => store.holds(wanted.map(inquiry)),
        },
        () => undefined,
      );
      return grid;
    };
    const hold = (): (() => void) => {
      let open = (): void => undefined;
      gate = new Promise((resolve) => (open = resolve));
      return open;
    };
    return { page, computed, hold };
  }
  const many = pictures(...Array.from({ length: 500 }, (_, i) => `picture ${i}`));
  const three = columns('x', 'y', 'z');
  const whole = async (grid: Grid): Promise<void> => {
    while (grid.working) await settle();
  };

  it('shows all of 1,500 maps again, and computes only what the store had no room for', async () => {
    const { page, computed } = host(1389);
    const first = page();
    first.show(many, three, base);
    await whole(first);
    assert.deepEqual([first.progress, computed.length], [{ done: 1500, total: 1500 }, 1500]);
    const second = page();
    second.show(many, three, base);
    await whole(second);
    assert.deepEqual(second.progress, { done: 1500, total: 1500 });
    assert.equal(computed.length - 1500, 111, 'what is asked for first does not push out what is asked for next');
  });

  it('goes on where it was, and joins the map that is under way', async () => {
    const { page, computed, hold } = host(100);
    const some = pictures('a', 'b', 'c');
    const open = hold();
    page().show(some, columns('x', 'y'), base); // its page goes with this map under way
    await settle();
    const second = page();
    second.show(some, columns('x', 'y'), base);
    await settle();
    assert.deepEqual(computed, ['a x']);
    open();
    await whole(second);
    assert.deepEqual(second.progress, { done: 6, total: 6 });
    assert.equal(new Set(computed).size, computed.length, 'nothing is computed twice');
  });

  it('has at hand what it is opened large with', async () => {
    const { page } = host(100);
    const grid = page();
    grid.show(pictures('a', 'b'), columns('x', 'y'), base);
    await whole(grid);
    const { question } = grid.requestAt({ row: 1, column: 1 })!;
    assert.deepEqual(
      [...grid.answersTo(question)].map(([picture, { input }]) => [picture, input]),
      [
        ['a', 'a'],
        ['b', 'b'],
      ],
    );
    assert.equal(grid.answersTo({ ...question, seed: 1 }).size, 0);
    grid.outdate();
    assert.equal(grid.answersTo(question).size, 0, 'a file has changed since');
  });
});
