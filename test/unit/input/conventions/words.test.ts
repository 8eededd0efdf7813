import assert from 'node:assert/strict';
import { proposalIn } from '../../../../src/input/conventions/words.js';

describe('Sentences about pictures in a model file', () => {
  const CASES: readonly (readonly [string, object])[] = [
    ['RGB input 0..255 minus mean (123,117,104)', { color: 'RGB', range: [0, 255], mean: [123, 117, 104], std: [1] }],
    [
      'Takes BGR pictures, 0-255, mean 103.939, 116.779, 123.68',
      { color: 'BGR', range: [0, 255], mean: [103.939, 116.779, 123.68], std: [1] },
    ],
    ['pixels scaled to [-1, 1]', { color: 'RGB', range: [-1, 1], mean: [0], std: [1] }],
    ['input 0..255 scaled to −1…1', { color: 'RGB', range: [-1, 1], mean: [0], std: [1] }],
    [
      'Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])',
      { color: 'RGB', range: [0, 1], mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    ],
    ['RGB divided by 255', { color: 'RGB', range: [0, 1], mean: [0], std: [1] }],
    ['values in the range [0, 1]', { color: 'RGB', range: [0, 1], mean: [0], std: [1] }],
  ];
  for (const [text, settings] of CASES) it(text, () => assert.deepEqual(proposalIn(text, 3)?.settings, settings));

  it('says nothing where nothing is said of the values', () => {
    const others = [
      '',
      'A classifier of birds, trained for 10 epochs',
      'BGR',
      'version 0.1, 2020-01-12',
      'accuracy 0.81',
    ];
    for (const text of others) assert.equal(proposalIn(text, 3), undefined, text);
  });

  it('reads any text once, however it is made', function () {
    // Runs of blanks and digits, which a pattern that is not careful tries in as many ways as their length cubed.
    this.timeout(4000);
    for (const text of [
      `mean${' '.repeat(20_000)}x`,
      `mean ${'1'.repeat(20_000)}x`,
      `mean ${'rgb '.repeat(5000)}`,
      `mean (${'1,'.repeat(10_000)}`,
      `scaled${' '.repeat(19_000)}[0`,
      'minus '.repeat(3000),
    ])
      assert.equal(proposalIn(text, 3), undefined, text.slice(0, 20));
  });
});
