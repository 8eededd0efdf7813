import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { floatTensor } from '../../src/base/tensor.js';
import { differentiate, openModel } from '../unit/gradient/run.js';
import { relativeError } from '../unit/support/data.js';
import { errorRow, type Row } from './measure.js';
import { python } from './torch.js';

/** Architectures of torchvision and timm, one of each family. Random weights: what counts is the graph. */
const NETWORKS = `
alexnet vgg11_bn resnet18 resnext50_32x4d googlenet inception_v3 densenet121 squeezenet1_1 shufflenet_v2_x1_0 mnasnet1_0
mobilenet_v2 mobilenet_v3_small efficientnet_b0 efficientnet_v2_s regnet_y_400mf convnext_tiny
vit_b_32 swin_t swin_v2_t maxvit_t
timm/deit_tiny_patch16_224 timm/pvt_v2_b0 timm/mobilevit_xxs timm/cait_xxs24_224 timm/mixer_s32_224
`
  .trim()
  .split(/\s+/);

/**
 * Writes a network by both exporters, a picture of noise, and the gradient of its largest logit in float64. `moves` is by
 * how much that gradient changes when the picture changes by a millionth: where a unit stands at zero it flips then, as it
 * may in any float32. Of a few pictures it takes the first at which nothing flips, else the one that moves least.
 */
const SCRIPT = `
import sys, json, torch
name, base = sys.argv[1:3]
torch.manual_seed(3)
if name.startswith('timm/'):
    import timm
    net, side = timm.create_model(name[5:]), 224
    side = net.default_cfg.get('input_size', (3, 224, 224))[1]
else:
    import torchvision
    extra = {'aux_logits': False, 'init_weights': True} if name in ('googlenet', 'inception_v3') else {}
    net, side = torchvision.models.get_model(name, weights=None, **extra), 299 if name == 'inception_v3' else 224
net.eval()
for p in net.parameters():
    p.requires_grad_(False)
    if p.dim() > 1 and not p.any(): torch.nn.init.normal_(p, std=0.02)  # heads that start at zero have no gradient
exported = {}
for exporter in ('legacy', 'dynamo'):
    try:
        torch.onnx.export(net, (torch.randn(1, 3, side, side),), f'{base}-{exporter}.onnx',
                          opset_version=17 if exporter == 'legacy' else 20,
                          input_names=['input'], output_names=['logits'], dynamo=exporter == 'dynamo')
        exported[exporter] = ''
    except Exception as error:
        exported[exporter] = str(error).strip().split('\\n')[0] or type(error).__name__
net.double()
def gradient(x, target=None):
    x = x.clone().requires_grad_(True)
    y = net(x)
    target = int(y[0].argmax()) if target is None else target
    return torch.autograd.grad(y[0, target], x)[0], target
best = None
for seed in range(5):
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(1, 3, side, side, generator=random)
    g, target = gradient(x.double())
    moves = 0
    for _ in range(4):
        near = x.double() * (1 + 1e-6 * torch.randn(x.shape, generator=random, dtype=torch.float64))
        moves = max(moves, ((gradient(near, target)[0] - g).abs().max() / g.abs().max()).item())
        if moves > 1e-4 and best is not None and moves > best[0]: break
    if best is None or moves < best[0]: best = (moves, x, g, target)
    if moves < 1e-4: break
moves, x, g, target = best
x.numpy().tofile(base + '.input.bin')
g.float().numpy().tofile(base + '.gradient.bin')
json.dump({'side': side, 'target': target, 'moves': moves, 'exported': exported}, open(base + '.json', 'w'))
`;

interface Written {
  readonly side: number;
  readonly target: number;
  readonly moves: number;
  /** Why there is no file, by exporter; empty: there is one. */
  readonly exported: Readonly<Record<'legacy' | 'dynamo', string>>;
}

/** Pictures at which the gradient moves by less have no unit at zero: rounding moves a smooth network by a few 1e-6. */
const STABLE = 1e-4;
const ALLOWED = 1e-5;
const ABSENT = 'PyTorch, torchvision or timm is not installed (ONNX_LENS_PYTHON names a Python that has them)';

/** Input gradients of whole networks: a development-only comparison, skipped where PyTorch and its networks are not installed. */
export async function torchGradients(): Promise<Row[]> {
  const against = 'PyTorch in float64';
  const folder = path.join(os.tmpdir(), 'onnx-lens-torch', 'gradients');
  mkdirSync(folder, { recursive: true });
  const found: { name: string; error: number; moves: number }[] = [];
  for (const name of NETWORKS) {
    const base = path.join(folder, name.replace('/', '_'));
    const made = written(name, base);
    if (made === undefined && found.length === 0)
      return [{ what: 'gradients of networks of torchvision and timm', against, skipped: ABSENT }];
    if (made === undefined) throw new Error(`PyTorch did not write ${name}`);
    for (const exporter of ['legacy', 'dynamo'] as const) {
      if (made.exported[exporter] !== '') console.error(`  ${name}, ${exporter}: ${made.exported[exporter]}`);
      else found.push({ name, error: await errorOf(`${base}-${exporter}.onnx`, base, made), moves: made.moves });
    }
  }
  for (const f of found) if (f.error >= ALLOWED) console.error(`  ${JSON.stringify(f)}`);
  const stable = found.filter((f) => f.moves < STABLE);
  const others = found.filter((f) => f.moves >= STABLE);
  const errors = stable.map((f) => f.error);
  const names = (list: typeof found): Set<string> => new Set(list.map((f) => f.name.replace('timm/', '')));
  const what = `gradients of ${names(stable).size} networks of torchvision and timm in ${stable.length} exports (legacy, dynamo), random weights`;
  const rows = [errorRow(what, against, errors, ALLOWED)];
  if (others.length === 0) return rows;
  const times = Math.max(...others.map((f) => f.error / f.moves));
  rows.push({
    what: `gradients of ${names(others).size} more, units at zero, over what a change of the picture by 1e-6 does to them`,
    against,
    value: `${times.toFixed(1)} ×`,
    goal: '≤ 4 ×',
    met: times <= 4,
  });
  return rows;
}

function written(name: string, base: string): Written | undefined {
  if (!existsSync(`${base}.json`) && python(SCRIPT, name, base) === undefined) return undefined;
  return JSON.parse(readFileSync(`${base}.json`, 'utf8')) as Written;
}

async function errorOf(model: string, base: string, { side, target }: Written): Promise<number> {
  const m = await openModel(model);
  const values = (file: string): Float32Array => {
    const bytes = readFileSync(`${base}.${file}.bin`);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  };
  const input = floatTensor([1, 3, side, side], values('input'));
  const request = { score: { value: m.logits, seed: 'index' as const }, wrt: [m.input] };
  const { gradients } = await differentiate(m, { [m.input]: input }, request, [target]);
  await m.sessions.dispose();
  return relativeError(gradients.get(m.input)!.data, values('gradient'));
}
