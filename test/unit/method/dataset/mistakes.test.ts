import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { confusionOf } from '../../../../src/method/dataset/confusion.js';
import { stratified } from '../../../../src/method/dataset/draw.js';
import { mistakesOf, type Answers } from '../../../../src/method/dataset/mistakes.js';
import { assertClose } from '../../support/close.js';

/** Answers from rows of probabilities. */
function answers(rows: readonly (readonly number[])[], truth: readonly number[], exclusive = true): Answers {
  const ranked = rows.map((row) =>
    row.map((p, index) => ({ p, index })).sort((a, b) => b.p - a.p || a.index - b.index),
  );
  return {
    truth: Int32Array.from(truth),
    predicted: Int32Array.from(ranked, (r) => r[0]!.index),
    confidence: Float32Array.from(ranked, (r) => r[0]!.p),
    ofTruth: Float32Array.from(rows, (row, i) => row[truth[i]!] ?? NaN),
    likely: ranked.map((r) => ({ indices: r.map((x) => x.index), probabilities: r.map((x) => x.p) })),
    exclusive,
  };
}

describe('the mistakes of a model', () => {
  it('are counted over what has a truth, with precision, recall and F1 of each class', () => {
    const found = mistakesOf(
      answers(
        [
          [0.9, 0.1, 0],
          [0.8, 0.2, 0],
          [0.3, 0.7, 0],
          [0.6, 0.4, 0],
          [0.1, 0.9, 0],
        ],
        [0, 0, 0, 1, -1],
      ),
    )!;
    assert.deepEqual([found.accuracy, found.correct, found.counted], [0.5, 2, 4]);
    assert.deepEqual(
      found.perClass.map((c) => [c.index, c.support, c.predicted]),
      [
        [0, 3, 3],
        [1, 1, 1],
      ],
    );
    const [first, second] = found.perClass as [(typeof found.perClass)[0], (typeof found.perClass)[0]];
    assertClose([first.precision, first.recall, first.f1], [2 / 3, 2 / 3, 2 / 3], { absolute: 1e-12 }, 'class 0');
    assert.deepEqual([second.precision, second.recall, second.f1], [0, 0, 0]);
    assert.deepEqual(
      [found.confusion.indices, [...found.confusion.counts]],
      [
        [0, 1],
        [2, 1, 1, 0],
      ],
    );
    assert.equal(mistakesOf(answers([[1, 0]], [-1])), undefined);
  });

  it('are set against the confidence in 15 bins, as in the paper', () => {
    // Eight of ten right at 0.8 is calibrated; one of two at 0.95 is not.
    const rows = [...Array.from({ length: 10 }, () => [0.8, 0.2]), [0.95, 0.05], [0.95, 0.05]];
    const truth = [...Array.from({ length: 10 }, (_, i) => (i < 8 ? 0 : 1)), 0, 1];
    const { bins, ece } = mistakesOf(answers(rows, truth))!.calibration!;
    assert.equal(bins.length, 15);
    const used = bins.filter((b) => b.count > 0);
    assert.deepEqual(
      used.map((b) => b.count),
      [10, 2],
    );
    for (const { from, to, confidence } of used) assert.ok(confidence > from && confidence <= to, `${from} to ${to}`);
    assertClose(
      used.map((b) => b.accuracy),
      [0.8, 0.5],
      { absolute: 1e-6 },
      'accuracy',
    );
    assertClose(ece, (2 / 12) * 0.45, { absolute: 1e-6 }, 'ECE');
    assert.ok(
      bins.filter((b) => b.count === 0).every((b) => Number.isNaN(b.accuracy)),
      'nothing is known of the others',
    );
    // 0 and 1 lie in the first bin and in the last.
    const ends = mistakesOf(answers([[1, 0]], [0]))!.calibration!;
    assert.deepEqual([ends.bins[14]!.count, ends.ece], [1, 0]);
  });

  it('suspect the labels that were exchanged, and few others', () => {
    const random = new Random(3);
    const [rows, truth]: [number[][], number[]] = [[], []];
    const exchanged = new Set<number>();
    for (let i = 0; i < 300; i++) {
      const real = i % 3;
      const row = [0, 1, 2].map((k) => (k === real ? 4 : 0) + random.normal());
      const sum = row.reduce((s, v) => s + Math.exp(v), 0);
      rows.push(row.map((v) => Math.exp(v) / sum));
      if (i % 20 === 7) exchanged.add(i);
      truth.push(exchanged.has(i) ? (real + 1) % 3 : real);
    }
    const { suspects } = mistakesOf(answers(rows, truth))!;
    const hits = suspects.filter((s) => exchanged.has(s.example));
    assert.ok(hits.length >= 12, `${hits.length} of 15 are found`);
    assert.ok(suspects.length - hits.length <= 3, `${suspects.length - hits.length} others`);
    assert.ok(
      hits.every((s) => s.suggested === s.example % 3 && s.given === truth[s.example]),
      'with the right class',
    );
    assert.deepEqual(
      suspects.map((s) => s.margin),
      suspects.map((s) => s.margin).sort((a, b) => b - a),
    );
    assert.deepEqual(
      mistakesOf(
        answers(
          rows,
          rows.map((_, i) => i % 3),
        ),
      )!.suspects.length < 5,
      true,
    );
  });

  it('take each class by its own mean, so that a timid class is suspected, too', () => {
    // The model is never surer of class 1 than 0.45, and is right in it: 0.45 is much there.
    const rows = [
      ...Array.from({ length: 5 }, () => [0.95, 0.05]),
      ...Array.from({ length: 5 }, () => [0.55, 0.45]),
      [0.55, 0.45],
    ];
    const truth = [...Array.from({ length: 5 }, () => 0), ...Array.from({ length: 5 }, () => 1), 0];
    const { suspects } = mistakesOf(answers(rows, truth))!;
    assert.deepEqual(
      suspects.map((s) => [s.example, s.suggested]),
      [[10, 1]],
    );
  });

  it('say nothing of calibration and labels where several classes may be right, or no probabilities are made', () => {
    const several = mistakesOf(answers([[0.9, 0.8]], [1], false))!;
    assert.deepEqual([several.calibration, several.suspects], [undefined, []]);
    const none = mistakesOf({
      ...answers([[1, 0]], [0]),
      confidence: Float32Array.of(NaN),
      ofTruth: Float32Array.of(NaN),
    })!;
    assert.deepEqual([none.accuracy, none.calibration, none.suspects], [1, undefined, []]);
  });
});

