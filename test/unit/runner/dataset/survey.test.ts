import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filePath, type FilePath } from '../../../../src/base/place.js';
import type { ScoreAsked, SetProgress, SurveyRequest } from '../../../../src/protocol/dataset.js';
import { RunnerService } from '../../../../src/runner/service.js';
import { call } from '../../support/call.js';
import { assertClose } from '../../support/close.js';
import { temporaryFolder } from '../../support/temporary.js';

const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
const pictures = filePath(path.resolve('models/birds/pictures'));

describe('a survey of a data set', () => {
  const runner = new RunnerService();
  after(() => runner.dispose());
  const folder = temporaryFolder();
  const survey = (request: Partial<SurveyRequest> & { readonly place: FilePath }, report?: (p: SetProgress) => void) =>
    runner.operations.survey({ model, ...request }, call(report));
  /** A folder of classes, with the pictures that are named. */
  const folderOf = (name: string, files: Readonly<Record<string, string>>): FilePath => {
    const at = path.join(folder, name);
    for (const [to, from] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(at, to)), { recursive: true });
      cpSync(path.join(pictures, from), path.join(at, to));
    }
    return filePath(at);
  };
  const some = (className: string, count: number): string[] =>
    readdirSync(path.join(pictures, className))
      .filter((f) => f.endsWith('.png'))
      .slice(0, count)
      .map((f) => `${className}/${f}`);
  const [first, second] = readdirSync(pictures).filter((f) => !f.includes('.')) as [string, string];

  it('says of every picture what predict says of it', async () => {
    const reports: SetProgress[] = [];
    const { survey: found, mistakes } = await survey({ place: pictures }, (p) => reports.push(p));
    const predicted = await runner.operations.predict({ model, inputs: [pictures], top: 2 }, call());
    assert.equal(found.names.length, predicted.results.length);
    assert.equal(found.of, found.names.length);
    predicted.results.forEach((outcome, i) => {
      assert.ok('result' in outcome, 'every picture is predicted');
      const [best, next] = outcome.result.top!;
      assert.equal(found.predicted[i], best!.index, found.names[i]);
      assertClose(found.confidence[i]!, best!.probability!, { absolute: 1e-6 }, `confidence of ${found.names[i]}`);
      const ahead = best!.probability! - next!.probability!;
      assertClose(found.margin[i]!, ahead, { absolute: 1e-6 }, `margin of ${found.names[i]}`);
      assert.equal(found.classes[found.truth[i]!], outcome.result.label);
    });
    assert.equal(mistakes!.accuracy, predicted.accuracy);
    const { indices, counts } = mistakes!.confusion;
    assert.deepEqual(
      indices.map((_, r) => [...counts.subarray(r * indices.length, (r + 1) * indices.length)]),
      predicted.confusion!.counts,
    );
    assert.ok(
      found.mapping.every((m) => m.how === 'name' && found.classes[m.index] === m.label),
      JSON.stringify(found.mapping),
    );
    assert.equal(reports.at(-1)!.done, found.names.length);
    assert.ok(found.layer !== undefined, 'the layer before the last linear one is kept');
  });

  it('names broken pictures and equal ones, and goes on', async () => {
    const [one, two] = some(first, 2) as [string, string];
    const place = folderOf('odd', { [`${first}/a.png`]: one, [`${first}/b.png`]: two, [`${second}/c.png`]: one });
    writeFileSync(path.join(place, first, 'broken.png'), 'no picture');
    const { survey: found } = await survey({ place });
    assert.deepEqual(found.names, [`${first}/a.png`, `${first}/b.png`, `${second}/c.png`]);
    assert.deepEqual(found.duplicates, [[0, 2]]);
    assert.deepEqual(
      found.omitted.map((o) => [o.name, o.error.code]),
      [[`${first}/broken.png`, 'input/not-a-picture']],
    );
    assert.equal(found.of, 4);
  });

  it('takes a label for the class that is chosen by hand, or for none', async () => {
    const place = folderOf('mended', { 'Unknown/a.png': some(first, 1)[0]!, [`${second}/b.png`]: some(second, 1)[0]! });
    const plain = await survey({ place });
    assert.deepEqual(
      [...plain.survey.truth].map((t) => t < 0),
      [false, true],
    );
    assert.equal(plain.survey.mapping.find((m) => m.label === 'Unknown')!.how, 'none');
    assert.deepEqual([...plain.survey.labels], [0, 1]);
    const index = plain.survey.classes.indexOf(first);
    const mended = await survey({ place, mapping: { Unknown: index, [second]: -1 } });
    assert.deepEqual([...mended.survey.truth], [-1, index]);
    assert.deepEqual(
      mended.survey.mapping.map((m) => [m.label, m.index, m.how]),
      [
        [second, -1, 'chosen'],
        ['Unknown', index, 'chosen'],
      ],
    );
    assert.equal(mended.mistakes!.counted, 1);
    await assert.rejects(survey({ place, mapping: { Unknown: 999 } }), { code: 'dataset/mapping' });
  });

  it('draws fewer with the shares of the classes kept, the same every time, and says so', async () => {
    const place = folderOf('many', Object.fromEntries([...some(first, 3), ...some(second, 3)].map((f) => [f, f])));
    const { survey: found } = await survey({ place, most: 4 });
    assert.deepEqual([found.names.length, found.of], [4, 6]);
    assert.deepEqual(
      found.mapping.map((m) => m.count),
      [2, 2],
    );
    assert.ok(
      found.notes.some((n) => n.startsWith('4 of 6 pictures')),
      found.notes.join(' '),
    );
    assert.deepEqual((await survey({ place, most: 4 })).survey.names, found.names);
  });

  it('takes one split, and names those that there are', async () => {
    const [a] = some(first, 1) as [string];
    const place = folderOf('split', { [`train/${a}`]: a, [`val/${some(second, 1)[0]}`]: some(second, 1)[0]! });
    const { survey: all } = await survey({ place });
    assert.deepEqual(
      [all.splits, all.allSplits],
      [
        ['train', 'val'],
        ['train', 'val'],
      ],
    );
    const { survey: val } = await survey({ place, split: 'val' });
    assert.deepEqual([val.names.length, val.splits], [1, ['val']]);
    await assert.rejects(survey({ place, split: 'test' }), { code: 'dataset/split', hint: /train, val/ });
  });

  it('says in one sentence that a folder is empty, or that no picture can be read', async () => {
    const empty = path.join(folder, 'empty');
    mkdirSync(empty);
    await assert.rejects(survey({ place: filePath(empty) }), { code: 'input/empty-folder' });
    writeFileSync(path.join(empty, 'a.png'), 'no picture');
    await assert.rejects(survey({ place: filePath(empty) }), { code: 'embed/empty', message: /is not a picture/ });
  });

  it('has a number of each picture for any class, and what follows from all of them', async () => {
    const place = folderOf('scores', Object.fromEntries([...some(first, 2), ...some(second, 1)].map((f) => [f, f])));
    const { survey: found } = await survey({ place });
    const column = async (score: ScoreAsked): Promise<Float32Array> => {
      const { names, values } = await runner.operations.scoreColumn({ model, place, score }, call());
      assert.deepEqual(names, found.names);
      return values;
    };
    const of = (kind: 'probability' | 'logit') => Promise.all(found.classes.map((_, index) => column({ kind, index })));
    const [probabilities, logits] = [await of('probability'), await of('logit')];
    const [entropy, loss] = [await column({ kind: 'entropy' }), await column({ kind: 'loss' })];
    found.names.forEach((name, i) => {
      const p = probabilities.map((values) => values[i]!);
      const z = logits.map((values) => values[i]!);
      const total = z.reduce((sum, v) => sum + Math.exp(v), 0);
      assertClose(
        p,
        z.map((v) => Math.exp(v) / total),
        { absolute: 1e-6 },
        `probabilities of ${name} from its logits`,
      );
      assertClose(p[found.predicted[i]!]!, found.confidence[i]!, { absolute: 1e-6 }, `confidence of ${name}`);
      const expected = -p.reduce((sum, v) => sum + (v > 0 ? v * Math.log(v) : 0), 0);
      assertClose(entropy[i]!, expected, { absolute: 1e-5 }, `entropy of ${name}`);
      assertClose(loss[i]!, -Math.log(p[found.truth[i]!]!), { absolute: 1e-5 }, `loss of ${name}`);
    });
    const none = await column({ kind: 'probability', index: 99 });
    assert.ok(none.every(Number.isNaN), 'a class that is not there has no number');
  });

  it('says why one picture is taken for what it is, as the explanation by the chosen method does', async () => {
    const [file] = some(first, 1) as [string];
    const place = folderOf('why', { [file]: file });
    const { explanation, title } = await runner.operations.heat({ model, place, name: file }, call());
    const input = filePath(path.join(place, file));
    const { results } = await runner.operations.explain({ model, inputs: [input], method: 'auto' }, call());
    assert.ok('result' in results[0]!, 'it can be explained');
    const { attribution, target, recipe } = results[0].result;
    assert.deepEqual([explanation.target, explanation.recipe.method], [target, recipe.method]);
    assert.deepEqual(explanation.attribution.values.data, attribution.values.data);
    assert.ok(explanation.choice?.sentence.includes(title), 'which method that is, is said');
    await assert.rejects(runner.operations.heat({ model, place, name: 'gone.png' }, call()), {
      code: 'dataset/example',
    });
  });

  it('works with one class and one picture', async () => {
    const [a] = some(first, 1) as [string];
    const { survey: found, mistakes } = await survey({ place: folderOf('one', { [a]: a }) });
    assert.equal(found.names.length, 1);
    assert.equal(mistakes!.counted, 1);
  });
});
