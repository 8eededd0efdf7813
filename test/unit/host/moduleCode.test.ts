import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { filePath } from '../../../src/base/place.js';
import { attributesOf } from '../../../src/host/python/layerMatch.js';
import { moduleCode } from '../../../src/host/python/moduleCode.js';
import { blankStrings } from '../../../src/host/python/pythonText.js';
import { RunnerService } from '../../../src/runner/service.js';
import { call } from '../support/call.js';

const resnet = `import torch
from torch import nn

def conv3x3(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3)

class Block(nn.Module):
    """self.fake = nn.Conv2d(1, 1, 1)"""
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = conv3x3(inputs, outputs)
        self.act: nn.Module = nn.ReLU()  # self.gone = nn.ReLU()
        self.count = len(inputs)
        self.name = str(3)

class Net(nn.Module):
    def __init__(self):
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.layer1 = self._make_layer(8)
        self.features = nn.Sequential(
            nn.Conv2d(8, 8, 3),
            nn.ReLU(), nn.Dropout(),
            nn.Conv2d(8, 8, 3),
        )
        self.head = nn.Sequential(OrderedDict([
            ("norm", nn.LayerNorm(8)),
            ("fc", nn.Linear(8, 10)),
        ]))
        self.add_module("extra", nn.Linear(8, 8))
        for i in range(3):
            setattr(self, f"stage{i}", Block(8, 8))
        self.blocks = nn.ModuleList([Block(8, 8) for _ in range(3)])

    def _make_layer(self, n):
        return nn.Sequential(*[Block(n, n) for _ in range(2)])

net = Net()
self.outside = nn.Linear(1, 1)
`;

