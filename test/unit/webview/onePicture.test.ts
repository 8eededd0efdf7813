import assert from 'node:assert/strict';
import { fakeHost, setup } from '../support/explainHost.js';

describe('the explain panel, of one picture', () => {
  it('shows one picture large, whatever was compared before', async () => {
    const { controller } = fakeHost(setup('cat.png', 'dog.png'));
    await controller.start();
    controller.compare.show(true);
    controller.show({ ...setup('dog.png', 'fox.png') });
    assert.equal(controller.compare.open, true, 'several stay beside each other');
    controller.show({ ...setup('dog.png') });
    assert.equal(controller.compare.open, false);
  });

  it('does not open a grid of before for another picture that was sent to a hidden tab', async () => {
    const { controller } = fakeHost(setup('cat.png'));
    await controller.start();
    controller.compare.show(true);
    const kept = controller.keep();
    const same = fakeHost(setup('cat.png')).controller;
    await same.start(kept);
    assert.equal(same.compare.open, true, 'the same picture: as it was left');
    const other = fakeHost(setup('dog.png')).controller;
    await other.start(kept);
    assert.equal(other.compare.open, false);
  });
});