describe('a confusion matrix', () => {
  it('puts classes together that are taken for one another', () => {
    // 0 with 3, 1 with 4, 2 with 5.
    const [truth, predicted]: [number[], number[]] = [[], []];
    for (let k = 0; k < 6; k++)
      for (let i = 0; i < 10; i++) {
        truth.push(k);
        predicted.push(i < 6 ? k : (k + 3) % 6);
      }
    const { indices, order } = confusionOf(truth, predicted);
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      indices,
    );
    for (let k = 0; k < 3; k++) assert.equal(Math.abs(order.indexOf(k) - order.indexOf(k + 3)), 1, order.join());
  });

  it('keeps the classes with the most mistakes where there are too many, and says how many it left', () => {
    const truth = Array.from({ length: 30 }, (_, i) => i % 10);
    const predicted = truth.map((t, i) => (t === 7 && i > 10 ? 2 : t));
    const { indices, counts, left } = confusionOf(truth, predicted, 2);
    assert.deepEqual([indices, [...counts], left], [[2, 7], [3, 0, 2, 1], 8]);
  });

  it('orders a thousand classes in no time', () => {
    const random = new Random(0);
    const truth = Array.from({ length: 20_000 }, () => random.below(1000));
    const predicted = truth.map((t) => (random.uniform() < 0.7 ? t : random.below(1000)));
    const start = performance.now();
    assert.equal(new Set(confusionOf(truth, predicted).order).size, 1000);
    assert.ok(performance.now() - start < 10_000, `${performance.now() - start} ms`);
  });
});

describe('a stratified draw', () => {
  it('keeps the shares, the order, and is the same every time', () => {
    const labels = Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 'rare' : i % 2 === 0 ? 'a' : undefined));
    const drawn = stratified(labels, 100);
    assert.equal(drawn.length, 100);
    assert.deepEqual(
      [...new Set(drawn)].sort((a, b) => a - b),
      drawn,
    );
    const count = (label: string | undefined): number => drawn.filter((i) => labels[i] === label).length;
    assert.deepEqual([count('rare'), count('a'), count(undefined)], [10, 40, 50]);
    assert.deepEqual(stratified(labels, 100), drawn);
    assert.notDeepEqual(stratified(labels, 100, 1), drawn);
  });

  it('gives exactly as many as are asked for, whatever the shares', () => {
    for (const [sizes, most] of [
      [[1, 1, 1], 2],
      [[5, 1], 5],
      [[100, 1, 1], 3],
      [[2, 2], 9],
    ] as const) {
      const labels = sizes.flatMap((n, k) => Array.from({ length: n }, () => String(k)));
      assert.equal(stratified(labels, most).length, Math.min(most, labels.length));
    }
  });
});
