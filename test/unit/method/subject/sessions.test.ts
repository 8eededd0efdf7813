import assert from 'node:assert/strict';
import { floatTensor, int64Tensor, type FloatTensor } from '../../../../src/base/tensor.js';
import { openCheckpoint } from '../../../../src/checkpoint/reader.js';
import { readTensor } from '../../../../src/checkpoint/readTensor.js';
import { buildGradient } from '../../../../src/gradient/sweep/engine.js';
import { buildGraph } from '../../../../src/graph/build/build.js';
import { makeNode, withWeights } from '../../../../src/graph/edits.js';
import { feedWeights } from '../../../../src/graph/rewrite/fedWeights.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { SubjectSessions } from '../../../../src/method/subject/sessions.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { sliceBatch } from '../../../../src/session/batches.js';
import { probeFacts } from '../../../../src/session/probe.js';
import type { ProviderName, Session, SessionOptions, Sessions } from '../../../../src/session/session.js';
import { sketch } from '../../graph/support.js';
import { jumpsWithinRounding } from '../../support/flips.js';
import { assertClose } from '../../support/close.js';
import { modelPath, reference, relativeError, requireData } from '../../support/data.js';

describe('sessions for few runs', () => {
  before(requireData);

  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  for (const model of ['small_cnn', 'cifar_resnet20'])
    it(`compute the same without rewriting, with the weights of ${model} fed`, async () => {
      const stored = buildGraph(await openCheckpoint(modelPath(`${model}.onnx`)));
      const weights = new Map(
        await Promise.all([...stored.weights].map(async ([name, w]) => [name, await readTensor(w)] as const)),
      );
      const graph = withWeights(stored, weights);
      const facts = await probeFacts(graph, sessions);
      const built = buildGradient(graph, facts, { score: { value: 'logits', seed: 'index' }, wrt: ['input'] });
      const fed = feedWeights(built.graph);
      assert.ok(Object.keys(fed.feeds).length >= 2, 'weights are fed');
      assert.equal(fed.graph.inputs.length, built.graph.inputs.length + Object.keys(fed.feeds).length);
      assert.ok(Object.keys(fed.feeds).every((name) => !fed.graph.weights.has(name)));
      const input = reference(model, 'input');
      const gradient = built.gradients.get('input')!;
      const [quick, whole] = await Promise.all(
        [false, true].map(async (optimised) => {
          const session = await sessions.open(built.graph, { optimised });
          const answer = async (x: FloatTensor): Promise<Float32Array> => {
            const target = int64Tensor([x.dims[0]!], Array<number>(x.dims[0]!).fill(3));
            return (await session.run({ input: x, [built.seed!]: target }, [gradient]))[gradient]!.data as Float32Array;
          };
          return { session, answer };
        }),
      );
      const flipped: number[] = [];
      for (let k = 0; k < input.dims[0]!; k++) {
        const one = sliceBatch(input, k, k + 1);
        const [asked, expected] = [await quick!.answer(one), await whole!.answer(one)];
        // Folded normalisations and other orders of summation round differently: by some 1e-7, but for a unit at zero.
        if (relativeError(asked, expected) < 1e-5) continue;
        flipped.push(k);
        const jump = await jumpsWithinRounding(whole!.answer, one);
        assertClose(asked, expected, { relative: jump }, `quick answer about input ${k}`);
      }
      assert.ok(flipped.length <= (model === 'cifar_resnet20' ? 1 : 0), `units at zero in ${flipped.join()}`);
      await Promise.all([quick!.session.dispose(), whole!.session.dispose()]);
    });

  /** Sessions that only say how they were opened. */
  function recorded(provider: ProviderName): { readonly sessions: Sessions; readonly opened: (boolean | undefined)[] } {
    const opened: (boolean | undefined)[] = [];
    const open = (_: unknown, { optimised }: Partial<SessionOptions> = {}): Promise<Session> => {
      opened.push(optimised);
      const report = { used: provider, refused: [] };
      return Promise.resolve({ provider: report, run: () => Promise.resolve({}), dispose: () => Promise.resolve() });
    };
    return { sessions: { open }, opened };
  }

  const light: Graph = sketch({ opset: 18, inputs: [], outputs: [], nodes: [] });

  async function openedBy(
    provider: ProviderName,
    runs: readonly number[],
    quickSamples?: number,
    graph = light,
  ): Promise<unknown[]> {
    const { sessions: made, opened } = recorded(provider);
    const used = new SubjectSessions(made, {
      cacheBytes: 2 ** 40,
      ...(quickSamples === undefined ? {} : { quickSamples }),
    });
    for (const samples of runs) await used.use({ key: 'k', graph, samples }, () => Promise.resolve(floatTensor([1])));
    await used.dispose();
    return opened;
  }

  it('give way to rewritten ones once they have answered their samples', async () => {
    assert.deepEqual(await openedBy('cpu', [1, 1, 1, 1], 2), [false, true]);
    assert.deepEqual(await openedBy('cpu', [8, 1], 2), [true]);
    assert.deepEqual(await openedBy('cpu', [1, 1]), [true]);
  });

  it('answer single samples of a network with one huge weight, always, unless it is quantised', async () => {
    const at = { kind: 'file', path: 'vgg.onnx', offset: 0, length: 4096 * 25088 * 4, encoding: 'raw' } as const;
    const weight = { name: 'fc', type: 'float32', dims: [4096, 25088], at } as const;
    const heavy: Graph = { ...light, weights: new Map([['fc', weight]]) };
    assert.deepEqual(await openedBy('cpu', [1, 8, 1, 2, 3], undefined, heavy), [false, true]);
    const quantised = { ...heavy, nodes: [makeNode('QuantizeLinear', 'q', ['x', 'scale'])] };
    assert.deepEqual(await openedBy('cpu', [1, 1], undefined, quantised), [true]);
  });

  it('are no different on a GPU, which has one form only', async () => {
    assert.deepEqual(await openedBy('webgpu', [8, 1, 1], 2), [true]);
    assert.deepEqual(await openedBy('webgpu', [1, 1, 8], 2), [false]);
  });
});
