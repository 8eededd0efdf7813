import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { skipBecause } from '../../../../.build/counts.mjs';
import { floatTensor, toNumbers, type Tensor } from '../../../../src/base/tensor.js';
import { float } from '../../../../src/graph/attributes.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { trainingStep } from '../../../../src/training/step/build.js';
import type { Optimiser } from '../../../../src/training/step/step.js';
import { python } from '../../../bench/torch.js';
import { assertClose } from '../../support/close.js';
import { net, noise, oneHot, requestOf, runSteps } from './net.js';

const [BATCH, CLASSES, STEPS, RATE] = [6, 4, 3, 0.05];

/** The same net, and as many steps, in float64. Prints losses and all weights. */
const SCRIPT = `
import sys, json, torch
from torch import nn
q = json.load(open(sys.argv[1]))
torch.set_default_dtype(torch.float64)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.grouped = nn.Conv2d(4, 6, 3, stride=2, padding=1, dilation=1, groups=2)
        self.norm = nn.GroupNorm(2, 6)
        self.up = nn.ConvTranspose2d(6, 2, 2, stride=2)
        self.ln = nn.LayerNorm(32)
        self.fc = nn.Linear(32, ${CLASSES})
    def forward(self, x):
        x = torch.tanh(self.bn(self.conv(x)))
        x = torch.sigmoid(self.norm(self.grouped(x)))
        return self.fc(self.ln(self.up(x).flatten(1)))
def tensor(t): return torch.tensor(t['data']).reshape(t['dims'])
def trained(kind):
    m = Net()
    with torch.no_grad():
        state = m.state_dict()
        for name, t in q['weights'].items(): state[name].copy_(tensor(t))
    decayed = [p for n, p in m.named_parameters() if p.ndim > 1]
    others = [p for n, p in m.named_parameters() if p.ndim <= 1]
    groups = [{'params': decayed, 'weight_decay': q['decay']}, {'params': others, 'weight_decay': 0}]
    o = {'sgd': lambda: torch.optim.SGD(groups, lr=q['rate'], momentum=0.9, nesterov=True),
         'adam': lambda: torch.optim.Adam(groups, lr=q['rate']), 'adamw': lambda: torch.optim.AdamW(groups, lr=q['rate'])}[kind]()
    loss_of = nn.CrossEntropyLoss(weight=torch.tensor(q['classWeights']), label_smoothing=0.1)
    losses = []
    for picture in q['pictures']:
        o.zero_grad()
        loss = loss_of(m(tensor(picture)), torch.arange(${BATCH}) % ${CLASSES})
        loss.backward()
        nn.utils.clip_grad_norm_(m.parameters(), q['clip'])
        o.step()
        losses.append(loss.item())
    return {'losses': losses, 'weights': {n: t.flatten().tolist() for n, t in m.state_dict().items()}}
print(json.dumps({kind: trained(kind) for kind in ['sgd', 'adam', 'adamw']}))
`;

