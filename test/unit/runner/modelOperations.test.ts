import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  ftruncateSync,
  openSync,
  closeSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { CancelledError } from '../../../src/base/errors.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { FileSource, type ByteSource } from '../../../src/checkpoint/byteSource.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { RunnerService } from '../../../src/runner/service.js';
import type { TopPictures } from '../../../src/result/activations.js';
import { modulesAround, visibleGraph } from '../../../src/result/graphView.js';
import { assertClose } from '../support/close.js';
import { dataPath, modelPath, reference, requireData, sample } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';
import { call } from '../support/call.js';

describe('runner, operations of the checkpoint editor', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const model = modelPath('cifar_resnet20.onnx');
  const provider = 'cpu' as const;
  const folder = temporaryFolder();
  before(requireData);
  after(() => runner.dispose());

  describe('overview', () => {
    it('says what the file says, without a session', async () => {
      const overview = await service.overview({ model }, call());
      assert.equal(overview.parameters, 269_722);
      assert.deepEqual(overview.operators[0], { op: 'BatchNormalization', count: 19 });
      assert.equal(overview.layerBytes[0], 16 * 3 * 9 * 4);
      assert.equal(overview.totalBytes, overview.bytes);
      assert.equal(overview.weights.find((w) => w.name === 'conv1.weight')!.layer, 'conv1');
      assertClose(overview.modified, Date.now(), { absolute: 1e13 }, 'modified');
      // That nobody says how it wants its pictures is one warning, not two.
      assert.equal(overview.warnings.filter((w) => w.includes('normalisation')).length, 1);
      assert.deepEqual(overview.oddities, []);
    });

    it('finds it odd when somebody says the range of the pixels, but not the mean', async () => {
      const copy = filePath(path.join(folder, 'ranged.onnx'));
      copyFileSync(model, copy);
      writeFileSync(path.join(folder, 'ranged.lens.json'), JSON.stringify({ input: { range: [0, 255] } }));
      const { oddities } = await service.overview({ model: copy }, call());
      assert.deepEqual(
        oddities.map((o) => o.kind),
        ['no-normalisation'],
      );
    });

    it('measures layers at the real size of the input', async () => {
      const m = await service.measure({ model, provider }, call());
      const overview = await service.overview({ model }, call());
      assert.deepEqual(
        m.layers.map((l) => l.name),
        overview.layers.map((l) => l.name),
      );
      const [conv1] = m.layers;
      assert.deepEqual([conv1!.shape, conv1!.activationBytes], [[1, 16, 32, 32], 16 * 32 * 32 * 4]);
      assert.equal(conv1!.flops, 2 * 16 * 32 * 32 * 27);
      // 40.8 million multiply-accumulates are the paper's figure for ResNet-20.
      assert.ok(m.flops > 80e6 && m.flops < 84e6, String(m.flops));
      assert.ok(
        m.peakBytes > 16 * 32 * 32 * 4 && m.peakBytes < m.activationBytes,
        `m.peakBytes: ${m.peakBytes}, m.activationBytes: ${m.activationBytes}`,
      );
      assert.equal(m.differentiable.yes, true);
    });

    it('scans every weight and reports what is dead', async () => {
      const reports: number[] = [];
      const scan = await service.scanWeights(
        { model },
        call((r) => reports.push(r.fraction)),
      );
      assert.ok(scan.weights.some((w) => w.name === 'linear.weight' && w.layer === 'linear'));
      assert.deepEqual(scan.oddities, []);
      const squeeze = await service.scanWeights({ model: modelPath('squeezenet_v1.0_dc.onnx') }, call());
      const conv1 = squeeze.weights.find((w) => w.name === 'conv1.weight')!;
      assert.equal(conv1.filters, 96);
      const all = squeeze.weights.filter((w) => w.name.endsWith('weight'));
      const zeros = all.reduce((sum, w) => sum + w.sparsity * w.count, 0) / all.reduce((sum, w) => sum + w.count, 0);
      assertClose(zeros, 0.664, { absolute: 0.01 }, 'zeros');
    });

    it('reads less than 2 MB of a checkpoint of 1 GB, and one page of a layer', async () => {
      const zoo = dataPath('zoo/vgg11.onnx');
      const big = filePath(path.join(folder, 'big.onnx'));
      cpSync(zoo, big);
      // A sparse file: it has the size and takes no room.
      const data = path.join(folder, 'vgg11.weights.bin');
      const handle = openSync(data, 'w');
      ftruncateSync(handle, 1 << 30);
      closeSync(handle);
      let read = 0;
      const file = new FileSource(big);
      const source: ByteSource = { size: file.size, read: (t, o) => ((read += t.length), file.read(t, o)) };
      const checkpoint = await openCheckpoint(big, { source });
      file.close();
      assert.ok(checkpoint.externalFiles.length === 1 && read < 2e6, `${read} bytes`);
      const before = process.resourceUsage().fsRead;
      const overview = await service.overview({ model: big }, call());
      assert.ok(overview.weightBytes > 5e8, `overview.weightBytes: ${overview.weightBytes}`);
      const layer = overview.layers.toSorted((a, b) => b.parameters - a.parameters)[0]!;
      const page = { rowFrom: 9, rowCount: 4, columnFrom: 100, columnCount: 50 };
      const weights = await service.weights({ model: big, layer: layer.name, page }, call());
      assert.deepEqual(weights.page.values.dims, [4, 50]);
      assert.equal(weights.statistics, undefined);
      assert.ok(process.resourceUsage().fsRead - before < 1e5, `${process.resourceUsage().fsRead - before}`);
      const abort = new AbortController();
      const scanning = service.scanWeights(
        { model: big },
        call(() => abort.abort(), abort.signal),
      );
      await assert.rejects(scanning, CancelledError);
    });

    it('waits for a file that is being written', async () => {
      const growing = filePath(path.join(folder, 'growing.onnx'));
      const bytes = readFileSync(model);
      writeFileSync(growing, bytes.subarray(0, bytes.length / 3));
      const opened = service.overview({ model: growing }, call());
      setTimeout(() => writeFileSync(growing, bytes), 150);
      assert.equal((await opened).parameters, 269_722);
      truncateSync(growing, 1000);
      await assert.rejects(service.overview({ model: growing }, call()), /cut off|not a readable/);
    });
  });

  describe('graph', () => {
    it('is drawn closed by module, and opens', async () => {
      const structure = await service.graphView({ model }, call());
      const closed = visibleGraph(structure, new Set());
      assert.deepEqual(
        closed.nodes.filter((n) => n.kind === 'module').map((n) => n.label),
        ['layer1', 'layer2', 'layer3'],
      );
      assert.ok(closed.nodes.length < 20, `closed.nodes.length: ${closed.nodes.length}`);
      const layer1 = closed.nodes.find((n) => n.label === 'layer1')!;
      const opened = visibleGraph(structure, new Set(['layer1']));
      assert.ok(opened.nodes.some((n) => n.label === '0' || n.label.includes('.0')));
      assert.ok(!opened.nodes.some((n) => n.id === layer1.id));
      const all = visibleGraph(structure, new Set(structure.modules.map((m) => m.path)));
      assert.equal(all.nodes.length, structure.nodes.length);
      assert.equal(new Set(all.nodes.map((n) => n.id)).size, all.nodes.length);
      const ids = new Set(opened.nodes.map((n) => n.id));
      assert.ok(opened.edges.every((e) => ids.has(e.from) && ids.has(e.to) && e.from !== e.to));
      assert.equal(
        structure.nodes.reduce((sum, n) => sum + n.parameters, 0),
        structure.modules[0]!.parameters,
      );
      const deep = structure.nodes.findIndex((n) => n.module > 0 && structure.modules[n.module]!.path.includes('.'));
      const seen = visibleGraph(structure, new Set(modulesAround(structure, deep)));
      assert.ok(seen.nodes.some((n) => n.id === `n${deep}`));
    });

    it('carries shapes and costs when it was measured', async () => {
      const structure = await service.graphView({ model, provider, measured: true }, call());
      assert.deepEqual(structure.edges[0]!.shape, [1, 3, 32, 32]);
      const m = await service.measure({ model, provider }, call());
      assert.equal(structure.modules[0]!.flops, m.flops);
    });

    it('of swin_t with its thousands of nodes opens with few', async () => {
      const swin = filePath(path.join(folder, 'swin_t.onnx'));
      cpSync(dataPath('zoo/swin_t.onnx'), swin);
      const handle = openSync(path.join(folder, 'swin_t.weights.bin'), 'w');
      ftruncateSync(handle, 1 << 28);
      closeSync(handle);
      const structure = await service.graphView({ model: swin }, call());
      assert.ok(structure.nodes.length > 1000, String(structure.nodes.length));
      const closed = visibleGraph(structure, new Set());
      assert.ok(closed.nodes.length < 60, `${closed.nodes.length} nodes are visible`);
      const features = visibleGraph(structure, new Set(['features']));
      assert.ok(features.nodes.length < 120, `${features.nodes.length} nodes are visible`);
    });
  });

  describe('weights', () => {
    it('gives page, statistics and order by norm', async () => {
      const weights = await service.weights(
        { model, layer: 'conv1', page: { rowFrom: 0, rowCount: 5, columnFrom: 0, columnCount: 3, sort: 'norm' } },
        call(),
      );
      assert.deepEqual(
        [weights.shown.view, weights.channelOrder, weights.page.values.dims],
        ['rgb', 'RGB', [5, 3, 3, 3]],
      );
      const norms = [...weights.page.rows].map((r) => weights.statistics!.filterNorms[r]!);
      assert.deepEqual(norms, [...weights.statistics!.filterNorms].sort((a, b) => b - a).slice(0, 5));
      const rows = weights.page.values.data.subarray(0, 27);
      assertClose(Math.hypot(...rows), norms[0]!, { absolute: 1e-5 }, 'norm');
      await assert.rejects(service.weights({ model, layer: 'conv1', weight: 'x' }, call()), /no weight "x"/);
      await assert.rejects(service.weights({ model, layer: 'relu' }, call()), /holds no weights/);
    });

    it('compares the positions of a transformer', async () => {
      const weights = await service.weights({ model: modelPath('mnist_vit.onnx'), layer: 'pos_embed' }, call());
      const { values, prefix, grid } = weights.similarity!;
      const [tokens = 0] = weights.shown.shape;
      assert.deepEqual(values.dims, [tokens, tokens]);
      assert.equal(prefix + grid![0] * grid![1], tokens);
      for (let i = 0; i < tokens; i++)
        assertClose(values.data[i * tokens + i]!, 1, { absolute: 1e-6 }, `row ${i} with itself`);
    });

    it('puts the last layer in the plane, with names and neighbours', async () => {
      const config = filePath(path.join(folder, 'cifar.lens.json'));
      const labels = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
      writeFileSync(config, JSON.stringify({ labels }));
      const pca = await service.weightsPca({ model, config, components: 2 }, call());
      assert.deepEqual([pca.layer, pca.classes, pca.features, pca.coordinates.dims], ['linear', 10, 64, [10, 2]]);
      assert.deepEqual(pca.names, labels);
      assert.ok(
        pca.explained[0]! >= pca.explained[1]! && pca.explained[0]! + pca.explained[1]! < 1,
        `pca.explained[0]: ${pca.explained[0]!}, pca.explained[1]: ${pca.explained[1]!}, ${pca.explained[0]! + pca.explained[1]!}`,
      );
      const cat = await service.weightNeighbours({ model, config, index: 3, count: 3 }, call());
      assert.equal(cat.name, 'cat');
      assert.equal(cat.neighbours[0]!.name, 'dog');
      const squeeze = await service.weightsPca(
        { model: modelPath('squeezenet_v1.0_dc.onnx'), layer: 'fire2.squeeze' },
        call(),
      );
      assert.deepEqual([squeeze.classes, squeeze.features, squeeze.names[2]], [16, 96, 'row 2']);
      await assert.rejects(service.weightNeighbours({ model, index: 10 }, call()), /no row 10/);
    });
  });

  describe('activations', () => {
    it('are the references of a picture given as a tensor', async () => {
      const { writeNpy } = await import('../../../src/base/npy.js');
      const input = filePath(path.join(folder, 'input.npy'));
      writeFileSync(input, writeNpy(sample(reference('cifar_resnet20', 'input'), 2)));
      const page = { from: 0, count: 32 };
      const got = await service.activations({ model, provider, input, layer: 'layer2', page }, call());
      const want = sample(reference('cifar_resnet20', 'activation_layer2'), 2);
      assert.deepEqual(got.maps.dims, want.dims);
      assertClose(got.maps.data, want.data, { relative: 1e-4 }, 'maps');
      assert.equal(got.receptiveField!.local, true);
      const sorted = await service.activations(
        { model, provider, input, layer: 'layer2', page: { from: 1, count: 2, sort: 'max' } },
        call(),
      );
      const order = [...sorted.statistics.max.keys()].sort(
        (a, b) => sorted.statistics.max[b]! - sorted.statistics.max[a]!,
      );
      assert.deepEqual([...sorted.page], order.slice(1, 3));
    });

    it('find the pictures that excite a channel, and know those of the others then', async () => {
      const inputs = [dataPath('images/cifar10_test_jpg/cat'), dataPath('images/cifar10_test_jpg/ship')];
      const request = { model, provider, inputs, layer: 'layer1', channel: 3, count: 4 };
      const reports: { fraction?: number }[] = [];
      const top = await service.topPictures(
        request,
        call((r) => reports.push(r)),
      );
      assert.equal(top.pictures.length, 4);
      assert.equal(top.seen, 60);
      const values = top.pictures.map((p) => p.value);
      assert.deepEqual(
        values,
        values.toSorted((a, b) => b - a),
      );
      assert.equal(top.max, values[0]);
      assert.equal(top.maxima[3], values[0]);
      const [best] = top.pictures;
      const alone = await service.activations(
        { model, provider, input: filePath(best!.input), layer: 'layer1', page: { from: 3, count: 1 } },
        call(),
      );
      const [row, column] = best!.at;
      assertClose(alone.maps.data[row * 32 + column]!, best!.value, { relative: 1e-4 }, 'best value');
      const { left, top: y, width, height } = best!.field;
      assert.deepEqual([best!.patch.width, best!.patch.height], [width, height]);
      assert.deepEqual(
        [...best!.patch.data.subarray(0, 3)],
        [...alone.picture.data.subarray(3 * (y * 32 + left), 3 * (y * 32 + left) + 3)],
      );
      assert.deepEqual(best!.original, best!.field);
      const ran = reports.length;
      const other = await service.topPictures(
        { ...request, channel: 5 },
        call((r) => reports.push(r)),
      );
      assert.equal(reports.length, ran + 1, 'the folder was run again');
      assert.equal(other.max, other.maxima[5]);
      await assert.rejects(service.topPictures({ ...request, channel: 16 }, call()), /has no channel 16/);
    });

    it('stop when asked to, and go on without a picture that cannot be read', async () => {
      const abort = new AbortController();
      const inputs = [dataPath('images/cifar10_test_jpg')];
      const request = { model, provider, inputs, layer: 'layer3', channel: 0 };
      await assert.rejects(
        service.topPictures(
          request,
          call((r) => r.fraction !== undefined && abort.abort(), abort.signal),
        ),
        CancelledError,
      );
      const broken = filePath(path.join(folder, 'broken.png'));
      writeFileSync(broken, 'no picture');
      const some = [broken, dataPath('images/cifar10_test_jpg/cat/0000.jpg')];
      const top: TopPictures = await service.topPictures({ ...request, inputs: some }, call());
      assert.deepEqual([top.seen, top.failed.length], [1, 1]);
    });

    it('of a transformer lie on the picture', async () => {
      const { writeNpy } = await import('../../../src/base/npy.js');
      const input = filePath(path.join(folder, 'noise.npy'));
      const random = new Random(1);
      const noise = floatTensor(
        [3, 32, 32],
        Float32Array.from({ length: 3072 }, () => random.normal()),
      );
      writeFileSync(input, writeNpy(noise));
      const vit = modelPath('small_vit.onnx');
      const top = await service.topPictures(
        { model: vit, provider, inputs: [input], layer: 'blocks.0', channel: 1 },
        call(),
      );
      const { at, field } = top.pictures[0]!;
      assert.deepEqual(field, { left: at[1] * 8, top: at[0] * 8, width: 8, height: 8 });
      assert.equal(top.receptiveField!.local, false);
    });
  });
});
