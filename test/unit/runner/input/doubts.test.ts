import assert from 'node:assert/strict';
import { doubtLines } from '../../../../src/cli/predictions/doubts.js';
import { fallback } from '../../../../src/input/conventions/fallback.js';
import type { Raster } from '../../../../src/input/resize.js';
import type { Origin, Preprocessing } from '../../../../src/input/settings.js';
import {
  doubtsOf,
  isGuessed,
  pictureDoubts,
  settingDoubts,
  settingWarnings,
  uniformDoubts,
} from '../../../../src/runner/input/doubts.js';

const byDefault: Origin = { kind: 'default', detail: 'RGB / 255, because nothing says otherwise' };

function planOf(size: readonly [number, number], color: 'RGB' | 'gray', origin = byDefault): Preprocessing {
  const of = <T>(value: T): { value: T; origin: Origin } => ({ value, origin });
  return {
    layout: of('NCHW'),
    channels: of(color === 'gray' ? 1 : 3),
    color: of(color),
    size: of(size),
    resize: of({ mode: 'exact', size, interpolation: 'bilinear' } as const),
    crop: of('none'),
    range: of([0, 1] as const),
    mean: of([0]),
    std: of([1]),
    pad: of([0, 0, 0] as const),
  };
}

function raster(width: number, height: number, [r, g, b]: readonly [number, number, number]): Raster {
  return {
    width,
    height,
    channels: 3,
    data: Uint8Array.from({ length: 3 * width * height }, (_, i) => [r, g, b][i % 3]!),
  };
}

const kinds = (doubts: readonly { kind: string }[]): string[] => doubts.map((d) => d.kind);

describe('Doubts about an answer', () => {
  it('says a guess with the sidecar that would settle it, and nothing where somebody said how', () => {
    const [doubt, more] = settingDoubts(planOf([32, 32], 'RGB'), '/models/net.onnx');
    assert.equal(more, undefined);
    assert.equal(doubt!.kind, 'guessed');
    assert.match(doubt!.sentence, /net\.lens\.json/);
    assert.match(doubt!.sentence, /Find the Settings/);
    assert.deepEqual(
      settingDoubts(planOf([32, 32], 'RGB', { kind: 'sidecar', detail: 'net.lens.json' }), '/models/net.onnx'),
      [],
    );
  });

  it('leaves to the doubt what the warnings say of the guess, and that alone', () => {
    const { warnings = [] } = fallback.read({ channels: 3, size: [32, 32], classes: 10, type: 'float32' })!;
    assert.equal(warnings.length, 1);
    const all = [...warnings, 'The shape of the input does not tell NCHW from NHWC.'];
    const said: Origin = { kind: 'sidecar', detail: 'net.lens.json' };
    assert.deepEqual(settingWarnings({ preprocessing: planOf([32, 32], 'RGB'), warnings: all }), all.slice(1));
    assert.deepEqual(settingWarnings({ preprocessing: planOf([32, 32], 'RGB', said), warnings: all }), all);
  });

  it('takes no model that takes bytes for guessed', () => {
    const { origin } = fallback.read({ channels: 3, size: [32, 32], classes: 10, type: 'uint8' })!;
    assert.equal(isGuessed(planOf([32, 32], 'RGB', origin)), false);
  });

  it('says that probabilities are nearly alike, with a bound for few classes that two can fall below', () => {
    const flat = (top: number, n: number): number[] => [top, ...new Array<number>(n - 1).fill((1 - top) / (n - 1))];
    assert.deepEqual(kinds(uniformDoubts(flat(0.29, 10), true)), ['uniform']);
    assert.deepEqual(kinds(uniformDoubts(flat(0.31, 10), true)), []);
    assert.deepEqual(kinds(uniformDoubts(flat(0.0029, 1000), true)), ['uniform']);
    assert.deepEqual(kinds(uniformDoubts(flat(0.0031, 1000), true)), []);
    assert.deepEqual(kinds(uniformDoubts([0.55, 0.45], true)), ['uniform']);
    assert.deepEqual(kinds(uniformDoubts([0.7, 0.3], true)), []);
    assert.match(uniformDoubts([0.5, 0.5], true)[0]!.sentence, /its pictures in another form.*a picture whose class/);
    // A model of text, signals or volumes has no pictures.
    assert.doesNotMatch(uniformDoubts([0.5, 0.5], false)[0]!.sentence, /picture/);
    // Several labels may be right: nothing adds up to 1.
    assert.deepEqual(kinds(uniformDoubts([0.1, 0.1, 0.1], true)), []);
  });

  it('says that colour is made grey, and that a photograph is squeezed', () => {
    const coloured = raster(900, 600, [200, 60, 20]);
    assert.deepEqual(kinds(pictureDoubts(coloured, planOf([28, 28], 'gray'))), ['grey', 'squeezed']);
    assert.match(
      pictureDoubts(coloured, planOf([28, 28], 'gray'))[1]!.sentence,
      /^900×600 pixels are squeezed into 28×28/,
    );
    assert.deepEqual(kinds(pictureDoubts(raster(28, 28, [90, 90, 90]), planOf([28, 28], 'gray'))), []);
    assert.deepEqual(kinds(pictureDoubts(coloured, planOf([224, 224], 'RGB'))), []);
  });

  it('says in the terminal what concerns all inputs once, and names the input otherwise', () => {
    const guess = settingDoubts(planOf([32, 32], 'RGB'), 'net.onnx');
    const uniform = uniformDoubts([0.5, 0.5], true);
    const text = doubtLines([
      { input: 'a.png', doubts: doubtsOf(guess, [0.5, 0.5], true)! },
      { input: 'b.png', doubts: doubtsOf(guess, [1, 0], true)! },
    ]);
    assert.equal(text, `! settings guessed: ${guess[0]!.sentence}\n! a.png: nearly uniform: ${uniform[0]!.sentence}\n`);
    assert.equal(doubtLines([{ input: 'a.png' }]), '');
  });
});