function twin(): Graph {
  const weights: Record<string, Tensor> = {
    'conv.weight': noise([4, 3, 3, 3], 1, 0.4),
    'bn.weight': floatTensor([4], Float32Array.of(1, 0.75, 1.25, 0.5)),
    'bn.bias': noise([4], 2, 0.2),
    'bn.running_mean': floatTensor([4], Float32Array.of(0.5, 0, -0.25, 0.125)),
    'bn.running_var': floatTensor([4], Float32Array.of(1, 2, 0.5, 1.5)),
    'grouped.weight': noise([6, 2, 3, 3], 3, 0.4),
    'grouped.bias': noise([6], 4, 0.2),
    'norm.weight': floatTensor([6], Float32Array.of(1, 0.75, 1.25, 0.5, 1, 2)),
    'norm.bias': noise([6], 5, 0.2),
    'up.weight': noise([6, 2, 2, 2], 6, 0.5),
    'up.bias': noise([2], 7, 0.2),
    'ln.weight': noise([32], 8),
    'ln.bias': noise([32], 9, 0.2),
    'fc.weight': noise([CLASSES, 32], 10, 0.3),
    'fc.bias': noise([CLASSES], 11, 0.2),
  };
  const nodes = [
    makeNode('Conv', 'conv', ['picture', 'conv.weight'], { pads: [1, 1, 1, 1] }),
    makeNode('BatchNormalization', 'bn', ['conv', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var']),
    makeNode('Tanh', 'tanh', ['bn']),
    makeNode('Conv', 'grouped', ['tanh', 'grouped.weight', 'grouped.bias'], {
      pads: [1, 1, 1, 1],
      strides: [2, 2],
      group: 2,
    }),
    makeNode('GroupNormalization', 'norm', ['grouped', 'norm.weight', 'norm.bias'], {
      num_groups: 2,
      epsilon: float(1e-5),
    }),
    makeNode('Sigmoid', 'sigmoid', ['norm']),
    makeNode('ConvTranspose', 'up', ['sigmoid', 'up.weight', 'up.bias'], { strides: [2, 2] }),
    makeNode('Flatten', 'flat', ['up']),
    makeNode('LayerNormalization', 'ln', ['flat', 'ln.weight', 'ln.bias'], { epsilon: float(1e-5) }),
    makeNode('Gemm', 'logits', ['ln', 'fc.weight', 'fc.bias'], { transB: 1 }),
  ];
  return { ...net(nodes, weights, ['batch', 3, 4, 4]), opset: 21 };
}

describe('training/step: against PyTorch in float64', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const folder = mkdtempSync(path.join(tmpdir(), 'onnx-lens-step-'));
  after(async () => {
    rmSync(folder, { recursive: true });
    await sessions.dispose();
  });

  const optimisers: readonly Optimiser[] = [
    { kind: 'sgd', momentum: 0.9, nesterov: true },
    { kind: 'adam' },
    { kind: 'adamw' },
  ];
  it(`${STEPS} steps of each optimiser: losses, weights and running statistics`, async function () {
    if (python('import torch') === undefined)
      skipBecause(this, 'PyTorch is not installed (ONNX_LENS_PYTHON names a Python that has it)');
    this.timeout(300_000);
    const request = await requestOf(twin(), sessions, BATCH);
    const classWeights = [1, 2, 0.5, 1.5];
    const [weightDecay, clip] = [0.02, 0.5];
    const loss = { kind: 'cross-entropy', smoothing: 0.1 } as const;
    const pictures = Array.from({ length: STEPS }, (_, i) => noise([BATCH, 3, 4, 4], 30 + i));
    const steps = optimisers.map((optimiser) =>
      trainingStep({ ...request, optimiser, classWeights, clip, weightDecay, loss }),
    );
    const data = (t: Tensor): object => ({ dims: t.dims, data: [...toNumbers(t)] });
    const first = steps[0]!.weights(await steps[0]!.start());
    const file = path.join(folder, 'question.json');
    writeFileSync(
      file,
      JSON.stringify({
        decay: weightDecay,
        clip,
        classWeights,
        rate: RATE,
        pictures: pictures.map(data),
        weights: Object.fromEntries([...first].map(([name, t]) => [name, data(t)])),
      }),
    );
    const printed = python(SCRIPT, file);
    if (printed === undefined) throw new Error('The script in PyTorch failed');
    const all = JSON.parse(printed) as Record<string, { losses: number[]; weights: Record<string, number[]> }>;
    const target = oneHot(BATCH, CLASSES);
    for (const [i, { kind }] of optimisers.entries()) {
      const [step, wanted] = [steps[i]!, all[kind]!];
      const runs = pictures.map((picture, k) => ({ picture, target, rate: RATE, step: k + 1 }));
      const answers = await runSteps(sessions, step, await step.start(), runs);
      const losses = answers.map((a) => a.loss);
      assertClose(losses, wanted.losses, { relative: 2e-6 }, `losses of ${kind}`);
      // Adam divides gradients near 0 by their own size: their rounding is as large as they are.
      const absolute = kind === 'sgd' ? 2e-6 : 1e-4;
      for (const [name, tensor] of step.weights(answers.at(-1)!.state))
        assertClose(toNumbers(tensor), wanted.weights[name]!, { absolute }, `${name} after ${kind}`);
    }
  });
});
