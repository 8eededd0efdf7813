import assert from 'node:assert/strict';
import { LayerLink } from '../../../webview/explain/layerLink.js';

type Controller = ConstructorParameters<typeof LayerLink>[0];

interface Fake {
  method: { layer: 'none' | 'optional' | 'chosen' };
  question: { layer?: string };
}

function make(layer: Fake['method']['layer'], first?: string) {
  const told: string[] = [];
  const asked: string[] = [];
  const state: Fake = { method: { layer }, question: first === undefined ? {} : { layer: first } };
  const controller = {
    get method() {
      return state.method;
    },
    get question() {
      return state.question;
    },
    chooseLayer: (name: string) => {
      asked.push(name);
      state.question = { layer: name };
      link.tell();
    },
  } as unknown as Controller;
  const link: LayerLink = new LayerLink(controller, (name) => told.push(name));
  link.tell();
  return { link, state, told, asked };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 500));

describe('the layer of an explanation and the one that is selected', () => {
  it('follow each other, the last of many, and never in a circle', async () => {
    const { link, state, told, asked } = make('chosen');
    for (const layer of ['a', 'b', 'c']) link.follow(layer);
    await settle();
    assert.deepEqual([asked, told], [['c'], []]);
    state.question = { layer: 'd' };
    link.tell();
    link.tell();
    assert.deepEqual(told, ['d']);
    // The method chooses by itself again: nothing to select.
    state.question = {};
    link.tell();
    assert.deepEqual(told, ['d']);
  });

  it('leave a method alone that explains the input; another one takes the layer up', async () => {
    const { link, state, told, asked } = make('optional');
    link.follow('a');
    await settle();
    assert.deepEqual(asked, []);
    state.method = { layer: 'chosen' };
    link.tell();
    await settle();
    assert.deepEqual([asked, told], [['a'], []]);
  });

  it('do not tell the layer that a panel begins with', () => {
    const { told } = make('chosen', 'kept');
    assert.deepEqual(told, []);
  });
});
