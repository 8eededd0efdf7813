import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeNpy } from '../../../src/base/npy.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor, sizeOf, type FloatTensor, type Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { ints } from '../gradient/check.js';
import { runCli, type Ran } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

/** What the command line says to models and inputs that it cannot serve: one sentence, what to do, the exit code. */

const random = new Random(3);
const noise = (...dims: number[]): FloatTensor =>
  floatTensor(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );

const conv = makeNode('Conv', 'features', ['x', 'stem.weight'], { pads: [1, 1, 1, 1] });
const head = (from: string): GraphNode[] => [
  makeNode('GlobalAveragePool', 'pooled', [from]),
  makeNode('Flatten', 'flat', ['pooled']),
  makeNode('MatMul', 'logits', ['flat', 'head.weight']),
];
const foreign = (op: string, inputs: readonly string[], output: string, domain: string): GraphNode => ({
  ...makeNode(op, output, inputs),
  domain,
});

interface Net {
  readonly nodes: readonly GraphNode[];
  readonly dims?: readonly (number | string)[];
  readonly weights?: Readonly<Record<string, Tensor>>;
  readonly output?: string;
}

const NETS: Readonly<Record<string, Net>> = {
  whole: {
    nodes: [
      conv,
      makeNode('Cast', 'rounded', ['features'], { to: 6 }),
      makeNode('Mul', 'doubled', ['rounded', 'two']),
      makeNode('Cast', 'real', ['doubled'], { to: 1 }),
      ...head('real'),
    ],
    weights: { two: ints([2], [], 'int32') },
  },
  besides: {
    nodes: [
      conv,
      makeNode('Cast', 'rounded', ['features'], { to: 6 }),
      makeNode('Cast', 'real', ['rounded'], { to: 1 }),
      makeNode('Add', 'both', ['real', 'features']),
      ...head('both'),
    ],
  },
  outside: {
    nodes: [
      conv,
      makeNode('GlobalAveragePool', 'pooled', ['features']),
      makeNode('Flatten', 'flat', ['pooled']),
      foreign('CDist', ['flat', 'prototypes.weight'], 'logits', 'com.microsoft'),
    ],
    weights: { 'prototypes.weight': noise(5, 4) },
  },
  custom: { nodes: [conv, foreign('MyOp', ['features'], 'mine', 'acme'), ...head('mine')] },
  blocked: {
    nodes: [conv, foreign('ReorderOutput', ['features'], 'turned', 'com.microsoft.nchwc'), ...head('turned')],
  },
  nan: { nodes: [conv, makeNode('Sqrt', 'root', ['features']), ...head('root')] },
  absurd: { nodes: [conv, ...head('features')], dims: [1, 3, 2 ** 20, 2 ** 20] },
  index: {
    nodes: [conv, ...head('features'), makeNode('ArgMax', 'best', ['logits'], { axis: 1 })],
    output: 'best',
  },
  fine: { nodes: [conv, ...head('features')] },
  odd: { nodes: [conv, ...head('features')], dims: ['batch size/∂', 3, 16, 16] },
  eight: { nodes: [conv, ...head('features')], dims: [8, 3, 16, 16] },
};

