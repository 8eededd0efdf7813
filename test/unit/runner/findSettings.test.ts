import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import type { WorkProgress } from '../../../src/protocol/request.js';
import type { SettingsFinding, SettingsPartId } from '../../../src/result/settings.js';
import { RunnerService } from '../../../src/runner/service.js';
import { tinyNet } from '../method/tinyNet.js';
import { call } from '../support/call.js';
import { dataPath, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

const DEVIATION = 'divided by a standard deviation';
const IMAGENET_TRUTH = { scale: DEVIATION, centring: 'centred around 0', order: 'RGB' };

type Truth = Readonly<Record<SettingsPartId, string>>;

describe('Finding the settings of pictures', function () {
  this.timeout(180_000);
  const service = new RunnerService();
  after(() => service.dispose());

  /** Alone in a folder, so that nothing beside it says how it wants its pictures. */
  const alone = (model: string): string => {
    const copy = path.join(temporaryFolder(), path.basename(model));
    copyFileSync(model, copy);
    return copy;
  };
  const find = async (model: string, pictures: string, seed = 0): Promise<SettingsFinding> => {
    const request = { model: filePath(path.resolve(model)), inputs: [filePath(path.resolve(pictures))], seed };
    return (await service.operations.findSettings(request, call())).finding;
  };
  const nothingWrong = (finding: SettingsFinding, truth: Truth): void => {
    for (const { part, verdict, value } of finding.parts)
      if (verdict === 'found') assert.equal(value, truth[part], `${part} was called found`);
  };
  /** The first pictures of each class, in folders of these names. */
  const classes = (folder: string, perClass: number): string => {
    const out = temporaryFolder();
    for (const name of readdirSync(folder)) {
      mkdirSync(path.join(out, name));
      const files = readdirSync(path.join(folder, name)).sort().slice(0, perClass);
      for (const file of files) copyFileSync(path.join(folder, name, file), path.join(out, name, file));
    }
    return out;
  };
  /** The first pictures of each class without the classes. */
  const flat = (folder: string, perClass: number): string => {
    const out = temporaryFolder();
    for (const name of readdirSync(folder)) {
      const files = readdirSync(path.join(folder, name)).sort().slice(0, perClass);
      for (const file of files) copyFileSync(path.join(folder, name, file), path.join(out, `${name}-${file}`));
    }
    return out;
  };

  it('finds all parts where folders name classes, and says so in the sidecar as the origin', async () => {
    const model = alone('models/birds/birds_cnn.onnx');
    const request = { model: filePath(model), inputs: [filePath(classes('models/birds/pictures', 2))] };
    const { finding, sidecar } = await service.operations.findSettings(request, call());
    nothingWrong(finding, IMAGENET_TRUTH);
    assert.equal(finding.evidence, 'labels');
    assert.deepEqual(
      finding.parts.map((p) => p.verdict),
      ['found', 'found', 'found'],
    );
    assert.ok(finding.notes.some((note) => note.startsWith('Resize and crop are assumed')));
    assert.ok(!JSON.stringify(finding.parts).includes('%'), 'no percentage of certainty');
    assert.equal(sidecar.file, filePath(path.join(path.dirname(model), 'birds_cnn.lens.json')));
    writeFileSync(sidecar.file, sidecar.text);
    const { preprocessing } = await service.operations.inspect({ model: filePath(model) }, call());
    assert.deepEqual(preprocessing['mean']!.value, [0.485, 0.456, 0.406]);
    assert.match(
      preprocessing['mean']!.origin.detail,
      /^birds_cnn\.lens\.json, found from \d+ of your pictures: centring found$/,
    );
    // Resize was assumed: the sidecar does not claim it.
    assert.equal(preprocessing['resize']!.origin.kind, 'default');
  });

  it('answers the same contents at once, and looks again where a picture is another', async () => {
    const model = filePath(path.join(temporaryFolder(), 'tiny.onnx'));
    await writeModelFile(tinyNet(), model);
    const folder = flat('models/birds/pictures', 1);
    const inputs = [filePath(folder)];
    const told: string[] = [];
    const again = call<WorkProgress>(({ message }) => void told.push(message));
    const first = await service.operations.findSettings({ model, inputs }, call());
    const second = await service.operations.findSettings({ model, inputs }, again);
    assert.deepEqual(second.finding, first.finding);
    assert.ok(!told.some((text) => text.startsWith('trying')), told.join('; '));
    const [one, two] = readdirSync(folder).sort();
    copyFileSync(path.join(folder, one!), path.join(folder, two!));
    await service.operations.findSettings({ model, inputs }, again);
    assert.ok(
      told.some((text) => text.startsWith('trying')),
      'a picture has changed',
    );
  });

  it('keeps what a sidecar says of labels and outputs, and gives evidence up with its setting', async () => {
    const model = alone('models/birds/birds_cnn.onnx');
    const file = path.join(path.dirname(model), 'birds_cnn.lens.json');
    writeFileSync(
      file,
      JSON.stringify({
        input: { crop: 'center', mean: [0.4], evidence: { mean: 'found from 4 of your pictures', crop: 'seen' } },
        labels: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
      }),
    );
    const change = { range: [0, 255] as const, mean: [123.68, 116.779, 103.939], std: [1, 1, 1] };
    const { text, replaces } = await service.operations.sidecarText({ model: filePath(model), change }, call());
    assert.deepEqual(replaces, [], 'what was found gives way unasked');
    assert.deepEqual(JSON.parse(text), {
      input: {
        crop: 'center',
        mean: [123.68, 116.779, 103.939],
        range: [0, 255],
        std: [1],
        evidence: { crop: 'seen' },
      },
      labels: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
    });
  });

  it('names what a person wrote and would be another thing', async () => {
    const model = alone('models/birds/birds_cnn.onnx');
    const file = path.join(path.dirname(model), 'birds_cnn.lens.json');
    const input = { color: 'BGR', range: [0, 1], mean: [0.4], std: [0.5], evidence: { std: 'found' } };
    writeFileSync(file, JSON.stringify({ input }));
    const change = {
      color: 'RGB' as const,
      range: [0, 1] as const,
      mean: [0.4, 0.4, 0.4],
      std: [1],
      crop: 'none' as const,
    };
    const { replaces } = await service.operations.sidecarText({ model: filePath(model), change }, call());
    assert.deepEqual(replaces, ['color']);
  });

  it('tries settings of a request in place of the written ones, and keeps the answers apart', async () => {
    const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
    const [folder] = readdirSync('models/birds/pictures');
    const [picture] = readdirSync(path.join('models/birds/pictures', folder!));
    const inputs = [filePath(path.resolve('models/birds/pictures', folder!, picture!))];
    const written = await service.operations.predict({ model, inputs }, call());
    const settings = { color: 'BGR' as const, range: [0, 255] as const, mean: [0], std: [1] };
    const tried = await service.operations.predict({ model, inputs, settings }, call());
    assert.deepEqual(tried.preprocessing['range']!.origin, { kind: 'user', detail: 'edited in the panel' });
    assert.equal(written.preprocessing['range']!.origin.kind, 'sidecar');
    assert.notDeepEqual(tried.results, written.results);
    assert.deepEqual((await service.operations.predict({ model, inputs }, call())).results, written.results);
    const request = { model, inputs, settings, method: 'gradient' };
    const { results } = await service.operations.explain(request, call());
    const [explained] = results;
    assert.ok(explained !== undefined && 'result' in explained, 'it is explained');
    const { predictions, recipe } = explained.result;
    const [predicted] = tried.results;
    assert.ok(predicted !== undefined && 'result' in predicted, 'it is predicted');
    assert.equal(predictions[0]!.index, predicted.result.top![0]!.index, 'an explanation is of the same settings');
    assert.equal(recipe.preprocessing['mean']!.origin.detail, 'edited in the panel');
  });

  it('tries labels of a file or of a list, within the workspace only, and writes down what can be read', async () => {
    const model = filePath(alone('models/birds/birds_cnn.onnx'));
    const folder = path.dirname(model);
    const outside = path.join(temporaryFolder(), 'names.txt');
    const names = Array.from({ length: 8 }, (_, i) => `bird ${i}`);
    for (const file of [outside, path.join(folder, 'names.txt')]) writeFileSync(file, names.join('\n'));
    writeFileSync(path.join(folder, 'empty.txt'), '');
    const [kind] = readdirSync('models/birds/pictures');
    const [picture] = readdirSync(path.join('models/birds/pictures', kind!));
    const inputs = [filePath(path.resolve('models/birds/pictures', kind!, picture!))];
    const reach = { roots: [filePath(folder)], allowed: [], left: [], trusted: true };
    const request = (labels: string | readonly string[]) => ({ model, inputs, reach, settings: { labels } });
    const best = async (labels: string | readonly string[]): Promise<string> => {
      const { results, warnings } = await service.operations.predict(request(labels), call());
      const [first] = results;
      assert.ok(first !== undefined && 'result' in first, 'it is predicted');
      return `${first.result.top![0]!.label} ${warnings.join(' ')}`;
    };
    assert.match(await best('names.txt'), /^bird \d/);
    assert.match(await best(names.map((n) => n.replace('bird', 'fowl'))), /^fowl \d/);
    assert.match(await best(['two', 'names']), /^class \d.*has 2 names.*not used/);
    const { labels } = await service.operations.predict(request('names.txt'), call());
    assert.deepEqual([labels.count, labels.said, labels.origin.kind], [8, 'names.txt', 'user']);
    for (const [said, why] of [
      [path.relative(folder, outside), /lies outside the workspace/],
      [outside, /lies outside the workspace/],
      ['//server/names.txt', /not on this machine/],
      ['none.txt', /no such file/],
      ['empty.txt', /no names are in it/],
    ] as const) {
      await assert.rejects(service.operations.predict(request(said), call()), why);
      const change = { labels: said };
      await assert.rejects(service.operations.sidecarText({ model, reach, change }, call()), why);
    }
    const written = await service.operations.sidecarText({ model, reach, change: { labels: 'names.txt' } }, call());
    assert.deepEqual([JSON.parse(written.text), written.replaces], [{ labels: 'names.txt' }, []]);
    writeFileSync(written.file, JSON.stringify({ labels: names, input: { crop: 'none' } }));
    const over = await service.operations.sidecarText({ model, reach, change: { labels: 'names.txt' } }, call());
    assert.deepEqual(JSON.parse(over.text), { labels: 'names.txt', input: { crop: 'none' } });
    assert.deepEqual(over.replaces, ['labels'], 'a person wrote others');
  });

  it('predicts under settings that change the size of the input as well, and says what is wrong with a crop', async () => {
    const model = filePath(path.resolve('models/birds/birds_vit.onnx'));
    const [folder] = readdirSync('models/birds/pictures');
    const [picture] = readdirSync(path.join('models/birds/pictures', folder!));
    const inputs = [filePath(path.resolve('models/birds/pictures', folder!, picture!))];
    const size = [32, 32] as const;
    const settings = { resize: { mode: 'shortSide' as const, size: 90 }, crop: 'none' as const, size };
    const { results, preprocessing } = await service.operations.predict({ model, inputs, settings }, call());
    const [first] = results;
    assert.ok(first !== undefined && 'error' in first, 'it is refused');
    assert.match(first.error.message, /90 after resizing.*no crop is set/);
    assert.equal(preprocessing['crop']!.value, 'none');
  });

  it('refuses a folder without pictures, and settings that no sidecar may hold', async () => {
    const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
    const empty = path.join(temporaryFolder(), 'empty');
    mkdirSync(empty);
    await assert.rejects(find(model, empty), /There is no picture to find the settings from|no pictures/);
    const settings = { std: [0] };
    const inputs = [filePath(empty)];
    await assert.rejects(service.operations.predict({ model, inputs, settings }, call()), /must not be 0/);
  });

  describe('of models that are shared', () => {
    before(requireData);

    it('reads the statistics of BatchNormalization: scale and centring are found without classes', async () => {
      const model = dataPath('models/cifar_resnet20.onnx');
      const copy = alone(model);
      const pictures = flat(dataPath('images/cifar10_test_jpg'), 1);
      const finding = await find(copy, pictures);
      assert.equal(finding.evidence, 'statistics');
      assert.equal(finding.labelled, 0);
      nothingWrong(finding, IMAGENET_TRUTH);
      assert.deepEqual(
        finding.parts.slice(0, 2).map((p) => p.verdict),
        ['found', 'found'],
      );
      assert.match(finding.parts[0]!.sentence, /BatchNormalization statistics fit .* \(misfit 0\.\d\d; with/);
    });

    const others: readonly (readonly [string, string, Truth])[] = [
      ['models/cifar_resnet20_fused.onnx', 'images/cifar10_test_jpg', IMAGENET_TRUTH],
      ['models/small_cnn.onnx', 'images/cifar10_test_jpg', IMAGENET_TRUTH],
      [
        'models/mnist_cnn.onnx',
        'images/mnist_test',
        { scale: 'pixels 0…255', centring: 'without centring', order: 'grey as it is' },
      ],
      [
        'models/mnist_vit.onnx',
        'images/mnist_test',
        { scale: DEVIATION, centring: 'centred around 0', order: 'grey as it is' },
      ],
    ];
    for (const [name, pictures, truth] of others) {
      it(`calls nothing found that is wrong: ${path.basename(name)}, with classes and without`, async () => {
        const [model, folder] = [dataPath(name), dataPath(pictures)];
        const copy = alone(model);
        nothingWrong(await find(copy, folder), truth);
        nothingWrong(await find(copy, flat(folder, 2)), truth);
      });
    }

    it('says nothing of a network that has learned nothing', async () => {
      const [model, pictures] = [dataPath('models/cifar_resnet20_random.onnx'), dataPath('images/cifar10_test_jpg')];
      const finding = await find(alone(model), flat(pictures, 2));
      assert.deepEqual(
        finding.parts.map((p) => p.verdict),
        ['cannot tell', 'cannot tell', 'cannot tell'],
      );
    });
  });
});
