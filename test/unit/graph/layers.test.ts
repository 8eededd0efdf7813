import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { LensError } from '../../../src/base/errors.js';
import { makeNode } from '../../../src/graph/edits.js';
import { blocksOf, findLayer } from '../../../src/graph/layers/findLayer.js';
import type { GraphNode } from '../../../src/graph/graph.js';
import type { Layer } from '../../../src/graph/layers/layer.js';
import { layersOf } from '../../../src/graph/layers/layers.js';
import { ownerOf } from '../../../src/graph/layers/owners.js';
import { parameterCount } from '../../../src/graph/layers/parameters.js';
import { parsePythonStrings } from '../../../src/graph/layers/pythonRepr.js';
import { framesOf, sourceOf } from '../../../src/graph/layers/source.js';
import { closest } from '../../../src/base/suggest.js';
import { input, load, sketch, weight } from './support.js';
import { DATA, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

describe('names of weights', () => {
  for (const [name, owner] of [
    ['layer1.0.conv1.weight', 'layer1.0.conv1'],
    ['layer1.0.conv1.weight_bias', 'layer1.0.conv1'],
    ['bn.running_var', 'bn'],
    ['encoder.attn.in_proj_weight', 'encoder.attn.in_proj'],
    ['features.1.0.layer_scale', 'features.1.0.layer_scale'],
    ['cls_token', 'cls_token'],
    ['pos_embed', 'pos_embed'],
    ['conv1_w_0', 'conv1'],
    ['resnetv17_conv0_weight', 'resnetv17_conv0'],
    ['StatefulPartitionedCall/resnet50/conv1_conv/Conv2D/ReadVariableOp:0', 'resnet50/conv1_conv'],
    ['model/dense/kernel:0', 'model/dense'],
    ['onnx::Conv_193', undefined],
    ['193', undefined],
    ['val_13', undefined],
    ['Parameter5', undefined],
    ['/attn/Transpose_output_0', undefined],
    ['weight', undefined],
    ['W1', undefined],
    ['', undefined],
  ] as const) {
    it(`"${name}" belongs to ${owner ?? 'nobody'}`, () => assert.equal(ownerOf(name), owner));
  }
});

const names = (layers: readonly Layer[]): string[] => layers.map((l) => l.name);

describe('layers', () => {
  it('take in the bias that an Add gives, and keep names apart', () => {
    const w = (name: string, ...dims: number[]) =>
      weight(name, dims, new Float32Array(dims.reduce((a, b) => a * b, 1)));
    const g = sketch({
      opset: 18,
      inputs: [input('x', 1, 4)],
      outputs: ['y'],
      weights: [
        w('onnx::MatMul_1', 4, 8),
        w('fc1.bias', 8),
        w('fc2.weight', 8, 8),
        w('fc2.bias', 8),
        w('norm.weight', 8),
        w('norm.bias', 8),
        w('tied', 8),
      ],
      nodes: [
        makeNode('MatMul', '/fc1/MatMul', ['x', 'onnx::MatMul_1'], {}, ['a']),
        makeNode('Add', '/fc1/Add', ['fc1.bias', 'a'], {}, ['b']),
        makeNode('Relu', '/relu/Relu', ['b'], {}, ['c']),
        makeNode('Gemm', '/fc2/Gemm', ['c', 'fc2.weight', 'fc2.bias'], {}, ['d']),
        makeNode('Relu', '/relu_1/Relu', ['d'], {}, ['e']),
        makeNode('Mul', '/norm/Mul', ['e', 'norm.weight'], {}, ['f']),
        makeNode('Add', '/norm/Add', ['f', 'norm.bias'], {}, ['h']),
        makeNode('Add', '/Add', ['h', 'c'], {}, ['r']),
        makeNode('Relu', '/relu/Relu_again', ['r'], {}, ['y']),
      ],
    });
    const layers = layersOf(g);
    assert.deepEqual(
      layers.map((l) => [l.name, l.op, l.node, l.output, l.parameters]),
      [
        ['fc1', 'MatMul', '/fc1/MatMul', 'b', 40],
        ['relu', 'Relu', '/relu/Relu', 'c', 0],
        ['fc2', 'Gemm', '/fc2/Gemm', 'd', 72],
        ['relu_1', 'Relu', '/relu_1/Relu', 'e', 0],
        ['norm', 'Mul', '/norm/Mul', 'h', 16],
        ['relu_2', 'Relu', '/relu/Relu_again', 'y', 0],
      ],
    );
    assert.deepEqual(layers[0]!.weights, ['onnx::MatMul_1', 'fc1.bias']);
  });

  it('are found by name, module, node or value, and near misses are suggested', () => {
    const w = weight('w', [2, 2, 1, 1], [1, 2, 3, 4]);
    const g = sketch({
      opset: 18,
      inputs: [input('x', 1, 2, 4, 4)],
      outputs: ['y'],
      weights: [
        { ...w, name: 'block.conv.weight' },
        { ...w, name: 'head.weight' },
      ],
      nodes: [
        makeNode('Conv', '/block/conv/Conv', ['x', 'block.conv.weight'], {}, ['a']),
        makeNode('Relu', '/block/relu/Relu', ['a'], {}, ['b']),
        makeNode('Add', '/block/Add', ['b', 'x'], {}, ['c']),
        makeNode('Conv', '/head/Conv', ['c', 'head.weight'], {}, ['y']),
      ],
    });
    const layers = layersOf(g);
    assert.deepEqual(names(layers), ['block.conv', 'block.relu', 'head']);
    assert.deepEqual(layers[0]!.scope, ['block']);
    assert.equal(findLayer(layers, 'block.conv').output, 'a');
    assert.equal(findLayer(layers, '/block/relu/Relu').name, 'block.relu');
    assert.equal(findLayer(layers, 'block', g).output, 'c');
    assert.equal(findLayer(layers, '/block/Add', g).output, 'c');
    assert.equal(findLayer(layers, 'c', g).op, 'Add');
    assert.throws(
      () => findLayer(layers, 'block.cnov', g),
      (e: LensError) => e.code === 'graph/layer' && /"block\.conv"/.test(e.hint ?? ''),
    );
    assert.throws(
      () => findLayer(layers, 'zzzzzzzzzz', g),
      (e: LensError) => /inspect/.test(e.hint ?? ''),
    );
    assert.deepEqual(closest('layer41.conv2', ['layer4.1.conv2', 'layer4.1.conv1', 'fc'], 1), ['layer4.1.conv2']);
  });
});

describe('layers of real models', () => {
  before(requireData);
  const model = (name: string): Promise<{ graph: Parameters<typeof layersOf>[0] }> =>
    load(path.join(DATA, `models/${name}.onnx`));

  it('ResNet-20 has the same names from both exporters', async () => {
    const kept = names(layersOf((await model('cifar_resnet20')).graph));
    const fused = names(layersOf((await model('cifar_resnet20_fused')).graph));
    const dynamo = (await model('cifar_resnet20_dynamo')).graph;
    const layers = layersOf(dynamo);
    assert.deepEqual(
      names(layers),
      kept.filter((n) => !/\bbn\d/.test(n)),
    );
    assert.deepEqual(fused, names(layers));
    assert.equal(kept.length, 59);
    assert.equal(new Set(kept).size, kept.length);
    for (const l of layers) assert.match(l.source!.path, /project\/resnet_cifar\.py$/);
    assert.equal(layers.find((l) => l.name === 'layer1.0.conv1')!.source!.line, 9);
    assert.equal(layers.find((l) => l.name === 'linear')!.parameters, 650);
    const blocks = blocksOf(dynamo);
    assert.equal(
      blocks.find((b) => b.name === 'layer3')!.output,
      layers.find((l) => l.name === 'layer3.2.relu2')!.output,
    );
  });

  it('a vision transformer shows its blocks, and GELU as one layer', async () => {
    const { graph } = await model('mnist_vit');
    const layers = layersOf(graph);
    assert.equal(
      parameterCount(graph),
      layers.reduce((sum, l) => sum + l.parameters, 0),
    );
    assert.deepEqual(names(layers).slice(0, 12), [
      'patch_embed',
      'cls_token',
      'pos_embed',
      'layers.0.norm1',
      'layers.0.attn.to_qkv',
      'layers.0.attn.softmax',
      'layers.0.attn.to_out',
      'layers.0.norm2',
      'layers.0.mlp.fc1',
      'layers.0.mlp.act',
      'layers.0.mlp.fc2',
      'layers.1.norm1',
    ]);
    assert.equal(layers.find((l) => l.name === 'layers.0.mlp.act')!.op, 'Gelu');
    assert.equal(findLayer(layers, 'layers.0', graph).op, 'Module');
  });

  it('SqueezeNet and the CNTK network have the names of their authors', async () => {
    const squeeze = (await model('squeezenet_v1.0_dc')).graph;
    const layers = layersOf(squeeze);
    assert.equal(findLayer(layers, 'fire9', squeeze).node, '/fire9/Concat');
    assert.equal(findLayer(layers, 'conv_final').parameters, 513_000);
    const cntk = layersOf((await model('mnist_cnn')).graph);
    assert.deepEqual(
      cntk.map((l) => [l.name, l.parameters]),
      [
        ['Convolution28', 208],
        ['ReLU32', 0],
        ['Pooling66', 0],
        ['Convolution110', 3216],
        ['ReLU114', 0],
        ['Pooling160', 0],
        ['Times212', 2570],
      ],
    );
    assert.equal(cntk[0]!.output, 'Plus30_Output_0');
  });

  it('weights that the exporter shares do not lend their names', async () => {
    const folder = temporaryFolder();
    execFileSync(process.execPath, [path.join(DATA, 'zoo/fill.mjs'), folder, 'timm_deit_tiny_patch16_224_dynamo'], {
      stdio: 'ignore',
    });
    const layers = layersOf((await load(path.join(folder, 'timm_deit_tiny_patch16_224_dynamo.onnx'))).graph);
    for (let i = 0; i < 12; i++) {
      for (const part of ['norm1', 'attn.qkv', 'attn.softmax', 'attn.proj', 'norm2', 'mlp.fc1', 'mlp.act', 'mlp.fc2'])
        assert.ok(names(layers).includes(`blocks.${i}.${part}`), `blocks.${i}.${part}`);
    }
    assert.ok(!names(layers).some((n) => /_\d+$/.test(n)), 'no name had to be repeated');
  });
});

describe('source lines', () => {
  const node = (metadata: Record<string, string>, doc = ''): GraphNode => ({
    ...makeNode('Relu', 'r', ['x']),
    metadata: new Map(Object.entries(metadata)),
    doc,
  });
  const trace = (...files: string[]): string =>
    files.map((f, i) => `${i === 0 ? '' : '  '}File "${f}", line ${i + 1}, in forward\n    return x`).join('\n');

  it('are the innermost ones outside of libraries', () => {
    const own = node({
      'pkg.torch.onnx.stack_trace': trace(
        '/home/me/train.py',
        '/home/me/net.py',
        '/venv/lib/python3.11/site-packages/torch/nn/modules/conv.py',
      ),
    });
    assert.deepEqual(sourceOf(own), { path: '/home/me/net.py', line: 2, scope: 'forward' });
    assert.equal(framesOf(own).length, 3);
    const library = node({
      'pkg.torch.onnx.stack_trace': trace(
        '/venv/lib/python3.11/site-packages/torchvision/models/resnet.py',
        '/venv/lib/python3.11/site-packages/torch/nn/modules/conv.py',
      ),
    });
    assert.match(sourceOf(library)!.path, /torchvision\/models\/resnet\.py$/);
    const windows = node({
      'pkg.torch.onnx.stack_trace': trace('C:\\me\\net.py', 'C:\\venv\\Lib\\site-packages\\torch\\nn\\functional.py'),
    });
    assert.equal(sourceOf(windows)!.path, 'C:\\me\\net.py');
    const relative = node({
      'pkg.torch.onnx.stack_trace': trace('models/net.py', 'site-packages/torch/nn/modules/batchnorm.py'),
    });
    assert.equal(sourceOf(relative)!.path, 'models/net.py', 'where paths were cut before they were written');
  });

  it('are read from the older exporter and from jax2onnx too', () => {
    const legacy = node(
      {},
      '/venv/site-packages/torch/nn/modules/conv.py(459): forward\n/home/me/net.py(12): forward\n/home/me/train.py(3): <module>\n',
    );
    assert.deepEqual(sourceOf(legacy), { path: '/home/me/net.py', line: 12, scope: 'forward' });
    assert.deepEqual(sourceOf(node({ 'pkg.jax2onnx.callsite': 'net.apply:7' })), {
      path: '',
      line: 7,
      scope: 'net.apply',
    });
    assert.equal(sourceOf(node({}, 'a note')), undefined);
  });

  it('stand beside scopes written as Python lists', () => {
    assert.deepEqual(parsePythonStrings(`['', 'layer1', "it's", 'a\\'b\\\\c']`), ['', 'layer1', "it's", "a'b\\c"]);
    assert.deepEqual(parsePythonStrings('nonsense'), []);
  });
});
