import { readFileSync } from 'node:fs';
import type { Random } from '../../../src/base/random.js';
import { bruised, hostileText, pick, rarely } from '../hostile.js';
import type { Kind } from '../kind.js';
import type { Scanned } from '../scanner.js';

const WRITTEN = `import torch
from torch import nn
import torch.nn.functional as F

class Block(nn.Module):
    """A block: self.fake = nn.Linear(1, 1)"""
    def __init__(self, width: int, *, act: nn.Module = nn.ReLU()):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)  # self.no = nn.Linear(1)
        self.bn1: nn.BatchNorm2d = nn.BatchNorm2d(width)
        self.act = act
        self.layers = nn.Sequential(
            nn.Linear(8, 4),
            nn.ReLU(),
            *[nn.Linear(4, 4) for _ in range(3)],
        )

class Net(Block, nn.Module):
    def __init__(self):
        super().__init__(3)
        self.features = nn.Sequential(OrderedDict([
            ("conv", nn.Conv2d(3, 8, 3)),
            ('act', nn.ReLU(inplace=True)),
        ]))
        for i in range(4):
            setattr(self, f"layer{i}", Block(8))
            self.add_module("extra", nn.Linear(8, 8))
        self.head = make_head(8, r'\\d', f"{i!r:>{10}}", b'\\'')

net = Net()
torch.onnx.export(
    net,
    torch.zeros(1, 3, 8, 8),
    "runs/net_{epoch}.onnx",
    dynamo=True,
)
torch . onnx.export(net, x, f'out/{name}.onnx'); session = InferenceSession('a.onnx')
`;

const LAYERS = ['conv1', 'features.conv', 'layer0.conv1', 'model.layers.0', 'layers.2', 'head', 'layer3.layers.0'];

/** Words that the reader looks for, and what opens or closes something. */
const TOKENS = [
  '"',
  "'",
  '"""',
  "'''",
  '\\',
  '#',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '\0',
  ',',
  '=',
  ':',
  'self.a = ',
  'self.a: nn.Module = nn.Linear(',
  'nn.Sequential(',
  'nn.ModuleList([',
  'OrderedDict([("a", ',
  'class A(B, C):\n',
  'class A(A):\n',
  '    def __init__(self):\n',
  'setattr(self, f"l{i}", ',
  'self.add_module("x", nn.Linear(1))',
  'torch.onnx.export(',
  '"net.onnx"',
  ".onnx'",
  'lambda: (yield)',
  'f"{x!r:{y}}"',
  '\u2028',
  '𝕏',
];

/** Letters of one insertion. */
const MOST = 400_000;

function mutated(random: Random, seed: string): string {
  let text = seed;
  for (let n = 1 + random.below(6); n > 0; n--) {
    const at = random.below(text.length + 1);
    const to = Math.min(text.length, at + random.below(rarely(random, 4) ? 400 : 12));
    const token = rarely(random, 10) ? hostileText(random) : pick(random, TOKENS);
    // Much of one thing is what makes a reader slow.
    const wanted = rarely(random, 12) ? pick(random, [50, 3000, 60_000]) : 1;
    const times = Math.min(wanted, Math.ceil(MOST / Math.max(1, token.length)));
    text = `${text.slice(0, at)}${token.repeat(times).slice(0, MOST)}${text.slice(rarely(random, 2) ? at : to)}`;
  }
  return text;
}

/** Python sources, as they are while somebody types: what is read from them has to lie in them. */
export const python: Kind = {
  id: 'python',
  asked: 'scanner',
  async prepare() {
    const seeds = [
      WRITTEN,
      WRITTEN,
      ...['net.py', 'train.py'].map((name) => readFileSync(`models/birds/${name}`, 'utf8')),
    ];
    return {
      make(random) {
        const seed = pick(random, seeds);
        const blindly = rarely(random, 5);
        const bytes = blindly
          ? bruised(
              random,
              Buffer.from(seed),
              seeds.map((each) => Buffer.from(each)),
            )
          : Buffer.from(mutated(random, seed));
        return {
          files: new Map([['net.py', bytes]]),
          what: `${bytes.length} bytes, ${blindly ? 'changed bytes' : 'changed text'}`,
          async ask(place) {
            const found = (await place.ask('scan', { file: place.path('net.py'), layers: LAYERS })) as
              Scanned | undefined;
            return found !== undefined && found.modules + found.names > 0;
          },
        };
      },
    };
  },
};
