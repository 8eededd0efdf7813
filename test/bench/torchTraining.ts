import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { atItsBest } from './torch.js';

/** Steps of SGD with momentum in plain torch.nn, on the same networks as ours; a line of stdin is answered with its time in ms. */
const SCRIPT = `
import sys, time, json, torch
import torch.nn.functional as F
from torch import nn
torch.set_num_threads(1)
torch.manual_seed(0)

class Block(nn.Module):
    def __init__(self, c, out, stride=1):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        same = c == out and stride == 1
        self.skip = nn.Identity() if same else nn.Sequential(nn.Conv2d(c, out, 1, stride, bias=False), nn.BatchNorm2d(out))
    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.skip(x))

class Mean(nn.Module):
    def forward(self, x): return x.mean(dim=(2, 3))

def residual():
    layers, c = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for stage, out in enumerate([16, 32, 64]):
        for i in range(3):
            layers.append(Block(c, out, 2 if stage > 0 and i == 0 else 1))
            c = out
    return nn.Sequential(*layers, Mean(), nn.Linear(64, 10))

def guide():
    return nn.Sequential(nn.Conv2d(3, 24, 7, 1, 3, bias=False), nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(2),
                         Block(24, 32), Block(32, 56, 2), Block(56, 88, 2), Mean(), nn.Linear(88, 12))

name, batch, side = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sides = {}
for layout in ('channels_last', 'NCHW'):
    torch.manual_seed(0)
    net = (residual if name == 'residual' else guide)()
    x = torch.randn(batch, 3, side, side)
    y = torch.arange(batch) % (10 if name == 'residual' else 12)
    if layout == 'channels_last':
        net, x = net.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    best = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    def step(net=net, x=x, y=y, best=best):
        best.zero_grad()
        F.cross_entropy(net(x), y).backward()
        best.step()
    sides[layout] = step
print(json.dumps(torch.__version__), flush=True)
for line in sys.stdin:
    layout, count = line.split()
    start = time.process_time()
    for _ in range(int(count)): sides[layout]()
    print((time.process_time() - start) / int(count) * 1000, flush=True)
`;

export type Layout = 'channels_last' | 'NCHW';

/** A PyTorch that trains one of the networks when it is told to. */
export class TorchTraining {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    private readonly reader: Interface,
  ) {}

  /** Undefined where PyTorch is not installed. */
  static async start(net: 'residual' | 'guide', batch: number, side: number): Promise<TorchTraining | undefined> {
    const program = process.env['ONNX_LENS_PYTHON'] ?? 'python3';
    const child = spawn(program, ['-W', 'ignore', '-c', SCRIPT, net, String(batch), String(side)], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, ...atItsBest() },
    });
    child.once('error', () => undefined);
    const reader = createInterface({ input: child.stdout });
    const lines = reader[Symbol.asyncIterator]();
    const first = await lines.next();
    return first.done === true ? undefined : new TorchTraining(child, lines, reader);
  }

  /** Processor time of a step in ms, the mean of some. */
  async step(layout: Layout, count: number): Promise<number> {
    this.child.stdin!.write(`${layout} ${count}\n`);
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error('PyTorch has ended');
    return Number(value);
  }

  stop(): void {
    this.reader.close();
    this.child.stdin!.end();
    this.child.kill();
  }
}
