import assert from 'node:assert';
import { placeAt, settingPlace } from '../../../../src/host/sanity/settingPlace.js';

const TEXT = `{
  "labels": ["checks", "accuracy"],
  "input": { "mean": [0.5], "text": "\\"checks\\": {" },
  "checks": {
    "data": "val",
    "accuracy": 0.99
  }
}
`;

describe('the place of a setting', () => {
  const at = (setting: string, text = TEXT): string => {
    const { start, end } = settingPlace(text, setting);
    const { line, column } = placeAt(text, start);
    return `${line}:${column} ${text.slice(start, end)}`;
  };

  it('is its key, not a text that reads like it', () => {
    assert.strictEqual(at('checks'), '3:2 "checks"');
    assert.strictEqual(at('checks.accuracy'), '5:4 "accuracy"');
    assert.strictEqual(at('input.mean'), '2:13 "mean"');
  });

  it('is the nearest above where it is not written, else the beginning', () => {
    assert.strictEqual(at('checks.batch'), '3:2 "checks"');
    assert.strictEqual(at('output.kind'), '0:0 {');
    assert.strictEqual(at('checks', ''), '0:0 ');
  });

  it('is found in a text with other line ends, and before a fault', () => {
    assert.strictEqual(at('checks.accuracy', TEXT.replaceAll('\n', '\r\n')), '5:4 "accuracy"');
    assert.strictEqual(at('checks.accuracy', TEXT.slice(0, TEXT.indexOf('0.99'))), '5:4 "accuracy"');
  });

  it('is not one of another object within', () => {
    assert.strictEqual(at('checks.bound', '{"checks": {"batch": {"bound": 1}, "x": [{"bound": 2}]}}'), '0:1 "checks"');
  });
});
