import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { address } from '../../../../src/base/place.js';
import { floatTensor } from '../../../../src/base/tensor.js';
import type { Client } from '../../../../src/protocol/channel.js';
import type { CompareAsked, DatasetHostApi } from '../../../../src/protocol/datasetPanel.js';
import type { OtherCheckpoint } from '../../../../src/protocol/modelPanel.js';
import type { ComparedSet, Comparison } from '../../../../src/result/comparison.js';
import { Compare, otherName, type CompareRoom } from '../../../../webview/dataset/compare/compare.js';
import { linkedTo } from '../../../../webview/dataset/compare/linked.js';
import { chartOf } from '../../../../webview/dataset/compare/signal.js';
import { factsOf, RIGHT, UNKNOWN, WRONG } from '../../../../webview/dataset/facts.js';
import { NEW_VIEW, type DatasetView } from '../../../../webview/dataset/kept.js';
import { surveyAnswer } from './survey.js';

const RANDOM: OtherCheckpoint = { kind: 'random', seed: 2 };
const FILE: OtherCheckpoint = { kind: 'file', file: { uri: address('file:///other.onnx'), name: 'other.onnx' } };
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A panel around the part, whose host answers with what the test says. */
function panel(answers: { compare?: (asked: CompareAsked) => Promise<Comparison>; chosen?: OtherCheckpoint } = {}) {
  const asked: CompareAsked[] = [];
  let view: DatasetView = NEW_VIEW;
  const host = {
    compare: async (request: CompareAsked) => {
      asked.push(request);
      return (answers.compare ?? (async () => ({}) as Comparison))(request);
    },
    chooseOther: async () => answers.chosen,
    methods: async () => [{ id: 'gradient' }],
  } as unknown as Client<DatasetHostApi>;
  const room: CompareRoom = {
    host,
    get view() {
      return view;
    },
    update: (change) => void (view = { ...view, ...change }),
    part: { most: 20 },
  };
  return { compare: new Compare(room, () => undefined), asked, view: () => view, room };
}

describe('the panel of a data set, two models', () => {
  it('asks nothing before another model is chosen, then both with what was chosen', async () => {
    const { compare, asked, view } = panel({ chosen: FILE });
    compare.ask();
    assert.deepEqual([asked.length, compare.request], [0, undefined]);
    await compare.pick();
    await turn();
    assert.deepEqual(asked, [{ most: 20, other: FILE, layout: 'pca' }]);
    compare.choose({ method: 'gradient', layout: 'tsne' });
    assert.equal(asked.length, 1, 'settings alone ask nothing: it takes minutes');
    assert.ok(compare.changed, 'what is shown is of other settings');
    compare.ask();
    await turn();
    assert.deepEqual(asked[1], { most: 20, other: FILE, layout: 'tsne', method: 'gradient' });
    assert.ok(!compare.changed, 'what is shown is what was asked');
    compare.withoutReasons();
    assert.deepEqual(view().parts['compare'], { other: FILE, layout: 'tsne' });
  });

  it('stays as it is when the question is dismissed, and says an error', async () => {
    const { compare, asked } = panel({ compare: () => Promise.reject(new LensError('input', 'x', 'No.')) });
    await compare.pick();
    assert.equal(asked.length, 0);
    compare.with(RANDOM);
    await turn();
    assert.equal(compare.task.error?.message, 'No.');
  });

  it('opens its view for a command, and takes nothing odd from another version', () => {
    const { compare, view, room } = panel();
    compare.with(RANDOM);
    assert.equal(view().tab, 'compare');
    for (const odd of [null, 5, { other: { kind: 'random' } }, { other: { kind: 'file' }, layout: 7, method: {} }]) {
      room.update({ parts: { compare: odd } });
      assert.deepEqual(compare.kept, { layout: 'pca' }, JSON.stringify(odd));
    }
    assert.deepEqual([otherName(RANDOM), otherName(FILE)], ['random weights (seed 2)', 'other.onnx']);
  });

  it('finds the pictures of a comparison among those of the panel, in whatever order they come', () => {
    const facts = factsOf(surveyAnswer());
    const names = facts.survey.names.slice(1).reverse();
    const points = floatTensor([names.length, 2], Float32Array.from(names.flatMap((_, k) => [k, -k])));
    const set: ComparedSet = {
      place: 'set',
      names: [...names, 'not/here.png'],
      files: [],
      labels: [],
      of: 7,
      omitted: [],
      thumbnails: [],
      notes: [],
      predictions: {
        classes: ['cat', 'dog'],
        matched: 'name',
        truth: Int32Array.from([...names, ''], (_, k) => (k === 2 ? -1 : 0)),
        a: new Int32Array(names.length + 1),
        b: Int32Array.from([...names, ''], (_, k) => k % 2),
        confidence: { a: new Float32Array(names.length + 1), b: new Float32Array(names.length + 1) },
        agreed: 0,
        counted: 0,
        labelled: 0,
        correct: { a: 0, b: 0 },
        disagreements: [
          { example: 1, right: 'a' },
          { example: names.length, right: 'a' },
        ],
      },
      spaces: {
        a: {
          layer: 'pool',
          width: 3,
          points: floatTensor([names.length + 1, 2], Float32Array.of(...points.data, 9, 9)),
        },
        b: {
          layer: 'pool',
          width: 3,
          points: floatTensor([names.length + 1, 2], Float32Array.of(...points.data, 8, 8)),
        },
        layout: 'pca',
        residual: 0,
        kept: new Float32Array(names.length + 1),
        k: 2,
        chance: 0.1,
        order: Int32Array.from([names.length, 0, 1]),
      },
    };
    const { here, there, other, points: placed, disagreements, changed } = linkedTo(facts, set);
    const last = facts.count - 1;
    assert.deepEqual([here[0], here[names.length], there[0], there[last]], [last, -1, -1, 0]);
    assert.deepEqual([disagreements, changed], [[last - 1], [last, last - 1]]);
    assert.deepEqual([...placed!.a.subarray(2 * last - 2, 2 * last + 2)], [1, -1, 0, -0]);
    assert.ok(Number.isNaN(placed!.b[0]), 'what the comparison left out lies nowhere');
    assert.deepEqual(
      [other.state[last], other.state[last - 1], other.state[last - 2], other.state[0]],
      [RIGHT, WRONG, UNKNOWN, UNKNOWN],
    );
  });

  it('draws ratios without an end at the edge, and marks the first broken layer', () => {
    const row = (a: string, snr: number) => ({ a, b: a, snr, broken: 0 });
    const chart = chartOf({
      paired: 'name',
      layers: [row('a', Infinity), row('b', 42), row('c', 3), row('d', -Infinity), row('e', NaN)],
      bound: 10,
      first: 2,
      counted: 5,
    });
    assert.deepEqual(chart.series[0]!.values, [52, 42, 3, 0, NaN]);
    assert.equal(chart.mark, 2);
  });
});
