import assert from 'node:assert/strict';
import { describeMethods } from '../../../src/method/index.js';
import { costOf, methodEntries, searchMethods } from '../../../webview/explain/question/methods.js';

const methods = describeMethods();

describe('the list of methods', () => {
  it('has all of them in their groups, also those that the model cannot be asked with', () => {
    const groups = methodEntries(methods, [
      { id: 'gradcam', refused: 'The model has no layer.' },
      { id: 'guided_backprop', seconds: 0.012, note: 'It is the gradient here.' },
    ]);
    assert.deepEqual(
      groups.flatMap(({ entries }) => entries.map(({ id }) => id)),
      methods.map(({ id }) => id),
    );
    const of = (id: string) => groups.flatMap(({ entries }) => entries).find((e) => e.id === id)!;
    assert.deepEqual(
      [of('gradcam').refused, of('gradcam').line, of('gradcam').cost],
      [true, 'The model has no layer.', ''],
    );
    assert.match(of('guided_backprop').line, /It is the gradient here\.$/);
    assert.equal(of('guided_backprop').cost, '≈ 12 ms');
    assert.equal(of('rise').cost, '≈ 1000 passes');
  });

  it('finds by title, id and what a method answers', () => {
    const ids = (text: string) =>
      searchMethods(methodEntries(methods, undefined), text).flatMap(({ entries }) => entries.map(({ id }) => id));
    assert.deepEqual(ids('gradcam_pp'), ['gradcam_pp']);
    assert.ok(ids('Grad-CAM').includes('guided_gradcam'));
    assert.deepEqual(ids('shapley'), ['kernel_shap']);
    assert.deepEqual(ids('nothing is called so'), []);
    assert.equal(ids('  ').length, methods.length);
  });

  it('says in passes what nobody has timed', () => {
    const gradient = methods.find(({ id }) => id === 'gradient')!;
    assert.equal(costOf(gradient), '≈ 2.50 passes');
    assert.equal(costOf(gradient, { id: 'gradient', seconds: 1.5 }), '≈ 1.50 s');
  });
});
