import assert from 'node:assert/strict';
import {
  confidentMistakes,
  confused,
  doubtfulHits,
  factsOf,
  found,
  galleryOf,
  ofClass,
  sortedBy,
  spoken,
  verdict,
  whyNone,
} from '../../../../webview/dataset/facts.js';
import type { Mistakes } from '../../../../src/result/dataset.js';
import { completed, isKept, NEW_VIEW, type GalleryView } from '../../../../webview/dataset/kept.js';
import { classRows, matchesInDoubt, sortedRows } from '../../../../webview/dataset/classes/rows.js';
import { confusionOrder, shareOf } from '../../../../webview/dataset/mistakes/matrix.js';
import { surveyAnswer } from './survey.js';

const facts = factsOf(surveyAnswer());
const NONE: ReadonlySet<number> = new Set();

describe('what is known of the pictures of a data set', () => {
  it('tells right from wrong, and neither without a label', () => {
    assert.deepEqual([...facts.state], [1, 2, 1, 2, 1, 0]);
    assert.deepEqual([facts.right, facts.wrong], [3, 2]);
  });

  it('says of each what it is and what it is taken for', () => {
    assert.equal(verdict(facts, 0), 'cat 0.900');
    assert.equal(verdict(facts, 1), 'cat → dog 0.600');
    assert.equal(verdict(facts, 4), 'owl');
    assert.equal(verdict(facts, 5), 'taken for cat 0.700');
    assert.equal(spoken(facts, 1), 'cat/2.png: labelled cat, predicted dog, probability 0.600, wrong');
  });

  it('says the labels themselves where the model has no classes', () => {
    const none = new Int32Array(6).fill(-1);
    const own = factsOf(surveyAnswer({ classes: [], truth: none, predicted: none }));
    assert.equal(verdict(own, 2), 'dog');
    assert.deepEqual([own.labelled, own.classified, own.wrong], [true, false, 0]);
    assert.deepEqual(ofClass(own, 1), [2, 3]);
    assert.match(whyNone(own), /holds no classes/);
  });

  it('lists mistakes and hits by confidence', () => {
    assert.deepEqual(confidentMistakes(facts), [3, 1]);
    // One without a probability stands at the end.
    assert.deepEqual(doubtfulHits(facts), [2, 0, 4]);
    assert.deepEqual(sortedBy([0, 4, 1], facts.survey.confidence, true), [0, 1, 4]);
  });

  it('finds by name, label and prediction, every word', () => {
    assert.deepEqual(found(facts, 'cat'), [0, 1, 5]);
    assert.deepEqual(found(facts, 'cat dog'), [1]);
    assert.deepEqual(found(facts, '  '), []);
  });

  it('selects what a cell of the confusion stands for', () => {
    assert.deepEqual(confused(facts, 0, 1), [1]);
    assert.deepEqual(ofClass(facts, 0), [0, 1]);
    assert.deepEqual(ofClass(facts, 0, 'predicted'), [0, 5]);
  });

  it('filters and sorts the gallery', () => {
    const gallery = (view: Partial<GalleryView>): readonly number[] =>
      galleryOf(facts, { ...NEW_VIEW.gallery, ...view }, new Set([4, 1]));
    assert.deepEqual(gallery({}), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(gallery({ show: 'wrong', sort: 'confidence' }), [3, 1]);
    assert.deepEqual(gallery({ show: 'selected', sort: 'doubt' }), [1, 4]);
    assert.deepEqual(gallery({ label: -1 }), [5]);
    assert.deepEqual(gallery({ predicted: 0, text: 'loose' }), [5]);
    assert.deepEqual(gallery({ sort: 'margin' }), [2, 1, 5, 3, 0, 4]);
    assert.deepEqual(gallery({ sort: 'truth' }), [3, 1, 2, 0, 4, 5]);
    assert.deepEqual(galleryOf(facts, { ...NEW_VIEW.gallery, show: 'selected' }, NONE), []);
  });

  it('shows labels worth a look, most suspicious first, and the same pictures beside one another', () => {
    const answer = surveyAnswer({
      duplicates: [
        [5, 0],
        [2, 4],
      ],
    });
    const suspects = [
      { example: 3, suggested: 2 },
      { example: 1, suggested: 1 },
    ];
    const doubtful = factsOf({ ...answer, mistakes: { suspects } as unknown as Mistakes });
    const gallery = (view: Partial<GalleryView>): readonly number[] =>
      galleryOf(doubtful, { ...NEW_VIEW.gallery, ...view }, NONE);
    assert.deepEqual(gallery({ show: 'suspects' }), [3, 1]);
    assert.deepEqual(gallery({ show: 'suspects', text: 'cat' }), [1]);
    assert.deepEqual(gallery({ show: 'duplicates' }), [5, 0, 2, 4]);
    assert.deepEqual(gallery({ show: 'duplicates', label: 1 }), [2]);
    assert.deepEqual(gallery({ show: 'duplicates', sort: 'confidence' }), [0, 5, 2, 4]);
    assert.deepEqual(galleryOf(facts, { ...NEW_VIEW.gallery, show: 'suspects' }, NONE), []);
  });
});

describe('the classes of a data set', () => {
  const perClass = [
    { index: 0, support: 2, predicted: 1, precision: 1, recall: 0.5, f1: 0.67 },
    { index: 1, support: 2, predicted: 2, precision: 0.5, recall: 0.5, f1: 0.5 },
    { index: 2, support: 1, predicted: 2, precision: 0.5, recall: 1, f1: 0.67 },
  ];
  const confusion = { indices: [0, 1, 2], counts: Int32Array.of(1, 1, 0, 0, 1, 1, 0, 0, 1), order: [2, 0, 1], left: 0 };
  const mistakes = { accuracy: 0.6, correct: 3, counted: 5, perClass, confusion, suspects: [] };
  const measured = factsOf({ ...surveyAnswer(), mistakes });

  it('are rows that are sorted by any column', () => {
    const rows = classRows(measured);
    assert.deepEqual(
      sortedRows(rows, 'f1', true).map(({ index }) => index),
      [0, 2, 1],
    );
    assert.deepEqual(
      sortedRows(rows, 'name', true).map(({ name }) => name),
      ['owl', 'dog', 'cat'],
    );
    assert.deepEqual(
      classRows(facts).map(({ name, support }) => [name, support]),
      [
        ['cat', 2],
        ['dog', 2],
        ['owl', 1],
      ],
    );
  });

  it('shows first what is matched to nothing, then what is guessed', () => {
    assert.deepEqual(
      matchesInDoubt(facts.survey.mapping).map(({ how }) => how),
      ['none', 'order', 'name'],
    );
  });

  it('orders the confusion, and colours a cell by its share of the row', () => {
    assert.deepEqual(confusionOrder(measured, mistakes, 'set'), [0, 1, 2]);
    assert.deepEqual(confusionOrder(measured, mistakes, 'cluster'), [2, 0, 1]);
    assert.deepEqual(confusionOrder(measured, mistakes, 'recall'), [0, 1, 2]);
    assert.equal(shareOf(confusion, 0, 0, true), 0.5);
    assert.equal(shareOf(confusion, 0, 0, false), 0);
    assert.equal(shareOf(confusion, 0, 1, false), 1);
    assert.equal(shareOf(confusion, 2, 0, false), 0, 'a row without mistakes');
  });
});

describe('what the panel of a data set keeps', () => {
  it('is completed where another version kept less', () => {
    const older = { ...NEW_VIEW, map: { method: 'umap' } } as unknown as typeof NEW_VIEW;
    assert.deepEqual(completed(older).map, { ...NEW_VIEW.map, method: 'umap' });
    const state = { version: 1, topic: {}, view: NEW_VIEW };
    assert.ok(isKept(JSON.parse(JSON.stringify(state))), 'what is kept is plain data');
    assert.ok(!isKept({ version: 1, topic: {}, view: {} }), 'a view without parts is not ours');
    assert.ok(!isKept(null), 'nothing is kept');
  });
});
