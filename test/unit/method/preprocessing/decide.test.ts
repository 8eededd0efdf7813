import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { findingText } from '../../../../src/cli/finding.js';
import { filePath } from '../../../../src/base/place.js';
import { candidatesFor } from '../../../../src/method/preprocessing/candidates.js';
import { decide } from '../../../../src/method/preprocessing/decide.js';
import type { Trial, Tried } from '../../../../src/method/preprocessing/find.js';
import type { SettingsFinding } from '../../../../src/result/settings.js';

/** Candidates with scores of their own, the same on every choice of pictures, best first. */
function trial(
  evidence: Trial['evidence'],
  scores: Readonly<Record<string, number>>,
  parts: Partial<Trial> & Partial<Pick<Tried, 'misfit' | 'answers' | 'right'>> = {},
): Trial {
  const { misfit, answers = [1, 2, 3, 4], right = 0, ...others } = parts;
  const tried = candidatesFor(3)
    .filter(({ title }) => title in scores)
    .map((candidate, i): Tried => {
      const score = scores[candidate.title]!;
      // Each reading answers otherwise, so that none is taken for another.
      const own = answers.map((a) => a + 10 * i);
      return {
        candidate,
        score,
        answers: own,
        right,
        on: () => score,
        ...(evidence === 'statistics' ? { misfit: misfit ?? 0.03 } : {}),
      };
    })
    .sort((a, b) => b.score - a.score);
  return { evidence, tried, pictures: 16, labelled: 0, ...others };
}
const decided = (t: Trial): SettingsFinding => decide(t, new Random(0), (i) => `class ${i}`);
const verdicts = (t: Trial): readonly string[] => decided(t).parts.map((p) => p.verdict);

const IMAGENET = 'RGB, ImageNet mean and standard deviation';
const BLUE = 'BGR, ImageNet mean and standard deviation';
const UNIT = 'RGB, 0…1';
const BYTES = 'RGB, 0…255';

describe('deciding from scores of readings', () => {
  it('calls found what is far ahead, by limits for each evidence', () => {
    const far = { [IMAGENET]: 3, [BLUE]: 1.5, [UNIT]: 1 };
    assert.deepEqual(verdicts(trial('information', far)), ['found', 'found', 'found']);
    assert.deepEqual(verdicts(trial('statistics', far)), ['found', 'found', 'found']);
    const near = { [IMAGENET]: 1, [BLUE]: 0.4, [UNIT]: 0.4 };
    // Statistics hardly see the order of colours, and need more to be sure.
    assert.deepEqual(verdicts(trial('statistics', near)), ['likely', 'likely', 'likely']);
    assert.deepEqual(verdicts(trial('information', near)), ['found', 'found', 'found']);
    const closer = { [IMAGENET]: 1, [BLUE]: 0.7, [UNIT]: 0.7 };
    assert.deepEqual(verdicts(trial('statistics', closer)), ['likely', 'likely', 'cannot tell']);
    assert.deepEqual(verdicts(trial('information', closer)), ['likely', 'likely', 'likely']);
  });

  it('cannot tell what is level, and says how many answers hang on it', () => {
    const { parts } = decided(trial('information', { [IMAGENET]: 1, [BLUE]: 0.95, [UNIT]: 0 }));
    const order = parts.find((p) => p.part === 'order')!;
    assert.equal(order.verdict, 'cannot tell');
    assert.match(order.sentence, /^RGB or BGR\? .* different answers on 4 of 16 pictures; shown with RGB\.$/);
  });

  it('says nothing of the centring where the scale is open', () => {
    const open = { [IMAGENET]: 1, [UNIT]: 0.2, 'RGB, −1…1': 0.98 };
    assert.deepEqual(verdicts(trial('information', open)).slice(0, 2), ['cannot tell', 'cannot tell']);
  });

  it('finds nothing from pictures that do not fit, nor from three of them; from few nothing without statistics', () => {
    const far = { [IMAGENET]: 3, [BLUE]: 1.5, [UNIT]: 1 };
    const misfit = decided(trial('statistics', far, { misfit: 0.4 }));
    assert.ok(
      misfit.parts.every((p) => p.verdict === 'cannot tell'),
      'the pictures do not fit',
    );
    assert.match(misfit.notes[0]!, /do not fit \(misfit 0\.40\)/);
    const known = trial('statistics', far, { misfit: 0.4, labelled: 16, right: 9 });
    assert.deepEqual(verdicts(known), ['found', 'found', 'found'], 'it knows most of them');
    assert.deepEqual(new Set(verdicts({ ...known, labelled: 18 })), new Set(['cannot tell']));
    assert.deepEqual(new Set(verdicts(trial('statistics', far, { pictures: 3 }))), new Set(['cannot tell']));
    assert.deepEqual(new Set(verdicts(trial('information', far, { pictures: 8 }))), new Set(['likely']));
    assert.deepEqual(verdicts(trial('statistics', far, { pictures: 8 })), ['found', 'found', 'found']);
  });

  it('gives way where resamplings of the pictures disagree', () => {
    const t = trial('information', { [IMAGENET]: 3, [BYTES]: 1 });
    let turn = 0;
    const fickle: Trial = {
      ...t,
      tried: t.tried.map((each, i) => (i === 1 ? { ...each, on: () => (turn++ % 2 === 0 ? 9 : 0) } : each)),
    };
    assert.equal(verdicts(fickle)[0], 'cannot tell');
  });

  it('takes the commonest of readings that nobody can tell apart', () => {
    const { title } = decided(trial('information', { [IMAGENET]: 1, 'RGB, CLIP mean and standard deviation': 1.05 }));
    assert.equal(title, IMAGENET);
  });

  it('asks for one picture of each class just where it cannot tell, and never says a percentage', () => {
    const asks = (t: Trial): boolean => decided(t).notes.some((n) => n.startsWith('One picture of each class'));
    assert.equal(asks(trial('information', { [IMAGENET]: 1, [BLUE]: 0.95, [UNIT]: 0 })), true);
    assert.equal(asks(trial('information', { [IMAGENET]: 3, [BLUE]: 1, [UNIT]: 0 })), false);
    assert.equal(asks(trial('labels', { [IMAGENET]: 1, [BLUE]: 0.95, [UNIT]: 0 }, { labelled: 16 })), false);
    const { parts, notes, origins } = decided(trial('information', { [IMAGENET]: 1, [BLUE]: 0.7, [UNIT]: 0 }));
    assert.ok(!JSON.stringify([parts, notes, origins]).includes('%'), 'a percentage is no evidence');
    assert.equal(origins.color, 'found from 16 of your pictures: order likely');
  });

  it('is said on the command line part by part, with what was compared and what to write', () => {
    const finding = decided(trial('information', { [IMAGENET]: 3, [BLUE]: 2.95, [UNIT]: 1 }));
    const sidecar = { file: filePath('/net.lens.json'), text: '{ "input": {} }\n', replaces: [] };
    const text = findingText('net.onnx', { finding, verdicts: finding.parts, sidecar, warnings: [] });
    assert.match(text, /^Settings that fit best: RGB, ImageNet mean and standard deviation\n/);
    assert.match(text, /scale +found +divided by a standard deviation/);
    assert.match(text, /order +cannot tell +RGB/);
    assert.match(text, /RGB, 0…1 +1\.00 +0 of 16/);
    assert.match(text, /Resize and crop are assumed/);
    assert.match(text, /To take them, write this to .*net\.lens\.json:\n\{ "input": \{\} \}\n$/);
  });
});
