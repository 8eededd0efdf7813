import assert from 'node:assert/strict';
import { address } from '../../../src/base/place.js';
import { explanation, fakeHost, setup } from '../support/explainHost.js';

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('the explain panel: auto', () => {
  it('asks auto where the settings say so, and the question names the method once the answer does', async () => {
    const about = setup('cat.png');
    const { controller, started, answers } = fakeHost({ ...about, defaults: { ...about.defaults, method: 'auto' } });
    const { recipe } = explanation();
    const choice = { by: 'auto', method: 'gradient', sentence: 'Auto took GRADIENT: it is the best.' } as const;
    answers.with = { choice, recipe: { ...recipe, method: 'gradient', chosenBy: 'auto' } };
    await controller.start();
    assert.deepEqual([started[0]!.request.question.method, started[0]!.request.question.params], ['auto', {}]);
    const nameOf = (): string | undefined => controller.method?.title;
    assert.equal(nameOf(), undefined);
    started[0]!.finish();
    await settle();
    assert.equal(controller.question?.method, 'gradient');
    assert.deepEqual(controller.question?.params, { reduce: 'none' });
    assert.equal(nameOf(), 'GRADIENT');
    assert.equal(controller.choice, choice);
    assert.equal(controller.current?.title, 'GRADIENT · class 1');
    controller.chooseMethod('occlusion');
    assert.equal(controller.choice, undefined, 'the reason is of the method that was left');
    controller.chooseMethod('auto');
    assert.equal(started.at(-1)!.request.question.method, 'auto');
  });

  it('names the method of auto from a running picture on', async () => {
    const about = setup('cat.png');
    const { controller, started } = fakeHost({ ...about, defaults: { ...about.defaults, method: 'auto' } });
    await controller.start();
    const { recipe } = explanation();
    const choice = { by: 'auto', method: 'occlusion', sentence: 'Auto took OCCLUSION.' } as const;
    const partial = { ...explanation(), choice, recipe: { ...recipe, method: 'occlusion' } };
    started[0]!.progress({ picture: address('file:///cat.png'), message: '3 / 9', fraction: 0.3, partial });
    assert.equal(controller.question?.method, 'occlusion');
    assert.equal(controller.working, true);
    assert.equal(started.length, 1, 'nothing is asked again');
  });
});
