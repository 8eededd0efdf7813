import { spawnSync } from 'node:child_process';

const SCRIPT = `
import sys, time, statistics, torch, torchvision
torch.set_num_threads(1)
m = getattr(torchvision.models, sys.argv[1])().eval()
x = torch.randn(1, 3, 224, 224)
def both():
    a = x.clone().requires_grad_(True)
    m(a)[0, 7].backward()
    return a.grad
for p in m.parameters(): p.requires_grad_(False)
times = []
for i in range(14):
    s = time.process_time(); both(); times.append(time.process_time() - s)
print(statistics.median(times[3:]) * 1000)
`;

/** Processor time in ms of PyTorch's forward pass and input gradient, or why there is none. A development-only comparison. */
export function torchTime(model: string): number | string {
  const python = process.env['ONNX_LENS_PYTHON'] ?? 'python3';
  const run = spawnSync(python, ['-c', SCRIPT, model], { encoding: 'utf8' });
  if (run.status !== 0)
    return 'PyTorch and torchvision are not installed (ONNX_LENS_PYTHON names a Python that has them)';
  return Number(run.stdout.trim());
}
