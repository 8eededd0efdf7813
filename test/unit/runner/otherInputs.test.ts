import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { writeNpy } from '../../../src/base/npy.js';
import { Random } from '../../../src/base/random.js';
import {
  floatTensor,
  int64Tensor,
  sizeOf,
  toNumbers,
  type FloatTensor,
  type Tensor,
} from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import type { ExplainRequest } from '../../../src/protocol/attribution.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { RunnerService } from '../../../src/runner/service.js';
import { input, sketch } from '../graph/support.js';
import { call } from '../support/call.js';
import { assertClose } from '../support/close.js';
import { temporaryFolder } from '../support/temporary.js';

const random = new Random(11);
const normal = (...dims: number[]): FloatTensor =>
  floatTensor(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );

describe('inputs beside the one that is explained', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const folder = temporaryFolder();
  after(() => runner.dispose());

  let files = 0;
  const saved = (x: Tensor): FilePath => {
    const file = path.join(folder, `${files++}.npy`);
    writeFileSync(file, writeNpy(x));
    return filePath(file);
  };
  const written = async (name: string, graph: Graph): Promise<FilePath> => {
    const file = path.join(folder, `${name}.onnx`);
    await writeModelFile(graph, file);
    return filePath(file);
  };
  const explained = async (asked: Omit<ExplainRequest, 'method'> & { method?: string }): Promise<Explanation> => {
    const [outcome] = (await service.explain({ method: 'gradient', provider: 'cpu', ...asked }, call())).results;
    assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
    return outcome.result;
  };

  /** Score c of a picture is the sum of (picture · w) times the mean of `table` over the given numbers of tokens. */
  const table = normal(20, 1);
  const weight = normal(3 * 16 * 16, 4);
  const pairOf = (): Graph =>
    sketch({
      opset: 17,
      inputs: [
        { name: 'ids', type: 'int64', dims: ['texts', 'tokens'] },
        { name: 'mask', type: 'float32', dims: ['texts', 'tokens'] },
        input('picture', 'batch', 3, 16, 16),
      ],
      outputs: ['scores'],
      weights: [
        inMemory('table', table),
        inMemory('w', weight),
        inMemory('one', int64Tensor([1], [1])),
        inMemory('last', int64Tensor([1], [-1])),
      ],
      nodes: [
        makeNode('Gather', 'words', ['table', 'ids']),
        makeNode('Squeeze', 'flatWords', ['words', 'last']),
        makeNode('Mul', 'seen', ['flatWords', 'mask']),
        makeNode('ReduceSum', 'text', ['seen'], { keepdims: 0 }),
        makeNode('Flatten', 'flat', ['picture'], { axis: 1 }),
        makeNode('MatMul', 'features', ['flat', 'w']),
        makeNode('Mul', 'scores', ['features', 'text']),
      ],
    });

  it('are zeros, which is said with a way out that works, or what is given', async () => {
    const model = await written('pair', pairOf());
    const inputs = [saved(normal(3, 16, 16))];
    const zeros = await explained({ model, inputs, target: '1' });
    assertClose(zeros.value, 0, { absolute: 0 }, 'score of zeros');
    const said = zeros.warnings.filter((w) => w.includes('is fed with zeros'));
    assert.deepEqual(
      said.map((w) => /^The input "(\w+)"/.exec(w)?.[1]),
      ['ids', 'mask'],
    );
    assert.ok(said.every((w) => w.includes('--input') && w.includes('.lens.json')));
    // Five tokens bind the length of both.
    const given = {
      ids: saved(int64Tensor([1, 5], [3, 0, 7, 19, 3])),
      mask: saved(floatTensor([5], new Float32Array(5).fill(1))),
    };
    const with5 = await explained({ model, inputs, target: '1', otherInputs: given });
    assert.deepEqual(
      with5.warnings.filter((w) => /zeros|free/.test(w)),
      [],
    );
    const text = [3, 0, 7, 19, 3].reduce((sum, id) => sum + table.data[id]!, 0);
    const slopes = toNumbers(with5.attribution.values);
    assertClose(slopes[10]!, weight.data[10 * 4 + 1]! * text, { absolute: 1e-4 }, 'slope');
    // The same from the settings file: a list, and a file beside it.
    writeFileSync(path.join(folder, 'mask.npy'), writeNpy(floatTensor([1, 5], new Float32Array(5).fill(1))));
    writeFileSync(
      path.join(folder, 'pair.lens.json'),
      JSON.stringify({ inputs: { ids: [[3, 0, 7, 19, 3]], mask: 'mask.npy' } }),
    );
    const fromFile = await explained({ model, inputs, target: '1' });
    assertClose(fromFile.value, with5.value, { absolute: 1e-5 }, 'score');
    // A changed file is noticed.
    writeFileSync(path.join(folder, 'mask.npy'), writeNpy(floatTensor([1, 5])));
    assertClose((await explained({ model, inputs, target: '1' })).value, 0, { absolute: 0 }, 'score of zeros');
  });

  it('that do not exist or do not fit are refused with their names', async () => {
    const model = await written('refused', pairOf());
    const inputs = [saved(normal(3, 16, 16))];
    const ask = (otherInputs: Record<string, FilePath>): Promise<unknown> =>
      service.explain({ model, inputs, method: 'gradient', otherInputs }, call());
    await assert.rejects(
      ask({ idz: saved(int64Tensor([1, 2], [1, 2])) }),
      /no input "idz"; its other inputs are "ids", "mask"/,
    );
    await assert.rejects(ask({ picture: saved(normal(3, 16, 16)) }), /is the one that is explained/);
    await assert.rejects(ask({ ids: saved(int64Tensor([1, 2, 3], [1, 2, 3, 4, 5, 6])) }), /value for "ids" is 1×2×3/);
  });

  const tokens = (): Graph =>
    sketch({
      opset: 17,
      inputs: [{ name: 'input_ids', type: 'int64', dims: ['b', 's'] }],
      outputs: ['logits'],
      weights: [inMemory('table', table), inMemory('head', normal(1, 3)), inMemory('axis', int64Tensor([1], [1]))],
      nodes: [
        makeNode('Gather', 'words', ['table', 'input_ids']),
        makeNode('ReduceMean', 'mean', ['words'], { axes: [1], keepdims: 0 }),
        makeNode('MatMul', 'logits', ['mean', 'head']),
      ],
    });

  it('of several pictures, or that are none of their type, are refused in a sentence', async () => {
    const graph = pairOf();
    const shared = { ...graph, inputs: graph.inputs.map((i) => ({ ...i, dims: ['batch', ...i.dims!.slice(1)] })) };
    const model = await written('shared', shared);
    const inputs = [saved(normal(3, 16, 16))];
    const ask = (ids: Tensor): Promise<Explanation> =>
      explained({ model, inputs, target: '1', otherInputs: { ids: saved(ids) } });
    await assert.rejects(ask(int64Tensor([3, 2], [1, 2, 3, 4, 5, 6])), {
      code: 'input/shape',
      message: 'The value for "ids" is 3×2, but 1×2 is fed for each picture.',
    });
    for (const odd of [Infinity, Number.NaN, 1e30])
      await assert.rejects(ask(floatTensor([1, 2], Float32Array.of(odd, 1))), {
        code: 'input/other',
        message: /^The input "ids" takes int64, which cannot hold /,
      });
  });

  it('numbers of tokens are refused as a picture, and explained as a .npy by occlusion, as it says', async () => {
    const model = await written('tokens', tokens());
    const inspected = await service.inspect({ model, provider: 'cpu' }, call());
    assert.equal(inspected.differentiable.yes, false);
    assert.match(inspected.warnings.join(' '), /no gradient: .* occlusion/);
    const ids = saved(int64Tensor([1, 7], [1, 2, 3, 4, 5, 6, 7]));
    const { results } = await service.explain({ model, inputs: [ids], method: 'gradient' }, call());
    assert.ok('error' in results[0]! && /no gradient/.test(results[0].error.message));
    assert.match(results[0].error.hint ?? '', /occlusion/);
    const map = await explained({ model, inputs: [ids], method: 'occlusion', params: { patch: '1' }, target: '0' });
    assert.deepEqual(map.attribution.values.dims, [7]);
    // Token 3 becomes token 0: the mean moves by a seventh of the difference.
    const [third] = [toNumbers(map.attribution.values)[2]!];
    const head = toNumbers(
      (await explained({ model, inputs: [ids], method: 'occlusion', params: { patch: '1' }, target: '0' })).attribution
        .values,
    );
    const slope = head[0]! / (table.data[1]! - table.data[0]!);
    assertClose(third, slope * (table.data[3]! - table.data[0]!), { relative: 1e-3 }, 'third token');
  });

  describe('a fixed batch', () => {
    const batched = (held: boolean): Graph =>
      sketch({
        opset: 17,
        inputs: [input('x', 6, 3, 8, 8)],
        outputs: ['y'],
        weights: [
          inMemory('w', normal(4, 3, 3, 3)),
          inMemory('head', normal(4 * 6 * 6, 2)),
          inMemory('shape', int64Tensor([2], held ? [6, -1] : [-1, 144])),
        ],
        nodes: [
          makeNode('Conv', 'conv', ['x', 'w']),
          makeNode('Reshape', 'flat', ['conv', 'shape']),
          makeNode('MatMul', 'y', ['flat', 'head']),
        ],
      });

    for (const held of [false, true]) {
      it(held ? 'that the graph holds on to is said' : 'that nothing holds is made free', async () => {
        const model = await written(`batch-${held}`, batched(held));
        const x = normal(3, 8, 8);
        const found = await explained({ model, inputs: [saved(x)], target: '0' });
        assert.deepEqual(found.attribution.values.dims, [3, 8, 8]);
        assert.equal(
          found.warnings.some((w) => w.includes('6 inputs at a time')),
          held,
        );
        const moved = floatTensor([3, 8, 8], x.data.slice());
        moved.data[40]! += 1;
        const { value } = await explained({ model, inputs: [saved(moved)], target: '0' });
        assertClose(value - found.value, toNumbers(found.attribution.values)[40]!, { absolute: 1e-3 }, 'slope');
        const { batch } = await service.measure({ model, provider: 'cpu' }, call());
        assert.equal(batch, held ? 6 : 1);
      });
    }
  });

  it('free sizes bind to the .npy that is given', async () => {
    const model = await written(
      'free',
      sketch({
        opset: 17,
        inputs: [input('x', 'n', 3, 'h', 'w')],
        outputs: ['y'],
        weights: [inMemory('w', normal(4, 3, 3, 3))],
        nodes: [
          makeNode('Conv', 'conv', ['x', 'w']),
          makeNode('GlobalAveragePool', 'gap', ['conv']),
          makeNode('Flatten', 'y', ['gap']),
        ],
      }),
    );
    for (const [h, w] of [
      [20, 30],
      [11, 9],
    ] as const) {
      const found = await explained({ model, inputs: [saved(normal(1, 3, h, w))], target: '0' });
      assert.deepEqual(found.attribution.values.dims, [3, h, w]);
      assert.deepEqual(
        found.warnings.filter((warning) => warning.includes('224')),
        [],
      );
    }
  });
});
