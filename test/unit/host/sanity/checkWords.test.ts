import assert from 'node:assert';
import { contextOf, differenceOf, failureText } from '../../../../src/host/sanity/checkWords.js';
import type { CheckResult } from '../../../../src/result/check.js';

const failed: CheckResult = {
  id: 'accuracy',
  status: 'fail',
  value: 0.871_234,
  bound: 0.99,
  unit: '',
  sentence: 'Accuracy 87.1 %, but 99 % is claimed.',
  evidence: {
    tables: [
      {
        title: 'Per class',
        head: ['class', 'right'],
        rows: [
          ['a', 0.25],
          ['longer', 1],
        ],
      },
    ],
    files: ['a/1.png'],
    notes: ['8 pictures.'],
  },
  milliseconds: 1,
};

describe('the words of a check that failed', () => {
  it('are the sentence, the numbers in columns, and the notes', () =>
    assert.strictEqual(
      failureText(failed),
      'Accuracy 87.1 %, but 99 % is claimed.\n\nPer class\nclass   right\na       0.25\nlonger  1\n\n8 pictures.',
    ));

  it('count the rows that a message has no room for', () => {
    const rows = Array.from({ length: 1015 }, (_, i) => [`c${i}`, i]);
    const text = failureText({ ...failed, evidence: { tables: [{ title: 'T', head: ['c', 'n'], rows }] } });
    assert.match(text, /\nc11 +11\nand 1,003 more$/);
  });

  it('hold the number against its bound from the right side, where both are there', () => {
    assert.deepStrictEqual(differenceOf(failed), { expected: 'at least 0.99', actual: '0.8712' });
    const layers: CheckResult = { ...failed, id: 'numbers', value: 2, bound: 0, unit: 'layers' };
    assert.deepStrictEqual(differenceOf(layers), { expected: 'at most 0 layers', actual: '2 layers' });
    assert.strictEqual(differenceOf({ ...failed, bound: NaN }), undefined);
    assert.strictEqual(differenceOf({ ...failed, id: 'preprocessing' }), undefined);
    const { value: _value, ...without } = failed;
    assert.strictEqual(differenceOf(without), undefined);
  });

  it('name what there is to open', () => {
    assert.strictEqual(contextOf(failed), 'onnxLens files confusion');
    const map = { width: 1, height: 1, values: new Float32Array(1), signed: false };
    const strips = [{ title: 'x', maps: [{ label: 'as trained', map }] }];
    assert.strictEqual(contextOf({ ...failed, id: 'randomisation', evidence: { strips } }), 'onnxLens strip');
    assert.strictEqual(contextOf({ ...failed, id: 'batch', evidence: {} }), 'onnxLens');
  });
});
