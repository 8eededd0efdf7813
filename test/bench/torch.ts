import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The residual networks in plain torch.nn, as torchvision builds them: no other package is needed. */
const SCRIPT = `
import sys, time, statistics, torch
from torch import nn
torch.set_num_threads(1)
torch.manual_seed(0)

class Block(nn.Module):
    def __init__(self, c, width, stride, bottleneck):
        super().__init__()
        out = width * 4 if bottleneck else width
        plan = [(c, width, 1, 1), (width, width, 3, stride), (width, out, 1, 1)] if bottleneck else [(c, width, 3, stride), (width, width, 3, 1)]
        layers = []
        for i, (a, b, k, s) in enumerate(plan):
            layers += [nn.Conv2d(a, b, k, s, k // 2, bias=False), nn.BatchNorm2d(b)] + ([nn.ReLU(inplace=True)] if i + 1 < len(plan) else [])
        self.body = nn.Sequential(*layers)
        self.skip = nn.Identity() if c == out and stride == 1 else nn.Sequential(nn.Conv2d(c, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        self.relu = nn.ReLU(inplace=True)
        self.out = out
    def forward(self, x):
        return self.relu(self.body(x) + self.skip(x))

def resnet(name):
    bottleneck = name == 'resnet50'
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    c = 64
    for stage, n in enumerate([3, 4, 6, 3] if bottleneck else [2, 2, 2, 2]):
        for i in range(n):
            block = Block(c, 64 << stage, 2 if stage > 0 and i == 0 else 1, bottleneck)
            layers.append(block)
            c = block.out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 1000)).eval()

m = resnet(sys.argv[2])
for p in m.parameters(): p.requires_grad_(False)
x = torch.randn(1, 3, 224, 224)
if sys.argv[1] == 'export':
    torch.onnx.export(m, (x,), sys.argv[3], opset_version=17, input_names=['input'], output_names=['logits'],
                      dynamic_axes={'input': {0: 'batch'}, 'logits': {0: 'batch'}}, dynamo=False)
else:
    def timed(m, x):
        def both():
            a = x.clone(memory_format=torch.preserve_format).requires_grad_(True)
            m(a)[0, 7].backward()
            return a.grad
        times = []
        for i in range(14):
            s = time.process_time(); both(); times.append(time.process_time() - s)
        return statistics.median(times[3:]) * 1000
    last = torch.channels_last
    print(min(timed(m, x), timed(m.to(memory_format=last), x.contiguous(memory_format=last))))
`;

/** What stands in the table beside every comparison with PyTorch. */
export const AT_ITS_BEST = 'with a malloc that keeps its memory';

/**
 * Environment in which PyTorch is as fast as it gets on a CPU. As it is installed, glibc gives blocks of megabytes back to the
 * system after every step and fetches them anew, which makes it up to four times slower on virtual machines: a ratio to that
 * would flatter us.
 */
export function atItsBest(): { GLIBC_TUNABLES: string } {
  const tunables = ['mmap_max=0', 'trim_threshold=34359738368', 'hugetlb=1'];
  return { GLIBC_TUNABLES: tunables.map((t) => `glibc.malloc.${t}`).join(':') };
}

const ABSENT = 'PyTorch is not installed (ONNX_LENS_PYTHON names a Python that has it)';

/** What a script prints, or undefined where it fails: without PyTorch, for one. */
export function python(script: string, ...args: string[]): string | undefined {
  const run = spawnSync(process.env['ONNX_LENS_PYTHON'] ?? 'python3', ['-W', 'ignore', '-c', script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...atItsBest() },
  });
  return run.status === 0 ? run.stdout.trim() : undefined;
}

/** Processor time in ms of PyTorch's forward pass and input gradient in the faster of its layouts, or why there is none. A development-only comparison. */
export function torchTime(model: string): number | string {
  const answer = python(SCRIPT, 'time', model);
  return answer === undefined ? ABSENT : Number(answer.split('\n').at(-1));
}

/** The same network as a file, or undefined where PyTorch is absent. Written once, with its weights, to the temporary folder. */
export function torchModel(model: string): string | undefined {
  const folder = path.join(os.tmpdir(), 'onnx-lens-torch');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${model}.onnx`);
  if (!existsSync(file)) python(SCRIPT, 'export', model, file);
  return existsSync(file) ? file : undefined;
}