describe('modules in Python code', () => {
  const code = moduleCode(resnet);
  const names = (layer: Parameters<typeof attributesOf>[0], options = { file: 'net' }): string[] =>
    [...attributesOf(layer, code, options)].map((a) => `${a.className}.${a.name}`).sort();

  it('lie where their names do, also on a line behind that of the bracket', () => {
    const text =
      'class Net(nn.Module):\n    def __init__(self):\n        self.head = nn.Sequential(OrderedDict([\n            (\n                "act", nn.ReLU()),\n        ]))\n';
    const found = moduleCode(text).attributes.find((a) => a.name === 'head.act');
    assert.deepEqual([found?.line, found?.start, found?.end], [4, 17, 20]);
    assert.equal(text.split('\n')[4]!.slice(17, 20), 'act');
  });

  it('have no name that the end of a line breaks', () => {
    const text =
      "class Net(nn.Module):\n    def __init__(self):\n        self.head = nn.Sequential(OrderedDict([\n            ('a\r\nct', nn.ReLU()),\n        ]))\n";
    assert.deepEqual(
      moduleCode(text).attributes.map((a) => a.name),
      ['head'],
    );
  });

  it('are found with their classes, in lists, by name and in loops; not in strings and comments', () => {
    assert.deepEqual(
      code.attributes.map((a) => [a.className, a.name, a.module, a.line]),
      [
        ['Block', 'conv1', 'conv3x3', 10],
        ['Block', 'act', 'nn.ReLU', 11],
        ['Net', 'conv1', 'nn.Conv2d', 17],
        ['Net', 'layer1', 'self._make_layer', 18],
        ['Net', 'features', 'nn.Sequential', 19],
        ['Net', 'features.0', 'nn.Conv2d', 20],
        ['Net', 'features.1', 'nn.ReLU', 21],
        ['Net', 'features.3', 'nn.Conv2d', 22],
        ['Net', 'head', 'nn.Sequential', 24],
        ['Net', 'head.norm', 'nn.LayerNorm', 25],
        ['Net', 'head.fc', 'nn.Linear', 26],
        ['Net', 'extra', 'nn.Linear', 28],
        ['Net', 'stage{i}', 'Block', 30],
        ['Net', 'blocks', 'nn.ModuleList', 31],
        [undefined, 'outside', 'nn.Linear', 37],
      ],
    );
    const lines = resnet.split('\n');
    const texts = code.attributes.map(({ line, start, end }) => lines[line]!.slice(start, end));
    assert.deepEqual(texts.slice(4, 8), ['features', 'nn.Conv2d', 'nn.ReLU', 'nn.Conv2d']);
    assert.deepEqual(texts.slice(9, 13), ['norm', 'fc', 'extra', 'stage{i}']);
  });

  it('have made the layers whose path leads through their classes', () => {
    assert.deepEqual(names({ name: 'conv1' }), ['Net.conv1']);
    assert.deepEqual(names({ name: 'layer1.0.conv1' }), ['Block.conv1', 'Net.layer1']);
    assert.deepEqual(names({ name: 'features.3' }), ['Net.features', 'Net.features.3']);
    assert.deepEqual(names({ name: 'head.fc' }), ['Net.head', 'Net.head.fc']);
    assert.deepEqual(names({ name: 'stage2.act' }), ['Block.act', 'Net.stage{i}']);
    assert.deepEqual(names({ name: 'blocks.1.conv1' }), ['Block.conv1', 'Net.blocks']);
    assert.deepEqual(names({ name: 'model.blocks.1.conv1' }), ['Block.conv1', 'Net.blocks'], 'wrapped by another');
    // Another network that happens to use the same names elsewhere.
    assert.deepEqual(names({ name: 'encoderblock.conv1' }), []);
    assert.deepEqual(names({ name: 'act' }), [], 'an activation of blocks is none of the network itself');
  });

  it('are told apart by the classes that the exporter wrote, which must come from this file', () => {
    const modules = [
      { path: '', type: 'net.Net' },
      { path: 'layer1', type: 'torch.nn.modules.container.Sequential' },
      { path: 'layer1.0', type: 'net.Block' },
    ];
    const layer = { name: 'layer1.0.conv1', modules };
    assert.deepEqual(names(layer), ['Block.conv1', 'Net.layer1']);
    assert.deepEqual(names(layer, { file: 'other' }), []);
    const main = modules.map((m) => ({ ...m, type: m.type.replace('net.', '__main__.') }));
    assert.deepEqual(names({ ...layer, modules: main }, { file: 'train' }), ['Block.conv1', 'Net.layer1']);
    const foreign = modules.map((m) => ({ ...m, type: m.type.replace('Block', 'Bottleneck') }));
    assert.deepEqual(names({ ...layer, modules: foreign }), ['Net.layer1']);
  });

  it('of the shipped networks, two of whose classes share names', async () => {
    const runner = new RunnerService();
    const service = runner.operations;
    try {
      const birds = moduleCode(readFileSync('models/birds/net.py', 'utf8'));
      const made = async (model: string, name: string): Promise<string[]> => {
        const { layers } = await service.outline({ model: filePath(`models/birds/${model}`) }, call());
        const layer = layers.find((each) => each.name === name);
        assert.ok(layer, `${name} is not in ${model}`);
        return [...attributesOf(layer, birds, { file: 'net' })].map((a) => `${a.className}.${a.name}`).sort();
      };
      assert.deepEqual(await made('birds_cnn.onnx', 'head'), ['BirdNet.head']);
      assert.deepEqual(await made('birds_vit.onnx', 'head'), ['BirdViT.head']);
      assert.deepEqual(await made('birds_vit.onnx', 'layers.0.attn.qkv'), [
        'Attention.qkv',
        'BirdViT.layers',
        'Layer.attn',
      ]);
      assert.deepEqual(await made('birds_vit.onnx', 'layers.1.mlp.0'), ['BirdViT.layers', 'Layer.mlp']);
      assert.deepEqual(await made('birds_cnn.onnx', 'stage1.conv1'), ['BirdNet.stage1', 'Block.conv1']);
    } finally {
      await runner.dispose();
    }
  });

  it('keep their columns when strings are blanked', () => {
    const text = `a = "(" # )\nb = '''x\n)'''\nc = 'it\\'s' + f"{y}"`;
    const blank = blankStrings(text);
    assert.equal(blank.length, text.length);
    assert.ok(!/[()]|x|it/.test(blank));
    assert.deepEqual(
      blank.split('\n').map((line) => line.length),
      text.split('\n').map((line) => line.length),
    );
  });
});
