import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import type { Call } from '../../../src/protocol/channel.js';
import { RunnerService } from '../../../src/runner/service.js';
import type { LayerWeights, WeightEntry } from '../../../src/result/weights.js';
import { assertClose } from '../support/close.js';
import { encodedModel, ENCODINGS } from '../support/encodedModels.js';
import { relativeError } from '../support/data.js';

const call = <P>(): Call<P> => ({ signal: new AbortController().signal, progress: () => undefined });
const ALL = { rowFrom: 0, rowCount: 1e4, columnFrom: 0, columnCount: 1e4 };

describe('runner, weights of float16, bfloat16 and quantised models', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  let folder: string;
  before(() => void (folder = mkdtempSync(path.join(tmpdir(), 'lens-encoded-'))));
  after(async () => {
    await runner.dispose();
    rmSync(folder, { recursive: true });
  });

  const shown = async (model: FilePath, layer: string, weight?: string): Promise<LayerWeights> =>
    service.weights({ model, layer, page: ALL, ...(weight === undefined ? {} : { weight }) }, call());

  for (const network of ['birds_cnn', 'birds_vit']) {
    const original = filePath(path.resolve('models/birds', `${network}.onnx`));
    for (const encoding of ENCODINGS) {
      it(`${network}, ${encoding}: the same layers and weights as in float32, dequantised and labelled`, async () => {
        const made = await encodedModel(buildGraph(await openCheckpoint(original)), encoding);
        const model = filePath(path.join(folder, `${network}_${encoding.replaceAll(' ', '_')}.onnx`));
        await writeModelFile(made.graph, model, { embed: true, keepMetadata: true });
        const [before, after] = [
          await service.overview({ model: original }, call()),
          await service.overview({ model }, call()),
        ];
        const named = (o: typeof before): string[] => o.layers.filter((l) => l.weights.length > 0).map((l) => l.name);
        assert.deepEqual(named(after), named(before));
        assert.equal(after.parameters, before.parameters);
        let encoded = 0;
        for (const layer of before.layers.filter((l) => l.weights.length > 0)) {
          const want = await shown(original, layer.name);
          const got = await shown(model, layer.name);
          const brief = ({ role, view, shape }: WeightEntry): string => `${role} ${view} ${shape.join('×')}`;
          assert.deepEqual(got.weights.map(brief), want.weights.map(brief), layer.name);
          for (const [i, entry] of got.weights.entries()) {
            const [a, b] = [
              await shown(original, layer.name, want.weights[i]!.name),
              await shown(model, layer.name, entry.name),
            ];
            const error = relativeError(b.page.values.data, a.page.values.data);
            assert.ok(error <= made.error, `${entry.name}: off by ${error}, not ${made.error}`);
            const [s, t] = [a.statistics!, b.statistics!];
            assertClose(
              s.l2,
              t.l2,
              { absolute: 2 * made.error * s.magnitude * Math.sqrt(s.count) },
              `${entry.name}: norm`,
            );
            assertClose(s.max, t.max, { absolute: made.error * s.magnitude }, `${entry.name}: max`);
            assertClose(s.min, t.min, { absolute: made.error * s.magnitude }, `${entry.name}: min`);
            assert.equal(
              t.histogram.counts.reduce((sum, n) => sum + n, 0),
              s.count,
            );
            assert.equal(
              entry.label === undefined,
              entry.type === 'float32',
              `${entry.name} ${entry.type}: ${entry.label}`,
            );
            if (entry.label === undefined) continue;
            encoded++;
            assert.match(
              entry.label,
              /^(b?float16|dequantised from (u?int(4|8|32)|4 bits)(, (one scale per channel|blocks of 16))?)$/,
            );
          }
        }
        // The products are the same; what is rounded and scaled between them is little beside.
        const [work, less] = [
          await service.measure({ model }, call()),
          await service.measure({ model: original }, call()),
        ];
        assertClose(work.flops, less.flops, { relative: 0.1 }, 'work');
        assert.ok(encoded > 0 || (encoding === 'nbits' && network === 'birds_cnn'), 'some weights are encoded');
      });
    }
  }
});