describe('cli: what cannot be served', () => {
  const folder = temporaryFolder();
  let input: string;
  before(async () => {
    for (const [name, { nodes, dims = ['N', 3, 16, 16], weights = {}, output = 'logits' }] of Object.entries(NETS)) {
      const used = new Set(nodes.flatMap((n) => n.inputs));
      const all = { 'stem.weight': noise(4, 3, 3, 3), 'head.weight': noise(4, 5), ...weights };
      const graph: Graph = {
        name,
        irVersion: 8,
        opset: 18,
        opsets: new Map(nodes.filter((n) => n.domain !== '').map((n) => [n.domain, 1])),
        nodes,
        metadata: new Map(),
        inputs: [{ name: 'x', type: 'float32', dims }],
        outputs: [{ name: output }],
        weights: new Map(
          Object.entries(all)
            .filter(([k]) => used.has(k))
            .map(([k, t]) => [k, inMemory(k, t)]),
        ),
      };
      await writeModelFile(graph, at(`${name}.onnx`));
    }
    input = at('input.npy');
    writeFileSync(input, writeNpy(noise(3, 16, 16)));
  });

  const at = (name: string): string => path.join(folder, name);

  async function run(...argv: string[]): Promise<Ran & { readonly sentence: string }> {
    const ran = await runCli(...argv);
    return { ...ran, sentence: ran.err.split('\n').find((line) => line.startsWith('error:')) ?? '' };
  }

  const gradient = (name: string): ReturnType<typeof run> =>
    run('gradient', at(`${name}.onnx`), '--out', at(`${name}.gradient.onnx`));
  const occlude = (name: string, file = input): ReturnType<typeof run> =>
    run('explain', at(`${name}.onnx`), file, '--method', 'occlusion', '--param', 'patch=8', '--out', at(`${name}-map`));

  async function differentiable(name: string): Promise<{ yes: boolean; refused: { op: string; layer: string }[] }> {
    const { code, out, err } = await run('inspect', at(`${name}.onnx`), '--json');
    assert.equal(code, 0, err);
    return (JSON.parse(out) as { differentiable: never }).differentiable;
  }

  it('an integer path: the node at which it ends, and the black box still works', async () => {
    const { code, sentence } = await gradient('whole');
    assert.equal(code, 3);
    assert.match(
      sentence,
      /^error: No gradient passes through Cast \(node "[^"]+"\): it gives out whole numbers or steps/,
    );
    assert.match(sentence, /such as occlusion, still work\.$/);
    assert.ok(!existsSync(at('whole.gradient.onnx')));
    const found = await differentiable('whole');
    assert.deepEqual([found.yes, found.refused.map((r) => r.op)], [false, ['Cast']]);
    const explained = await run('explain', at('whole.onnx'), input, '--method', 'gradient', '--out', at('g'), '--json');
    assert.equal(explained.code, 3);
    assert.equal((await occlude('whole')).code, 0);
    assert.ok(readdirSync(at('whole-map')).some((file) => file.endsWith('.npy')));
  });

  it('a branch of whole numbers beside a real one is no obstacle', async () => {
    assert.equal((await differentiable('besides')).yes, true);
    assert.equal((await gradient('besides')).code, 0);
  });

  it('an operator outside the table: node, layer, operator and domain, and the black box still works', async () => {
    const { code, sentence } = await gradient('outside');
    assert.equal(code, 3);
    assert.match(sentence, /com\.microsoft\.CDist \(node "[^"]+" of layer "prototypes"\): it belongs to the domain/);
    const found = await differentiable('outside');
    assert.deepEqual([found.yes, found.refused.map((r) => r.layer)], [false, ['prototypes']]);
    assert.equal((await occlude('outside')).code, 0);
  });

  it('a custom domain that the runtime does not have: which operator, where', async () => {
    for (const ran of [await gradient('custom'), await occlude('custom')]) {
      assert.equal(ran.code, 3);
      assert.match(
        ran.sentence,
        /cannot run the operator acme\.MyOp \(node "[^"]+"\), which belongs to the domain "acme"/,
      );
    }
    const found = await differentiable('custom');
    assert.deepEqual([found.yes, found.refused.map((r) => r.op)], [false, ['acme.MyOp']]);
  });

  it('a layout for one kind of processor: what to save instead', async () => {
    const { yes, refused } = await differentiable('blocked');
    assert.equal(yes, false);
    assert.match(JSON.stringify(refused), /ORT_ENABLE_EXTENDED/);
  });

  it('scores that are no numbers, of the input or of the model', async () => {
    for (const ran of [await run('predict', at('nan.onnx'), input), await occlude('nan')]) {
      assert.equal(ran.code, 2);
      assert.match(ran.sentence, /scores that are not numbers \(NaN\)/);
    }
    const broken = at('broken.npy');
    writeFileSync(broken, writeNpy(floatTensor([3, 16, 16], new Float32Array(768).fill(NaN))));
    const { code, sentence } = await run('predict', at('fine.onnx'), broken, input);
    assert.equal(code, 2);
    assert.match(sentence, /broken\.npy: The input holds values that are not finite numbers/);
  });

  it('an input larger than any memory', async () => {
    const absurd = await gradient('absurd');
    assert.equal(absurd.code, 3);
    assert.match(absurd.sentence, /The input "x" is 1×3×1048576×1048576, which is more than can be held in memory/);
    assert.match((await run('inspect', at('absurd.onnx'))).err, /could not be run to learn its shapes/);
    // The scores before the index of the best are in the graph: those are read.
    assert.equal((await gradient('index')).code, 0);
  });

  it('a place that cannot be written to', async () => {
    for (const out of [path.join(input, 'far', 'g.onnx'), at('fine.onnx')]) {
      const { code, sentence } = await run('gradient', at('fine.onnx'), '--out', out, '--embed');
      assert.equal(code, 2);
      assert.match(sentence, /part of its path is a file|must not overwrite the model/);
    }
    assert.deepEqual(
      readdirSync(folder).filter((file) => file.endsWith('.part')),
      [],
    );
  });

  it('takes odd names and a fixed batch as they are', async () => {
    for (const name of ['odd', 'eight']) {
      assert.equal((await gradient(name)).code, 0);
      const out = at(`${name}-maps.npy`);
      const both = [input, input, input];
      const { code, err } = await run('explain', at(`${name}.onnx`), ...both, '--method', 'gradient', '--out', out);
      assert.equal(code, 0, err);
    }
  });
});
