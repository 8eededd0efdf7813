import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ClassScore, PredictedBox } from '../../../src/result/explanation.js';
import type { OutputSummary } from '../../../src/result/output.js';
import { runCli } from '../support/cli.js';
import { assertClose } from '../support/close.js';
import { dataPath, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

interface Document {
  readonly outputs: readonly OutputSummary[];
  readonly results: readonly {
    readonly top?: readonly ClassScore[];
    readonly values?: readonly number[];
    readonly boxes?: readonly PredictedBox[];
    readonly others?: readonly { readonly name: string; readonly values?: readonly number[] }[];
    readonly error?: { readonly code: string; readonly message: string };
  }[];
  readonly warnings: readonly string[];
}

describe('cli: outputs of situations from public reports', () => {
  before(requireData);
  const folder = temporaryFolder();
  const picture = (): string => dataPath('images/photos/goldfish.jpg');
  const predict = async (name: string, ...more: string[]): Promise<Document> => {
    const ran = await runCli('predict', dataPath(`cases/${name}.onnx`), picture(), '--json', ...more);
    return JSON.parse(ran.out) as Document;
  };

  for (const [name, best] of [
    ['two_class_ok', { a: 0.537, b: 0.542 }],
    ['one_class', { license_plate: 0.48 }],
    ['obb', { plane: 0.453, ship: 0.508, 'storage tank': 0.532 }],
    ['seg', { plane: 0.459, ship: 0.544, 'storage tank': 0.511 }],
    ['end2end', { 'storage tank': 0.57 }],
  ] as const)
    it(`${name}: the best box of each class`, async () => {
      const { outputs, results } = await predict(name);
      assert.equal(outputs.find((o) => o.chosen)!.kind, 'detection');
      const [{ top, boxes }] = results as [Document['results'][number]];
      for (const [label, score] of Object.entries(best)) {
        assertClose(top!.find((c) => c.label === label)!.logit, score, { absolute: 6e-4 }, `${label} in the ranking`);
        assertClose(
          boxes!.find((b) => b.label === label)!.score,
          score,
          { absolute: 6e-4 },
          `${label} among the boxes`,
        );
      }
      assert.ok(
        top!.every((c) => c.probability === undefined),
        'a probability was made of a score',
      );
      for (const { box, score } of boxes!) {
        assert.ok(box[0] <= box[2] && box[1] <= box[3], `corners of ${box.join(', ')}`);
        assert.ok(score >= 0 && score <= 1, `a score of ${score}`);
      }
    });

  it('age_gender: a regression and two probabilities, either by its name, and the other mentioned', async () => {
    const gender = await predict('age_gender');
    assert.deepEqual(
      gender.outputs.map(({ name, kind, chosen }) => [name, kind, chosen]),
      [
        ['age', 'regression', false],
        ['gender', 'classes', true],
      ],
    );
    assertClose(
      gender.results[0]!.top!.map((c) => c.probability!),
      [0.519, 0.481],
      { absolute: 6e-4 },
      'gender',
    );
    assertClose(gender.results[0]!.others![0]!.values![0]!, -0.104, { absolute: 6e-4 }, 'age, beside');
    assert.match(
      gender.warnings.join('\n'),
      /"gender" \(classes\) is taken of 2 outputs; there is also "age" \(regression\)/,
    );
    const age = await predict('age_gender', '--output', 'age');
    assert.deepEqual(age.results[0]!.top, undefined);
    assertClose(age.results[0]!.values![0]!, -0.104, { absolute: 6e-4 }, 'age');
    const wrong = await runCli('predict', dataPath('cases/age_gender.onnx'), picture(), '--output', 'height');
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /has no output "height"; it has age, gender/);
  });

  it('landmarks: ten values, no classes, no probabilities', async () => {
    const { outputs, results } = await predict('landmarks');
    assert.equal(outputs[0]!.kind, 'regression');
    assert.deepEqual([results[0]!.values!.length, results[0]!.top], [10, undefined]);
    const ran = await runCli('predict', dataPath('cases/landmarks.onnx'), picture());
    assert.doesNotMatch(ran.out, /probability|class/);
    const file = path.join(folder, 'p.csv');
    await runCli('predict', dataPath('cases/landmarks.onnx'), picture(), '--out', file);
  });

  it('zipmap: the tensor before it, with its names', async () => {
    const { results, outputs } = await predict('zipmap');
    assert.deepEqual(
      outputs.map((o) => o.kind),
      ['unknown', 'classes'],
    );
    const of = (label: string): number => results[0]!.top!.find((c) => c.label === label)!.probability!;
    assertClose([of('cat'), of('dog'), of('emu')], [0.283, 0.396, 0.322], { absolute: 6e-4 }, 'probabilities');
  });

  it('infinite_logit: said, as NaN is', async () => {
    const { results } = await predict('infinite_logit');
    assert.equal(results[0]!.error!.code, 'model/infinite');
    assert.match(results[0]!.error!.message, /infinite score/);
    const asked = ['explain', dataPath('cases/infinite_logit.onnx'), picture(), '--method', 'gradient'];
    assert.equal((await runCli(...asked)).code, 2);
  });

  it('output_is_initialiser: one sentence', async () => {
    const ran = await runCli('predict', dataPath('cases/output_is_initialiser.onnx'), picture());
    assert.equal(ran.code, 3);
    const said = ran.err.split('\n').filter((line) => line.startsWith('error'));
    assert.deepEqual([said.length, /"Parameter87" does not depend on the picture/.test(said[0]!)], [1, true]);
    assert.doesNotMatch(ran.err, / at .*\.js/);
  });

  it('what the settings say of an output holds, and inspect says it', async () => {
    const config = path.join(folder, 'm.lens.json');
    writeFileSync(config, JSON.stringify({ outputs: { landmarks: { kind: 'embedding' } } }));
    const { outputs } = await predict('landmarks', '--config', config);
    assert.deepEqual([outputs[0]!.kind, outputs[0]!.reason], ['embedding', 'The settings say so.']);
    writeFileSync(config, JSON.stringify({ outputs: { landmarks: { kind: 'unknown' } } }));
    const unknown = await predict('landmarks', '--config', config);
    assert.match(unknown.warnings.join('\n'), /"landmarks" is not a list of classes; choose how to read it/);
    assert.equal(unknown.results[0]!.top, undefined);
    const found = JSON.parse((await runCli('inspect', dataPath('cases/seg.onnx'), '--json')).out) as Document;
    assert.deepEqual(
      found.outputs.map(({ name, kind }) => [name, kind]),
      [
        ['output0', 'detection'],
        ['output1', 'dense'],
      ],
    );
  });
});
