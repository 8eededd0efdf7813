import assert from 'node:assert/strict';
import { CancelledError, LensError } from '../../../../src/base/errors.js';
import type { HeatAnswer } from '../../../../src/protocol/dataset.js';
import { Heat } from '../../../../webview/dataset/gallery/heat.js';

describe('the map of the picture under the pointer', () => {
  const answers = new Map<number, HeatAnswer>();
  const asked: { readonly example: number; readonly signal: AbortSignal; end: (error?: Error) => void }[] = [];
  const heat = new Heat(
    (example, { signal }) =>
      new Promise((resolve, reject) => {
        const answer = { title: `map of ${example}` } as HeatAnswer;
        answers.set(example, answer);
        signal!.addEventListener('abort', () => reject(new CancelledError()));
        asked.push({
          example,
          signal: signal!,
          end: (error) => (error === undefined ? resolve(answer) : reject(error)),
        });
      }),
    () => undefined,
  );
  const title = (): string | undefined => heat.answer?.title;
  const turn = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  beforeEach(() => {
    heat.clear();
    asked.length = 0;
  });

  it('is asked for by a pointer that rests, not by one that goes across', async () => {
    for (const example of [1, 2, 3]) heat.point(example);
    await turn(400);
    assert.deepEqual(
      asked.map(({ example }) => example),
      [3],
    );
    asked[0]!.end();
    await turn();
    assert.equal(heat.answer, answers.get(3));
    heat.point(undefined);
    assert.equal(title(), undefined);
    heat.point(3);
    assert.equal(title(), 'map of 3', 'what is known is shown at once');
    assert.equal(asked.length, 1, 'and not asked for again');
  });

  it('is no longer computed when the pointer leaves, and is asked for anew when it comes back', async () => {
    heat.toggle(5);
    heat.toggle(5);
    assert.equal(asked[0]!.signal.aborted, true);
    heat.toggle(5);
    asked[1]!.end();
    await turn();
    assert.equal(heat.answer?.title, 'map of 5');
  });

  it('stays where a key asked for it until keys go elsewhere; an error is no map', async () => {
    heat.toggle(7);
    heat.point(8);
    heat.moved(7);
    assert.equal(heat.example, 7);
    asked[0]!.end(new LensError('unsupported', 'x', 'No gradient passes.'));
    await turn();
    assert.deepEqual([heat.answer, heat.task.error?.message], [undefined, 'No gradient passes.']);
    heat.moved(8);
    assert.equal(heat.example, undefined);
  });
});
