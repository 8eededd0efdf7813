import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor, toFloat32, type Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { makeNode, withWeights } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import type { CompareModelsRequest } from '../../../src/protocol/comparison.js';
import type { ComparedSet, Comparison } from '../../../src/result/comparison.js';
import { RunnerService } from '../../../src/runner/service.js';
import { input, sketch } from '../graph/support.js';
import { call } from '../support/call.js';
import { assertClose } from '../support/close.js';
import { dataPath, modelPath, reference, requireData } from '../support/data.js';
import { encodedModel } from '../support/encodedModels.js';
import { temporaryFolder } from '../support/temporary.js';

describe('runner, two models', () => {
  const runner = new RunnerService();
  const { operations } = runner;
  const folder = temporaryFolder();
  const at = (...names: string[]): FilePath => filePath(path.join(folder, ...names));
  const model = modelPath('cifar_resnet20.onnx');
  const config = at('resnet20.json');
  const photos = dataPath('images', 'cifar10_test_jpg');
  /** Three pictures of each class. */
  const few = at('few');
  before(requireData);
  before(() => {
    writeFileSync(
      config,
      JSON.stringify({ input: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], range: [0, 1] } }),
    );
    for (const name of readdirSync(photos)) {
      mkdirSync(at('few', name), { recursive: true });
      for (const file of readdirSync(path.join(photos, name)).slice(0, 3))
        cpSync(path.join(photos, name, file), at('few', name, file));
    }
  });
  after(() => runner.dispose());

  const compare = (other: FilePath, more: Partial<CompareModelsRequest> = {}): Promise<Comparison> =>
    operations.compareModels({ model, config, other: { model: other, config }, ...more }, call());

  const onSet = async (other: FilePath, more: Partial<CompareModelsRequest> = {}): Promise<ComparedSet> =>
    (await compare(other, { place: few, ...more })).set!;

  const written = (name: string, how: object): FilePath => {
    writeFileSync(at(`${name}.json`), JSON.stringify({ input: how }));
    return at(`${name}.json`);
  };

  const changed = async (name: string, change: (graph: Graph) => Promise<Graph>): Promise<FilePath> => {
    const file = at(name);
    await writeModelFile(await change(buildGraph(await openCheckpoint(model))), file, {
      embed: true,
      keepMetadata: true,
    });
    return file;
  };

  describe('trained and random weights, 300 pictures', () => {
    let found: Comparison;
    let set: ComparedSet;
    before(async function () {
      this.timeout(180_000);
      found = await compare(modelPath('cifar_resnet20_random.onnx'), { place: photos });
      set = found.set!;
    });

    it('agree as often as chance has it, and the list says who is right', () => {
      const { agreed, counted, correct, disagreements, labelled, truth, a, b } = set.predictions!;
      assert.deepEqual([counted, labelled, correct.a, correct.b], [300, 300, 244, 29]);
      assert.equal(agreed + disagreements.length, 300);
      for (const { example, right } of disagreements) {
        const own = a[example] === truth[example] ? 'a' : b[example] === truth[example] ? 'b' : 'neither';
        assert.equal(right, own);
        assert.notEqual(a[example], b[example]);
      }
      assert.equal(set.labels[0], set.predictions!.classes[truth[0]!] ?? 'class 0');
    });

    it('lie as principal components have them, the random ones turned onto the trained ones', () => {
      const scores = reference('embedding_300', 'pca_scores').data;
      const { points } = set.spaces!.a;
      for (const c of [0, 1]) {
        const [own, theirs] = [0, 1].map((which) =>
          Float32Array.from({ length: 300 }, (_, i) => (which === 0 ? points.data[2 * i + c]! : scores[10 * i + c]!)),
        ) as [Float32Array, Float32Array];
        const sign = Math.sign(own.reduce((sum, v, i) => sum + v * theirs[i]!, 0));
        assertClose(
          own.map((v) => v * sign),
          theirs,
          { absolute: 1e-4 * Math.max(...theirs.map(Math.abs)) },
          `component ${c + 1}`,
        );
      }
      assert.ok(set.spaces!.residual > 0.5, `two clouds that are not alike fit to ${set.spaces!.residual}`);
    });

    it('have classes that come apart after training only, by probe and by neighbours', () => {
      const { a, b } = set.spaces!;
      assert.ok(
        a.probe!.accuracy - b.probe!.accuracy > 4 * (a.probe!.sd + b.probe!.sd),
        `trained ${a.probe!.accuracy} ± ${a.probe!.sd}, random ${b.probe!.accuracy} ± ${b.probe!.sd}`,
      );
      assertClose(a.probe!.majority, 0.1, { absolute: 1e-9 }, 'majority');
      assert.ok(a.neighbourAccuracy! > b.neighbourAccuracy! + 0.4, `${a.neighbourAccuracy} and ${b.neighbourAccuracy}`);
    });

    it('have pictures whose neighbourhood changed, the most changed first', () => {
      const { kept, order, k, chance } = set.spaces!;
      assert.deepEqual([kept.length, order.length, k], [300, 300, 10]);
      const sorted = [...order].map((i) => kept[i]!);
      assert.deepEqual(
        sorted,
        sorted.toSorted((x, y) => x - y),
      );
      const mean = kept.reduce((sum, v) => sum + v, 0) / 300;
      assert.ok(mean > chance && mean < 0.2, `neighbourhoods kept: ${mean}, by chance ${chance}`);
    });

    it('align less than a network with itself, and say how far three pictures move that', () => {
      const { cka, without, dropped, moved, counted, a, b } = set.alignment!;
      assert.deepEqual([cka.dims, counted, dropped], [[a.length, b.length], 300, 3]);
      const last = a.indexOf('layer3.2.conv2') * b.length + b.indexOf('layer3.2.conv2');
      assert.ok(cka.data[last]! < 0.3, `the last blocks: ${cka.data[last]}`);
      const place = moved!.a * b.length + moved!.b;
      assertClose(without.data[place]! - cka.data[place]!, moved!.by, { absolute: 1e-6 }, 'the largest move');
      assert.ok(
        cka.data.every((v, i) => Number.isNaN(v) || Math.abs(without.data[i]! - v) <= Math.abs(moved!.by) + 1e-6),
        'none moves further',
      );
    });

    it('differ in every weight, and keep small pictures of what stands first in the lists', () => {
      const { layers, paired } = found.weights;
      assert.equal(paired, 'name');
      assert.ok(
        layers.filter((l) => l.shape.length > 1).every((l) => l.relative > 0.5),
        'kernels that were never trained are far away',
      );
      const first = set.predictions!.disagreements[0]!.example;
      const { png } = set.thumbnails.find((t) => t.example === first)!;
      assert.deepEqual([...png.subarray(1, 4)], [...Buffer.from('PNG')]);
    });
  });

  it('a model beside itself: nothing differs', async () => {
    const { set, weights } = await compare(model, { place: few });
    const { predictions, spaces, alignment, signal } = set!;
    assert.deepEqual([predictions!.agreed, predictions!.disagreements.length], [30, 0]);
    assert.ok(
      spaces!.kept.every((v) => v === 1),
      'every neighbourhood is the same',
    );
    assert.ok(spaces!.residual < 1e-6, `residual ${spaces!.residual}`);
    const n = alignment!.a.length;
    for (let i = 0; i < n; i++) assertClose(alignment!.cka.data[i * n + i]!, 1, { absolute: 1e-6 }, alignment!.a[i]!);
    assert.ok(
      signal!.layers.every((row) => row.snr === Infinity),
      'no noise',
    );
    assert.equal(signal!.first, undefined);
    assert.ok(
      weights.layers.every((l) => l.relative === 0),
      'no weight differs',
    );
  });

  it('a copy in float16: nearly all of the signal is left in every layer', async () => {
    const half = await changed('half.onnx', async (graph) => (await encodedModel(graph, 'float16')).graph);
    const { set, b, weights } = await compare(half, { place: few });
    assert.equal(b.format, 'float16');
    const { layers, first, paired } = set!.signal!;
    assert.deepEqual([paired, first], ['name', undefined]);
    assert.ok(layers.length > 20, `${layers.length} layers`);
    for (const { a, snr } of layers) assert.ok(snr > 35 && snr < 200, `${a}: ${snr} dB`);
    for (const { a, relative } of weights.layers) assert.ok(relative < 1e-3, `${a}: ${relative}`);
    assert.ok(set!.predictions!.agreed >= 29, `${set!.predictions!.agreed} of 30`);
  });

  it('a copy in integers, with every kernel rounded to eight bits', async () => {
    const quantised = await changed('qdq.onnx', async (graph) => (await encodedModel(graph, 'qdq uint8')).graph);
    const { set, b } = await compare(quantised, { place: few });
    assert.equal(b.format, 'quantised');
    const { layers, first } = set!.signal!;
    assert.equal(first, undefined);
    const snr = (name: string): number => layers.find((l) => l.a === name)!.snr;
    assert.ok(snr('conv1') > 30 && snr('conv1') < 70, `conv1: ${snr('conv1')} dB`);
    assert.ok(snr('linear') > 15, `linear: ${snr('linear')} dB`);
  });

  it('a copy with one broken layer: the signal is lost exactly from that layer on', async () => {
    const broken = await changed('broken.onnx', async (graph) => {
      const name = 'layer2.1.conv1.weight';
      const { dims, data } = await readTensor(graph.weights.get(name)!);
      const random = new Random(5);
      const noise: Tensor = floatTensor(
        dims,
        toFloat32({ type: 'float32', dims, data }).map((v) => v + 0.5 * random.normal()),
      );
      return withWeights(graph, new Map([[name, noise]]));
    });
    const { layers, first, bound } = (await onSet(broken)).signal!;
    const place = layers.findIndex((l) => l.a === 'layer2.1.conv1');
    assert.equal(first, place);
    assert.ok(
      layers.slice(0, place).every((l) => l.snr === Infinity),
      'before it nothing differs',
    );
    assert.ok(layers[place]!.snr < bound, `${layers[place]!.snr} dB`);
  });

  it('a layer that overflows is broken, however few of its numbers do', async () => {
    const over = await changed('overflow.onnx', async (graph) => {
      const name = 'layer3.2.conv2.weight';
      const { dims, data } = await readTensor(graph.weights.get(name)!);
      const values = (data as Float32Array).slice();
      values[0] = Infinity;
      return withWeights(graph, new Map([[name, floatTensor(dims, values)]]));
    });
    const set = await onSet(over);
    const { layers, first } = set.signal!;
    assert.equal(layers[first!]!.a, 'layer3.2.conv2');
    assert.ok(layers[first!]!.broken > 0, 'numbers that are not finite are counted');
    assert.match(
      set.notes.join(' '),
      /Spaces are not compared: the second model answers with values that are not finite/,
    );
    const { alignment } = set;
    const row = alignment!.b.indexOf('layer3.2.conv2');
    assert.ok(Number.isNaN(alignment!.cka.data[row]!), 'and have no alignment');
  });

  it('a copy with its normalisations folded away: a layer answers where the other has normalised', async () => {
    const { layers, first } = (await onSet(modelPath('cifar_resnet20_fused.onnx'))).signal!;
    const conv = layers.find((l) => l.a === 'layer1.0.conv1')!;
    assert.match(conv.behind!, /^BatchNormalization of the first model$/);
    assert.ok(conv.snr > 60, `${conv.snr} dB`);
    assert.equal(first, undefined);
  });

  it('the same file with weights drawn anew: the twin of the model, by its seed', async () => {
    const other = { model, config, randomWeights: 3 };
    const ask = (): Promise<Comparison> => operations.compareModels({ model, config, other, place: few }, call());
    const { b, set, weights } = await ask();
    assert.match(b.name, /with random weights \(seed 3\)$/);
    assert.ok(set!.predictions!.correct.b < 10, `${set!.predictions!.correct.b} of 30`);
    assert.ok(weights.layers.find((l) => l.a === 'linear')!.relative > 0.5, 'its weights are others');
    assert.deepEqual((await ask()).set, set, 'the same seed, the same answer');
  });

  it('reasons of equal predictions: the same of the same model, others of another', async () => {
    const same = (await onSet(model, { method: 'gradient', explained: 5 })).reasons!;
    assert.deepEqual([same.method, same.explained, same.of, same.rows.length, same.failed], ['gradient', 5, 30, 5, 0]);
    for (const { spearman, cosine } of same.rows) assertClose([spearman, cosine], [1, 1], { absolute: 1e-6 }, 'maps');
    const set = await onSet(modelPath('cifar_resnet20_random.onnx'), { method: 'gradient', explained: 50 });
    const { rows, of, explained } = set.reasons!;
    assert.deepEqual([of, explained], [set.predictions!.agreed, set.predictions!.agreed]);
    assert.ok(
      rows.every(({ spearman }, i) => spearman < 0.8 && (i === 0 || spearman >= rows[i - 1]!.spearman)),
      `sorted, and unlike: ${rows.map((r) => r.spearman.toFixed(2)).join()}`,
    );
    assert.ok(rows[0]!.heat!.a.length > 100, 'maps of the first are drawn');
  });

  it('two networks of different kinds: digits through a CNN and a transformer', async () => {
    const set = (
      await operations.compareModels(
        {
          model: modelPath('mnist_cnn.onnx'),
          config: written('cnn', { range: [0, 255] }),
          other: {
            model: modelPath('mnist_vit.onnx'),
            config: written('vit', { range: [0, 1], mean: [0.1307], std: [0.3081] }),
          },
          place: dataPath('images', 'mnist_test'),
          method: 'gradient',
          explained: 3,
        },
        call(),
      )
    ).set!;
    const { predictions, spaces, signal, reasons } = set;
    assert.equal(predictions!.counted, 100);
    assert.ok(predictions!.agreed > 92, `${predictions!.agreed} of 100`);
    assert.notEqual(spaces!.a.width, spaces!.b.width);
    assert.equal(signal, undefined);
    assert.equal(reasons!.rows.length, 3);
    assert.ok(
      spaces!.kept.reduce((sum, v) => sum + v, 0) / 100 > 2 * spaces!.chance,
      'both see the same digits beside one another',
    );
  });

  it('without a data set: weights alone, and nothing is run', async () => {
    const { set, weights, a } = await compare(modelPath('cifar_resnet20_random.onnx'));
    assert.equal(set, undefined);
    assert.equal(a.provider, 'none');
    assert.ok(weights.layers.length > 20, `${weights.layers.length} layers`);
  });

  it('ends at once when it is cancelled', async () => {
    const abort = new AbortController();
    let cancelled = 0;
    const asked = operations.compareModels(
      { model, config, other: { model: modelPath('cifar_resnet20_random.onnx'), config }, place: photos },
      call(({ fraction }: { readonly fraction?: number }) => {
        if ((fraction ?? 0) < 0.1 || cancelled > 0) return;
        cancelled = performance.now();
        abort.abort();
      }, abort.signal),
    );
    await assert.rejects(asked, CancelledError);
    assert.ok(performance.now() - cancelled < 5000, `${performance.now() - cancelled} ms`);
  });

  it('a part of the pictures, and labels that were mended by hand', async () => {
    const most = await onSet(modelPath('cifar_resnet20_random.onnx'), { most: 10 });
    assert.deepEqual([most.names.length, most.of], [10, 30]);
    assert.match(most.notes.join(' '), /10 of 30 pictures, drawn/);
    assert.equal(new Set(most.labels).size, 10, 'one of each class');
    const swapped = await onSet(modelPath('cifar_resnet20_random.onnx'), {
      most: 10,
      mapping: { airplane: -1, cat: 5 },
    });
    assert.deepEqual([swapped.predictions!.labelled, most.predictions!.labelled], [9, 10]);
    assert.equal(swapped.predictions!.truth[swapped.labels.indexOf('cat')], 5);
    await assert.rejects(onSet(model, { split: 'nowhere' }), /no split/);
  });

  it('pictures that one of the two cannot read, too few pictures, none', async () => {
    const odd = at('odd');
    mkdirSync(at('odd', 'cat'), { recursive: true });
    const files = readdirSync(path.join(photos, 'cat'));
    for (const file of files.slice(0, 2)) cpSync(path.join(photos, 'cat', file), at('odd', 'cat', file));
    writeFileSync(at('odd', 'cat', 'zzz.png'), 'no picture');
    const set = await onSet(modelPath('cifar_resnet20_random.onnx'), { place: odd });
    assert.deepEqual([set.names.length, set.of, set.omitted.map((o) => o.name)], [2, 3, ['cat/zzz.png']]);
    assert.deepEqual([set.spaces, set.alignment], [undefined, undefined]);
    assert.match(set.notes.join(' '), /of 2 pictures nobody is near another.*at least 4 pictures/);
    mkdirSync(at('empty'));
    await assert.rejects(onSet(model, { place: at('empty') }), (error: unknown) => error instanceof LensError);
  });

  it('a model that ends in no linear layer, with two outputs: what can be compared is', async () => {
    const net = at('maps.onnx');
    const random = new Random(1);
    await writeModelFile(
      sketch({
        opset: 18,
        inputs: [input('x', 'N', 3, 32, 32)],
        outputs: ['y', 'z'],
        weights: [
          inMemory(
            'conv.weight',
            floatTensor(
              [5, 3, 3, 3],
              Float32Array.from({ length: 135 }, () => random.normal()),
            ),
          ),
        ],
        nodes: [
          makeNode('Conv', 'c', ['x', 'conv.weight'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
          makeNode('GlobalAveragePool', 'g', ['c']),
          makeNode('Flatten', 'y', ['g']),
          makeNode('Relu', 'z', ['c']),
        ],
      }),
      net,
      { embed: true, keepMetadata: true },
    );
    const set = await onSet(net);
    assert.match(set.notes.join(' '), /Spaces are not compared: the second model does not end in a linear layer/);
    assert.ok(set.predictions === undefined, 'five classes are not ten');
    assert.match(set.notes.join(' '), /Predictions are not compared/);
    assert.ok(
      set.alignment!.cka.data.some((v) => v > 0),
      'layers are aligned all the same',
    );
  });
});
