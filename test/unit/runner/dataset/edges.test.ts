import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeNpy } from '../../../../src/base/npy.js';
import { filePath, type FilePath } from '../../../../src/base/place.js';
import { decodePicture } from '../../../../src/input/decode.js';
import { listPictures } from '../../../../src/input/folder.js';
import type { SurveyAnswer } from '../../../../src/protocol/dataset.js';
import { RunnerService } from '../../../../src/runner/service.js';
import { writeNpz, writeParquet } from '../../dataset/written.js';
import { call } from '../../support/call.js';
import { assertClose } from '../../support/close.js';
import { DATA, dataPath, modelPath, requireData } from '../../support/data.js';
import { temporaryFolder } from '../../support/temporary.js';

const birds = filePath(path.resolve('models/birds/birds_cnn.onnx'));
const pictures = filePath(path.resolve('models/birds/pictures'));

describe('odd data sets and models', () => {
  const runner = new RunnerService();
  after(() => runner.dispose());
  const folder = temporaryFolder();
  const { survey, layout, thumbnails, extract, layerCurve, nearest } = runner.operations;
  const setOf = (name: string, classes: Readonly<Record<string, number>>): FilePath => {
    const place = path.join(folder, name);
    for (const [className, count] of Object.entries(classes)) {
      mkdirSync(path.join(place, className), { recursive: true });
      for (const file of readdirSync(path.join(pictures, className)).slice(0, count))
        cpSync(path.join(pictures, className, file), path.join(place, className, file));
    }
    return filePath(place);
  };
  const [first, second] = readdirSync(pictures) as [string, string];

  it('one class: everything but a probe, which says why not', async () => {
    const place = setOf('one', { [first]: 4 });
    const { survey: found, mistakes } = await survey({ model: birds, place }, call());
    assert.deepEqual([found.mapping.length, mistakes!.counted, mistakes!.perClass.length >= 1], [1, 4, true]);
    const { embedding } = await layout({ model: birds, place, of: 'activations', method: 'pca' }, call());
    assert.deepEqual([embedding.points.dims, embedding.quality?.probe], [[4, 2], undefined]);
    await assert.rejects(layerCurve({ model: birds, place }, call()), { code: 'dataset/one-class' });
  });

  it('two pictures: a line of two points, no quality, and t-SNE says what it needs', async () => {
    const place = setOf('two', { [first]: 1, [second]: 1 });
    const request = { model: birds, place, of: 'activations' } as const;
    for (const method of ['pca', 'umap']) {
      const { embedding } = await layout({ ...request, method }, call());
      assert.deepEqual([embedding.points.dims, embedding.quality], [[2, 2], undefined], method);
      assert.ok(embedding.points.data.every(Number.isFinite), method);
    }
    await assert.rejects(layout({ ...request, method: 'tsne' }, call()), { code: 'embed/perplexity' });
    const { survey: found } = await survey({ model: birds, place }, call());
    const near = await nearest({ model: birds, place, name: found.names[0]!, metric: 'euclidean', k: 9 }, call());
    assert.deepEqual(near.names, [found.names[1]]);
  });

  it('names that occur twice: a list that names a picture twice has two examples, told apart', async () => {
    const list = filePath(path.join(folder, 'twice.csv'));
    const file = path.join(pictures, first, readdirSync(path.join(pictures, first))[0]!);
    writeFileSync(list, `path,label\n${file},${first}\n${file},${second}\n`);
    const { survey: found } = await survey({ model: birds, place: list }, call());
    assert.deepEqual(found.names, [file, `${file} (2)`]);
    assert.deepEqual([found.duplicates, found.mapping.map((m) => m.count)], [[[0, 1]], [1, 1]]);
    assert.equal(await extract({ place: list, name: `${file} (2)` }, call()), file);
    // The same name in two classes is none of twice.
    const place = setOf('names', { [first]: 1, [second]: 1 });
    cpSync(file, path.join(place, first, 'same.png'));
    cpSync(file, path.join(place, second, 'same.png'));
    const { survey: both } = await survey({ model: birds, place }, call());
    assert.equal(new Set(both.names).size, 4);
  });

  it('a folder without labels: no mistakes, and no labels', async () => {
    const place = filePath(path.join(pictures, first));
    const { survey: found, mistakes } = await survey({ model: birds, place }, call());
    assert.deepEqual([mistakes, found.mapping, found.title], [undefined, [], 'a folder of pictures']);
    assert.ok(
      [...found.labels].every((l) => l === -1),
      'none is labelled',
    );
    assert.ok(
      [...found.predicted].every((p) => p >= 0),
      'all are predicted',
    );
  });

  it('thumbnails are letterboxed, in the order of the names, and grey where there is nothing', async () => {
    const place = setOf('small', { [first]: 1 });
    const [name] = readdirSync(path.join(place, first)) as [string];
    writeFileSync(path.join(place, first, 'broken.png'), 'no picture');
    const names = ['none.png', `${first}/${name}`, `${first}/broken.png`];
    const { pixels } = await thumbnails({ place, names, size: 16 }, call());
    const one = (k: number): Uint8Array => pixels.subarray(k * 768, (k + 1) * 768);
    for (const k of [0, 2])
      assert.ok(
        one(k).every((v) => v === 128),
        names[k],
      );
    assert.ok(new Set(one(1)).size > 10, 'a picture has colours');
    // A broad one stands between two black bars.
    const broad = filePath(path.join(folder, 'broad.npz'));
    const white = { type: 'uint8', dims: [1, 4, 8], data: new Uint8Array(32).fill(255) } as const;
    await writeNpz(broad, { x_test: writeNpy(white) });
    const { pixels: boxed } = await thumbnails({ place: broad, names: ['broad.npz#x_test/0'], size: 8 }, call());
    const rows = Array.from({ length: 8 }, (_, y) => boxed[y * 24]);
    assert.deepEqual(rows, [0, 0, 255, 255, 255, 255, 0, 0]);
  });

  it('rows of an array come out as picture files with the same pixels', async () => {
    const { pictures: files } = await listPictures(path.join(pictures, first));
    const place = filePath(path.join(folder, 'rows.npz'));
    const rasters = await Promise.all(files.map((f) => decodePicture(f.path)));
    const { width, height } = rasters[0]!;
    const data = Uint8Array.from(rasters.flatMap((r) => [...r.data]));
    await writeNpz(place, { x_test: writeNpy({ type: 'uint8', dims: [rasters.length, height, width, 3], data }) });
    const file = await extract({ place, name: 'rows.npz#x_test/1' }, call());
    assert.deepEqual((await decodePicture(file)).data, rasters[1]!.data);
    assert.equal(await extract({ place, name: 'rows.npz#x_test/1' }, call()), file);
    await assert.rejects(extract({ place, name: 'rows.npz#x_test/99' }, call()), { code: 'dataset/example' });
    const parquet = filePath(path.join(folder, 'rows.parquet'));
    const bytes = files.map((f) => readFileSync(f.path));
    await writeParquet(
      parquet,
      bytes,
      bytes.map(() => 0),
    );
    const own = await extract({ place: parquet, name: 'rows.parquet#1' }, call());
    assert.ok(readFileSync(own).equals(bytes[1]!), 'its own bytes, not made anew');
  });

  describe('with the test data', () => {
    before(requireData);
    const config = filePath(path.join(folder, 'resnet20.json'));
    const ask = (place: FilePath, model = 'cifar_resnet20.onnx'): Promise<SurveyAnswer> =>
      survey({ model: modelPath(model), config, place }, call());
    before(() => {
      const input = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], range: [0, 1] };
      writeFileSync(config, JSON.stringify({ input }));
    });

    it('a parquet, an .npz and a folder of the same pictures are the same survey', async () => {
      const { pictures: files, classes } = await listPictures(dataPath('images', 'cifar10_train_png'));
      const bytes = files.map((f) => readFileSync(f.path));
      const labels = files.map((f) => classes.indexOf(f.className!));
      const parquet = filePath(path.join(folder, 'train.parquet'));
      await writeParquet(parquet, bytes, labels, { names: classes, rowGroupSize: 30 });
      const npz = filePath(path.join(folder, 'cifar.npz'));
      const rasters = await Promise.all(bytes.map((b) => decodePicture(b)));
      const data = Uint8Array.from(rasters.flatMap((r) => [...r.data]));
      await writeNpz(npz, {
        train_images: writeNpy({ type: 'uint8', dims: [rasters.length, 32, 32, 3], data }),
        train_labels: writeNpy({ type: 'uint8', dims: [labels.length, 1], data: Uint8Array.from(labels) }),
      });
      const plain = await ask(dataPath('images', 'cifar10_train_png'));
      const others = [await ask(parquet), await ask(npz)];
      assert.ok(plain.mistakes!.accuracy > 0.95, `${plain.mistakes!.accuracy}`);
      for (const { survey: found, mistakes } of others) {
        for (const column of ['truth', 'predicted', 'confidence', 'ofTruth', 'margin'] as const)
          assert.deepEqual(found[column], plain.survey[column], `${column} of ${found.title}`);
        assert.deepEqual([found.duplicates, mistakes], [plain.survey.duplicates, plain.mistakes], found.title);
      }
      assert.deepEqual(
        others.map((o) => o.survey.mapping[3]!.how),
        ['order', 'order'],
      );
    });

    it('a model without a linear layer is surveyed, and its layers can be named', async () => {
      const place = dataPath('images', 'photos');
      const model = modelPath('squeezenet_v1.0_dc.onnx');
      const { survey: found } = await survey({ model, place }, call());
      assert.deepEqual([found.layer, found.predicted.every((p) => p >= 0)], [undefined, true]);
      assert.ok(
        found.notes.some((n) => n.includes('does not end in a linear layer')),
        found.notes.join(' '),
      );
      const request = { model, place, of: 'activations', method: 'pca' } as const;
      await assert.rejects(layout(request, call()), { code: 'embed/no-linear', hint: /Choose a layer/ });
      const named = await layout(
        { ...request, layer: curveLayer(await runner.operations.outline({ model }, call())) },
        call(),
      );
      assert.ok(named.embedding.points.data.every(Number.isFinite), 'it is placed by the layer that is named');
    });

    it('a model with several outputs is asked about the one that is meant', async () => {
      const place = dataPath('images', 'photos');
      const model = filePath(path.join(DATA, 'cases', 'age_gender.onnx'));
      const { survey: found } = await survey({ model, place }, call());
      assert.ok(found.names.length > 0, 'it is surveyed');
      const { outputs } = await runner.operations.predict({ model, inputs: [place] }, call());
      assert.ok(outputs.length >= 2, `${outputs.length} outputs`);
      for (const { name, kind } of outputs) {
        const { survey: one } = await survey({ model, place, output: name }, call());
        const classes = kind === 'classes' || kind === 'multi-label';
        assert.equal(
          one.predicted.every((p) => p >= 0),
          classes || one.classes.length > 0,
          `${name} is ${kind}`,
        );
      }
    });

    it('maps, boxes and numbers: what has classes is predicted, the others say that they hold none', async () => {
      const place = dataPath('images', 'photos');
      for (const [file, has] of [
        ['seg.onnx', true],
        ['clip.onnx', undefined],
        ['landmarks.onnx', undefined],
        ['one_class.onnx', undefined],
      ] as const) {
        const model = filePath(path.join(DATA, 'cases', file));
        const { survey: found, mistakes } = await survey({ model, place }, call());
        assert.equal(found.names.length + found.omitted.length, found.of, file);
        assert.ok(has === undefined || found.predicted.every((p) => p >= 0) === has, file);
        assert.equal(
          found.predicted.some((p) => p >= 0),
          found.classes.length > 0,
          file,
        );
        assert.equal(mistakes === undefined, !found.truth.some((t, i) => t >= 0 && found.predicted[i]! >= 0), file);
      }
    });

    it('300 pictures through a trained and a random network: one has learned the classes, the other has not', async () => {
      const place = dataPath('images', 'cifar10_test_jpg');
      const trained = await ask(place);
      const random = await ask(place, 'cifar_resnet20_random.onnx');
      assertClose(trained.mistakes!.accuracy, 244 / 300, { absolute: 1e-9 }, 'as many right as it is known for');
      assert.ok(random.mistakes!.accuracy < 0.2, `${random.mistakes!.accuracy}`);
      assert.ok(trained.mistakes!.calibration!.ece < 0.3, `${trained.mistakes!.calibration!.ece}`);
    });
  });
});

/** A convolution far back in the network. */
function curveLayer({
  layers,
}: {
  readonly layers: readonly { readonly name: string; readonly op: string }[];
}): string {
  return layers.filter((l) => l.op === 'Conv').at(-1)!.name;
}
