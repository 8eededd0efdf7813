import assert from 'node:assert/strict';
import type { Origin, PreprocessingRecord } from '../../../src/result/recipe.js';
import {
  isGuess,
  modelViewSentence,
  originSentence,
  settingRows,
  tensorAt,
} from '../../../webview/explain/picture/modelView.js';

const sidecar: Origin = { kind: 'sidecar', detail: 'net.lens.json' };
const fallback: Origin = { kind: 'default', detail: 'nobody said so' };
const said = (value: unknown, origin = sidecar) => ({ value, origin });

const record: PreprocessingRecord = {
  layout: said('NCHW'),
  channels: said(3),
  color: said('BGR'),
  size: said([224, 320]),
  resize: said({ mode: 'shortSide', size: 256, interpolation: 'bilinear' }),
  crop: said('center'),
  range: said([0, 1]),
  mean: said([0.5, 0.25, 0.125]),
  std: said([0.5, 0.5, 0.5]),
  pad: said([0, 0, 0], fallback),
};

describe('as the model sees it', () => {
  it('says it in one line', () => {
    assert.equal(modelViewSentence(record), '320×224 BGR 0…1 − (0.5, 0.25, 0.125) ÷ 0.5');
    assert.equal(originSentence(record), 'from net.lens.json, the rest defaults');
  });
  it('says nothing of a mean of zero and a deviation of one', () => {
    const plain = { size: said([28, 28]), color: said('gray'), range: said([0, 255]), mean: said([0]), std: said([1]) };
    assert.equal(modelViewSentence(plain), '28×28 grey 0…255');
    assert.equal(originSentence(plain), 'from net.lens.json');
  });
  it('says of a tensor that it is taken as given', () => {
    assert.equal(
      modelViewSentence({ tensor: { value: 'as given', origin: { kind: 'user', detail: 'a .npy file' } } }),
      'tensor as given',
    );
  });
  it('lists each setting with its origin', () => {
    const rows = settingRows(record);
    assert.deepEqual(
      rows.map((r) => r.value),
      ['NCHW', '3', 'BGR', '320×224', 'short side to 256, bilinear', 'centre', '0', '0…1', '(0.5, 0.25, 0.125)', '0.5'],
    );
    assert.equal(rows.find((r) => r.name === 'Padding')?.from, 'default');
  });
  it('calls it a guess only where nobody said anything about the values', () => {
    assert.equal(isGuess(record), false);
    assert.equal(
      isGuess({
        color: said('RGB', fallback),
        range: said([0, 1], fallback),
        mean: said([0], fallback),
        std: said([1], fallback),
        size: said([1, 1]),
      }),
      true,
    );
  });
  it('computes the tensor at a pixel, in its own order of channels', () => {
    const picture = { width: 2, height: 1, data: Uint8Array.of(0, 0, 0, 255, 51, 102) };
    const values = tensorAt(picture, record, 1, 0)!.map((v) => Number(v.toFixed(6)));
    assert.deepEqual(
      values,
      [(0.4 - 0.5) / 0.5, (0.2 - 0.25) / 0.5, (1 - 0.125) / 0.5].map((v) => Number(v.toFixed(6))),
    );
    assert.equal(tensorAt(picture, {}, 0, 0), undefined);
  });
});
