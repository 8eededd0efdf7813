import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeNpy } from '../../../src/base/npy.js';
import { LensError, type ErrorData } from '../../../src/base/errors.js';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { writeModel } from '../../../src/checkpoint/writer.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import { RunnerService } from '../../../src/runner/service.js';
import type { Message } from '../../../src/checkpoint/message.js';
import { attribute, message, model, node, save, tensor, valueInfo } from '../checkpoint/craft.js';
import { call } from '../support/call.js';
import { dataPath, requireData } from '../support/data.js';
import { main } from '../../../src/cli/main.js';
import { temporaryFolder } from '../support/temporary.js';

const picture = (): FilePath => filePath(dataPath(PICTURE));
const PARAMS: Readonly<Record<string, Record<string, string | number>>> = {
  occlusion: { patch: '128', stride: '128' },
  integrated_gradients: { steps: 16 },
};
const PICTURE = 'images/photos/goldfish.jpg';

/** Files that claim, ask for or say too much: `cases/` of the test data, and larger ones of the same kinds made here. */
describe('hostile models', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const folder = temporaryFolder();
  after(() => runner.dispose());

  async function written(
    name: string,
    graph: Pick<Graph, 'inputs' | 'outputs' | 'nodes' | 'weights'>,
  ): Promise<FilePath> {
    const whole: Graph = { name: 'g', irVersion: 8, opset: 18, opsets: new Map(), metadata: new Map(), ...graph };
    const { bytes } = await writeModel(whole);
    const file = path.join(folder, `${name}.onnx`);
    writeFileSync(file, bytes);
    return filePath(file);
  }

  async function refusal(work: Promise<unknown>): Promise<LensError> {
    const error: unknown = await work.then(
      () => undefined,
      (e: unknown) => e,
    );
    assert.ok(error instanceof LensError, String(error));
    return error;
  }

  async function commandLine(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', ''];
    const signal = new AbortController().signal;
    const io = { out: (t: string) => void (out += t), err: (t: string) => void (err += t), terminal: false, signal };
    const code = await main(argv, io);
    return { code, out, err };
  }

  describe('of the test data', () => {
    before(requireData);
    const sample = (name: string): FilePath => filePath(dataPath(`cases/${name}.onnx`));

    it('10⁹ claimed classes open at once, in little memory', async () => {
      const before = process.memoryUsage().rss;
      const file = sample('classes_1000000000');
      const { labels } = await service.inspect({ model: file }, call());
      const named = (labels.names ?? []).length;
      assert.ok(named <= 100_000, String(named));
      await service.overview({ model: file }, call());
      const { results } = await service.predict({ model: file, inputs: [picture()] }, call());
      assert.ok(results[0] !== undefined && 'result' in results[0], JSON.stringify(results));
      const grown = process.memoryUsage().rss - before;
      assert.ok(grown < 400e6, String(grown));
      const { code } = await commandLine('predict', file, dataPath(PICTURE));
      assert.equal(code, 0);
    });

    it('a run that asks for gigabytes is refused with the number, or allowed where the limit is', async () => {
      const file = sample('resize_huge');
      const asked = { model: file, inputs: [picture()], memoryLimit: 2 };
      const error = await refusal(service.predict(asked, call()));
      assert.equal(error.code, 'session/memory-limit');
      assert.match(error.message, /12 GB .* 2\.0 GB .*"c" \(1×3×32000×32000\)/);
      assert.match(error.hint ?? '', /onnxLens\.memoryLimit/);
      process.env['ONNX_LENS_MEMORY_LIMIT'] = '2';
      try {
        const { code, err } = await commandLine('predict', file, dataPath(PICTURE));
        assert.equal(code, 3);
        assert.match(err, /12 GB/);
      } finally {
        delete process.env['ONNX_LENS_MEMORY_LIMIT'];
      }
    });

    it("the runtime's refusal: the reason stands first in our words, the original whole below", async () => {
      const asked = { model: sample('long_refusal'), inputs: [picture()] };
      const error = await refusal(service.predict(asked, call()));
      assert.match(
        error.message,
        /^The node "\/blocks\/blocks\.1\/attn\/Concat_1" \(Identity\) has 3 inputs, but Identity takes 1\.$/,
      );
      assert.match((error.cause as Error).message, /has input size 3 not in range \[min=1, max=1\]/);
      const { code, err } = await commandLine('predict', asked.model, dataPath(PICTURE));
      assert.equal(code, 3);
      assert.match(err, /Concat_1" \(Identity\) has 3 inputs/);
    });

    it('an output that is an initialiser: one sentence at most', async () => {
      const { code, err } = await commandLine('inspect', sample('output_is_initialiser'));
      assert.equal(code, 0, err);
      const predicted = await commandLine('predict', sample('output_is_initialiser'), dataPath(PICTURE));
      assert.doesNotMatch(predicted.err, /\n\s+at /);
      assert.ok(predicted.err.split('\n').filter((line) => line.startsWith('error')).length <= 1, predicted.err);
    });

    it('a link to a command in a name stays text', async () => {
      const { code, err } = await commandLine('inspect', sample('command_link'));
      assert.equal(code, 2);
      assert.match(err, /\[Repair the model\]/);
    });
  });

  const float = (name: string, dims: readonly number[]): Graph['inputs'][number] => ({ name, type: 'float32', dims });

  it('20,000 outputs are described, and the one that is asked for is run', async () => {
    const count = 20_000;
    const names = Array.from({ length: count }, (_, i) => `y${i}`);
    const model = await written('outputs', {
      inputs: [float('x', [1, 4])],
      outputs: names.map((name) => float(name, [1, 4])),
      nodes: names.map((name, i) => makeNode(i === count - 1 ? 'Neg' : 'Relu', name, ['x'])),
      weights: new Map(),
    });
    const input = filePath(path.join(folder, 'four.npy'));
    writeFileSync(input, writeNpy(floatTensor([1, 4], Float32Array.of(1, 2, 3, 4))));
    const found = await service.inspect({ model }, call());
    assert.equal(found.outputs.length, count);
    assert.match(found.warnings.join(), /20000 outputs/);
    await service.overview({ model }, call());
    const outputs = { y19999: { kind: 'regression' } } as const;
    const asked = { model, inputs: [input], output: 'y19999', outputs };
    const { results, warnings } = await service.predict(asked, call());
    assert.ok(results[0] !== undefined && 'result' in results[0], JSON.stringify(results));
    assert.deepEqual(results[0].result.values, [-1, -2, -3, -4]);
    assert.match(warnings.join(), /choose another by its name/);
    const explained = await service.explain({ ...asked, method: 'gradient', target: '2' }, call());
    assert.ok(
      explained.results[0] !== undefined && 'result' in explained.results[0],
      JSON.stringify(explained.results),
    );
  });

  it('200,000 initialisers are described', async function () {
    this.timeout(300_000);
    const count = 200_000;
    const weight = inMemory('w', { type: 'float32', dims: [1], data: Float32Array.of(1) });
    const weights = new Map(Array.from({ length: count }, (_, i) => [`w${i}`, { ...weight, name: `w${i}` }]));
    const file = await written('weights', {
      inputs: [float('x', [1, 3, 8, 8])],
      outputs: [float('y', [1, 3, 8, 8])],
      nodes: [makeNode('Add', 'y', ['x', 'w0'])],
      weights,
    });
    const found = await service.overview({ model: file }, call());
    assert.equal(found.weights.length, count);
    // Those that nothing reads are no part of what is run.
    const { warnings } = await service.inspect({ model: file }, call());
    assert.doesNotMatch(warnings.join(), /could not be run/);
  });

  it('a gradient that takes more than the run itself is held to the limit, and its batch is made smaller first', async () => {
    const nodes = Array.from({ length: 40 }, (_, i) => makeNode('Sin', `s${i}`, [i === 0 ? 'x' : `s${i - 1}`]));
    const model = await written('deep', {
      inputs: [{ ...float('x', []), dims: ['n', 1, 256, 256] }],
      outputs: [{ ...float('y', []), dims: ['n', 1] }],
      nodes: [...nodes, makeNode('GlobalAveragePool', 'p', ['s39']), makeNode('Flatten', 'y', ['p'])],
      weights: new Map(),
    });
    const input = filePath(path.join(folder, 'wide.npy'));
    writeFileSync(input, writeNpy(floatTensor([1, 1, 256, 256])));
    const asked = {
      model,
      inputs: [input],
      provider: 'cpu',
      outputs: { y: { kind: 'regression' } },
      target: '0',
    } as const;
    const outcome = async (memoryLimit: number, method: string): Promise<ErrorData | undefined> => {
      const answer = await service.explain({ ...asked, memoryLimit, method, params: PARAMS[method] ?? {} }, call());
      const [first] = answer.results;
      return first !== undefined && 'error' in first ? first.error : undefined;
    };
    // One sample is 0.26 MB in each of 41 values, of which a run holds two at once.
    assert.equal(await outcome(0.004, 'occlusion'), undefined);
    const error = await outcome(0.004, 'gradient');
    assert.equal(error?.code, 'session/memory-limit');
    assert.match(error?.message ?? '', /^The gradient of the model would take (at least )?\d+ MB/);
    // Room for one or two at a time, not for all steps at once.
    assert.equal(await outcome(0.06, 'integrated_gradients'), undefined);
  });

  it('a Loop that constants let run on and on is refused before it is begun, and a while is not', async () => {
    const looping = (trips: bigint, ends: 'never' | 'at once'): FilePath => {
      const inner = (g: Message): void => {
        if (ends === 'never') g.message(1, node('Identity', ['go_in'], ['go_out']));
        else g.message(1, node('Not', ['go_in'], ['go_out']));
        g.message(1, node('Add', ['v_in', 'v_in'], ['v_out']));
        g.text(2, 'body');
        for (const each of [valueInfo('i', [], 7), valueInfo('go_in', [], 9), valueInfo('v_in')]) g.message(11, each);
        for (const each of [valueInfo('go_out', [], 9), valueInfo('v_out')]) g.message(12, each);
      };
      const body = attribute('body', 5, (a) => a.message(6, message(inner)));
      const bytes = model({
        initializers: [tensor('trips', 7, [], (m) => m.ints(7, [trips])), tensor('yes', 9, [], (m) => m.ints(5, [1]))],
        graph: (g) => {
          g.message(
            1,
            node('Loop', ['trips', 'yes', 'y'], ['l'], (n) => n.message(5, body)),
          );
          g.message(12, valueInfo('l'));
        },
      });
      return filePath(save(bytes, folder, `loop-${trips}-${ends.replace(' ', '-')}.onnx`));
    };
    const most = 2n ** 63n - 1n;
    const error = await refusal(service.measure({ model: looping(most, 'never') }, call()));
    assert.equal(error.code, 'session/endless');
    assert.match(error.message, /^The Loop "Loop_l" would run its body 9,223,372,036,854,776,000 times/);
    for (const file of [looping(most, 'at once'), looping(3000n, 'never')])
      assert.equal((await service.measure({ model: file }, call())).batch, 1);
  });

  it('scores that are minus infinity altogether are refused: no probability can be made of them', async () => {
    const minus = { type: 'float32' as const, dims: [2], data: Float32Array.of(-Infinity, -Infinity) };
    const flat = { type: 'float32' as const, dims: [192, 2], data: new Float32Array(384) };
    const file = await written('minus', {
      inputs: [float('x', [1, 3, 8, 8])],
      outputs: [float('y', [1, 2])],
      nodes: [
        makeNode('Flatten', 'f', ['x']),
        makeNode('Gemm', 'z', ['f', 'w', 'b']),
        makeNode('Softmax', 'y', ['z'], { axis: 1 }),
      ],
      weights: new Map([
        ['w', inMemory('w', flat)],
        ['b', inMemory('b', minus)],
      ]),
    });
    const picture = path.join(folder, 'minus.npy');
    writeFileSync(picture, writeNpy({ type: 'float32', dims: [1, 3, 8, 8], data: new Float32Array(192) }));
    const { results } = await service.predict({ model: file, inputs: [filePath(picture)] }, call());
    assert.ok(results[0] !== undefined && 'error' in results[0], JSON.stringify(results));
    assert.match(results[0].error.message, /minus infinity for every score/);
  });

  it('a value that is doubled until no number holds its size is refused before it is made', async () => {
    const nodes = Array.from({ length: 200 }, (_, i) =>
      makeNode('Concat', `d${i}`, [i === 0 ? 'x' : `d${i - 1}`, i === 0 ? 'x' : `d${i - 1}`], { axis: 1 }),
    );
    const file = await written('doubled', {
      inputs: [float('x', [1, 3, 8, 8])],
      outputs: [{ name: 'd199' }],
      nodes,
      weights: new Map(),
    });
    const error = await refusal(service.predict({ model: file, inputs: [] }, call()));
    assert.equal(error.code, 'session/memory-limit');
  });

  it('a huge value in the middle of a graph is refused before it is made', async () => {
    const shape = inMemory('s', { type: 'int64', dims: [4], data: BigInt64Array.of(1n, 3n, 60_000n, 60_000n) });
    const file = await written('expand', {
      inputs: [float('x', [1, 3, 1, 1])],
      outputs: [float('y', [1, 3, 1, 1])],
      nodes: [makeNode('Expand', 'e', ['x', 's']), makeNode('GlobalAveragePool', 'y', ['e'])],
      weights: new Map([['s', shape]]),
    });
    const error = await refusal(service.predict({ model: file, inputs: [] }, call()));
    assert.match(error.message, /43 GB|allowed/);
    assert.equal(error.code satisfies ErrorData['code'], 'session/memory-limit');
  });
});
