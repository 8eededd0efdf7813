import assert from 'node:assert/strict';
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { Remade } from '../../../webview/shared/remade.js';
import { PagedAnswer } from '../../../webview/shared/task/pagedAnswer.js';

/** An element in the page, without a page: what Lit calls of its controllers. */
class FakeElement implements ReactiveControllerHost {
  private readonly controllers: ReactiveController[] = [];
  readonly updateComplete = Promise.resolve(true);
  updates = 0;

  addController(controller: ReactiveController): void {
    this.controllers.push(controller);
  }

  removeController(): void {}

  requestUpdate(): void {
    this.updates++;
  }

  update(): void {
    for (const each of this.controllers) each.hostUpdate?.();
  }

  disconnect(): void {
    for (const each of this.controllers) each.hostDisconnected?.();
  }
}

class Pages {
  disposed = false;
  constructor(readonly arrived: () => void) {}
  dispose(): void {
    this.disposed = true;
  }
}

describe('an answer that comes in pages', () => {
  const scope = globalThis as { window?: unknown };
  before(() => (scope.window ??= { setInterval: () => 0, clearInterval: () => undefined }));
  after(() => delete scope.window);

  const paged = (scale: { of: string } = { of: 'shared' }) => {
    const element = new FakeElement();
    const opened: Pages[] = [];
    const answer = new PagedAnswer<string, Pages, { readonly text: string }>(element, {
      open: (_answer, arrived) => {
        opened.push(new Pages(arrived));
        return opened.at(-1)!;
      },
      draw: (text) => ({ text: `${text}, ${scale.of}` }),
      drawnFrom: () => [scale.of],
    });
    return { element, answer, opened };
  };

  it('opens the pages of each answer, and ends those of the answer before', async () => {
    const { element, answer, opened } = paged();
    await answer.task.run('a', async () => 'first');
    element.update();
    assert.deepEqual(answer.drawn, { text: 'first, shared' });
    await answer.task.run('b', async () => 'second');
    element.update();
    assert.deepEqual(answer.drawn, { text: 'second, shared' });
    assert.deepEqual(
      opened.map((pages) => pages.disposed),
      [true, false],
    );
  });

  it('keeps the answer before while the next question is worked on, and where it fails', async () => {
    const { element, answer, opened } = paged();
    await answer.task.run('a', async () => 'first');
    await answer.task.run('b', () => Promise.reject(new Error('no')));
    element.update();
    assert.equal(answer.answer, 'first');
    assert.deepEqual(answer.drawn, { text: 'first, shared' });
    assert.equal(opened[0]!.disposed, false);
    answer.task.clear();
    element.update();
    assert.equal(answer.drawn, undefined, 'nothing is drawn of an answer that was forgotten');
    assert.equal(opened[0]!.disposed, true);
  });

  it('draws anew for a page that has come and for what the drawing depends on, and else not', async () => {
    const scale = { of: 'shared' };
    const { element, answer, opened } = paged(scale);
    await answer.task.run('a', async () => 'first');
    element.update();
    const first = answer.drawn;
    element.update();
    assert.equal(answer.drawn, first, 'the same object: elements that get it do nothing');
    const { updates } = element;
    opened[0]!.arrived();
    assert.equal(element.updates, updates + 1);
    element.update();
    assert.notEqual(answer.drawn, first);
    assert.equal(answer.arrived, 1);
    scale.of = 'own';
    element.update();
    assert.deepEqual(answer.drawn, { text: 'first, own' });
  });

  it('ends with its element: the question is cancelled and no more pages are asked for', async () => {
    const { element, answer, opened } = paged();
    await answer.task.run('a', async () => 'first');
    let signal: AbortSignal | undefined;
    void answer.task.run('b', (options) => {
      signal = options.signal;
      return new Promise(() => undefined);
    });
    element.disconnect();
    assert.equal(signal?.aborted, true);
    assert.equal(opened[0]!.disposed, true);
  });
});

describe('a value that is made again', () => {
  it('is made again only for another input, one by one and by identity', () => {
    const remade = new Remade<object>();
    const input = {};
    const first = remade.get([input, NaN], () => ({}));
    assert.equal(
      remade.get([input, NaN], () => ({})),
      first,
    );
    assert.notEqual(
      remade.get([{}, NaN], () => ({})),
      first,
    );
    const once = remade.get([], () => ({}));
    assert.equal(
      remade.get([], () => ({})),
      once,
      'nothing that it depends on: made once',
    );
  });
});
