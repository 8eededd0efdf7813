import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';
import { exportCalls, mayHoldModels, modelNames } from '../../../src/host/python/pythonCode.js';
import { encodePng } from '../../../src/host/python/png.js';

const code = `import torch
from torch import nn

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.act: nn.Module = nn.ReLU()
        self.count = 3
        self.name = str(3)
        self.layer1 = self._make_layer(8)

class Net(torch.nn.Module):
    def __init__(self):
        self.stem = Block()

# net = load("old.onnx")
torch.onnx.export(
    Net(), (torch.zeros(1, 3, 8, 8),),
    "runs/net.onnx",
    dynamo=True,
)
session = Session(r'c:\\models\\other.onnx')
`;

describe('python code about models', () => {
  it('finds the names of models, not in comments, with either separator', () => {
    assert.deepEqual(
      modelNames(code).map((n) => [n.file, n.line]),
      [
        ['net.onnx', 19],
        ['other.onnx', 22],
      ],
    );
  });

  it('finds exports and the file that they write on a later line', () => {
    const [call, ...others] = exportCalls(code);
    assert.deepEqual([call?.file, call?.line, call?.lastLine], ['net.onnx', 17, 21]);
    assert.deepEqual(others, []);
    assert.deepEqual(exportCalls('torch.onnx.export(model, x, path)\nother("net.onnx")'), []);
  });

  it('passes over files that have nothing to do with models', () => {
    assert.ok(mayHoldModels(code));
    assert.ok(!mayHoldModels('class A:\n  def __init__(self):\n    self.b = Thing()\n'));
  });
});

describe('the PNG of a tooltip', () => {
  it('holds the pixels it was given', () => {
    const data = Uint8Array.from({ length: 18 }, (_, i) => i * 14);
    const png = Buffer.from(encodePng({ width: 3, height: 2, data }));
    assert.equal(png.toString('latin1', 1, 4), 'PNG');
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [3, 2]);
    const at = png.indexOf('IDAT');
    const rows = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
    assert.deepEqual([...rows.subarray(1, 10)], [...data.subarray(0, 9)]);
    assert.deepEqual([...rows.subarray(11)], [...data.subarray(9)]);
    assert.equal(png.readUInt32BE(png.length - 4), 0xae426082); // the well-known check sum of IEND
  });
});
