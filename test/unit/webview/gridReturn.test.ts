import assert from 'node:assert/strict';
import { CancelledError } from '../../../src/base/errors.js';
import { address, filePath } from '../../../src/base/place.js';
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
    const about = { sha256: '', provider: 'cpu', refusedProviders: [], files: [], preprocessing: {}, warnings: [] };
    const answer = ({ input, method }: Inquiry): ExplainAnswer => {
      computed.push(`${input} ${method}`);
      return { ...about, results: [{ input, result: explanationWith({ input }) }] };
    };
    const compute: Compute = async (inquiry) => answer(inquiry);
    const computeMany: ComputeMany = async (inquiries, { onAnswer, signal }) => {
      await gate;
      for (const [at, inquiry] of inquiries.entries()) {
        if (signal.aborted) throw new CancelledError();
        onAnswer(at, answer(inquiry));
        await settle();
      }
    };
    const inquiry = ({ question, picture }: OneRequest): Inquiry => ({
      model: filePath('net.onnx'),
      ...question,
      input: filePath(String(picture)),
    });
    const never = new AbortController().signal;
    /** A page that is made anew: nothing of the one before is left. */
    const page = () =>
      new Grid(
        {
          cell: async (request: OneRequest) =>
            explanationOf(await store.ask(inquiry(request), compute, { signal: never, onProgress: () => undefined })),
          cells: ({ cells }, { signal = never, onProgress = () => undefined } = {}) =>
            store.askMany(cells.map(inquiry), computeMany, {
              signal,
              onProgress: (cell) => onProgress([{ cell, state: 'working' }]),
              onAnswer: (cell, given) => onProgress([endOf(cell, given)!]),
            }),
        },
        () => undefined,
      );
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
    first.look(0, 0);
    first.show(many, three, base);
    await whole(first);
    assert.deepEqual([first.progress, computed.length], [{ done: 1500, total: 1500 }, 1500]);
    const second = page();
    second.look(0, 0);
    second.show(many, three, base);
    await whole(second);
    assert.deepEqual(second.progress, { done: 1500, total: 1500 });
    assert.equal(computed.length - 1500, 111, 'what is asked for first does not push out what is asked for next');
  });

  it('joins what another page has under way, and goes on where one that left has been', async () => {
    const { page, computed, hold } = host(100);
    const some = pictures('a', 'b', 'c');
    const open = hold();
    const first = page();
    first.show(some, columns('x', 'y'), base);
    await settle();
    const second = page();
    second.show(some, columns('x', 'y'), base);
    await settle();
    first.cancel(); // the other one still waits for the same maps
    open();
    while (second.progress.done < 3) await settle();
    second.cancel();
    await settle();
    const third = page();
    third.show(some, columns('x', 'y'), base);
    await whole(third);
    assert.deepEqual(third.progress, { done: 6, total: 6 });
    assert.equal(new Set(computed).size, computed.length, 'nothing is computed twice');
  });

  it('has at hand what it is opened large with', async () => {
    const { page } = host(100);
    const grid = page();
    grid.show(pictures('a', 'b'), columns('x', 'y'), base);
    await whole(grid);
    while (grid.answersTo(grid.requestAt({ row: 1, column: 1 })!.question).size < 2) await settle();
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
