import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { writeStart, writeTrained } from '../../../models/birds/nets/file.js';
import { residualNet } from '../../../models/birds/nets/residual.js';
import { visionTransformer } from '../../../models/birds/nets/transformer.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor, sizeOf } from '../../../src/base/tensor.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { writeModel, writeModelFile } from '../../../src/checkpoint/writer.js';
import { findAttention } from '../../../src/graph/attention/find.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import type { Graph } from '../../../src/graph/graph.js';
import { layersOf } from '../../../src/graph/layers/layers.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { parameterCount } from '../../../src/graph/layers/parameters.js';
import { inMemory } from '../../../src/graph/values.js';
import { probeFacts } from '../../../src/session/probe.js';
import { encodedModel } from '../support/encodedModels.js';
import { temporaryFolder } from '../support/temporary.js';

const small = residualNet({ classes: 8, blocks: 3, widths: [16, 32, 48], size: 64 });
const large = residualNet({ classes: 8, blocks: 9, widths: [16, 32, 48], size: 64 });
const transformer = visionTransformer({ classes: 8, dim: 64, depth: 4, heads: 4, patch: 4, size: 56 });

const count = (graph: Graph): number =>
  [...graph.weights].reduce(
    (sum, [name, w]) =>
      sum + (w.type === 'float32' && !name.includes('.running_') && w.dims.length > 0 ? sizeOf(w.dims) : 0),
    0,
  );

describe('models/birds: the networks before they are trained', () => {
  for (const [name, graph] of Object.entries({ small, large, transformer })) {
    it(`${name} runs on any number of pictures`, async () => {
      const { bytes } = await writeModel(graph, { embed: true });
      const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
      const [, channels, height, width] = graph.inputs[0]!.dims as readonly [string, number, number, number];
      for (const pictures of [1, 3]) {
        const x = new Float32Array(pictures * channels * height * width).fill(0.5);
        const { logits } = await session.run({
          image: new ort.Tensor('float32', x, [pictures, channels, height, width]),
        });
        assert.deepEqual(logits!.dims, [pictures, 8]);
      }
      await session.release();
    });

    it(`${name} tells the line of net.py for each of its layers, through every module`, () => {
      const source = readFileSync('models/birds/net.py', 'utf8').split('\n');
      for (const { metadata, name: node } of graph.nodes) {
        const frames = [
          ...metadata
            .get('pkg.torch.onnx.stack_trace')!
            .matchAll(/File "models\/birds\/net\.py", line (\d+), in forward\n +(.+)/g),
        ];
        assert.ok(frames.length > 0, `${node} has no frame`);
        for (const [, line, code] of frames) assert.equal(source[Number(line) - 1]!.trim(), code, node);
      }
    });
  }

  it('are 20 and 56 layers deep, and have the parameters of the twins in net.py', () => {
    const depth = (graph: Graph): number =>
      graph.nodes.filter(({ op, inputs }) => op === 'Gemm' || (op === 'Conv' && !inputs[1]!.includes('shortcut')))
        .length;
    assert.deepEqual([depth(small), depth(large)], [20, 56]);
    // sum(p.numel() for p in net.parameters())
    assert.deepEqual([small, large, transformer].map(count), [188_152, 577_528, 183_368]);
  });

  it('have as many parameters where everything is stored in bfloat16, and in float16', async () => {
    for (const encoding of ['bfloat16', 'float16'] as const)
      assert.equal(parameterCount((await encodedModel(small, encoding)).graph), count(small), encoding);
  });

  it('name their layers after the modules', () => {
    const names = layersOf(small).map((layer) => layer.name);
    for (const name of ['stem', 'stem_bn', 'stage1.0.conv1', 'stage2.0.shortcut.0', 'stage3.2.bn2', 'head'])
      assert.ok(names.includes(name), `${name} is not among ${names.join(', ')}`);
  });

  it('show their attention: four layers of four heads over 14×14 patches and a class token', async () => {
    const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
    const { sites, unclaimed } = findAttention(transformer, await probeFacts(transformer, sessions));
    await sessions.dispose();
    assert.deepEqual(unclaimed, []);
    assert.deepEqual(
      sites.map(({ kind, scope, heads, queries, keys }) => ({ kind, scope, heads, queries, keys })),
      [0, 1, 2, 3].map((i) => ({ kind: 'tokens', scope: `layers.${i}.attn`, heads: 4, queries: 197, keys: 197 })),
    );
  });

  it('are written with the weights of a trained file, as they were written down and with nothing else of it', async () => {
    const folder = temporaryFolder();
    const net = { kind: 'residual', classes: 8, blocks: 1, widths: [16, 16, 16], size: 16 } as const;
    const graph = residualNet(net);
    const random = new Random(3);
    const weights = new Map(
      [...graph.weights].map(([name, { type, dims }]) => {
        const drawn = floatTensor(
          dims,
          Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
        );
        return [name, type === 'float32' ? inMemory(name, drawn) : graph.weights.get(name)!] as const;
      }),
    );
    const [trained, out, again, start] = ['trained', 'out', 'again', 'start'].map((n) =>
      path.join(folder, `${n}.onnx`),
    );
    const metadata = new Map([['trained at', '/home/somebody']]);
    await writeModelFile({ ...graph, weights, metadata }, trained!, { embed: true, keepMetadata: true });
    await writeTrained(net, trained!, out!);
    await writeTrained(net, trained!, again!);
    assert.deepEqual(readFileSync(out!), readFileSync(again!));
    assert.doesNotMatch(readFileSync(out!, 'latin1'), /somebody/);
    const made = await openCheckpoint(out!);
    for (const stored of made.graph.initializers) {
      if (stored.type !== 'float32') continue;
      assert.deepEqual(
        (await readTensor(stored)).data,
        (await readTensor(weights.get(stored.name)!)).data,
        stored.name,
      );
    }
    assert.equal(made.graph.nodes.length, graph.nodes.length);

    assert.equal(await writeStart(net, start!), count(graph));
    await assert.rejects(
      writeTrained({ ...net, blocks: 2 }, trained!, out!),
      /has no weight "stage1\.1\.conv1\.weight"/,
    );
  });
});
