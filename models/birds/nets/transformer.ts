import type { Graph } from '../../../src/graph/graph.js';
import { Trace } from './trace.js';

const LINEAR = 'torch.nn.modules.linear.Linear';
const NORM = 'torch.nn.modules.normalization.LayerNorm';

export interface TransformerSize {
  readonly classes: number;
  /** Width of a token. */
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  /** Edge length of a patch in pixels. */
  readonly patch: number;
  /** Edge length of the pictures in pixels. */
  readonly size: number;
}

/** `BirdViT` of net.py: `image [batch, 3, size, size]` → `logits [batch, classes]`, a class token and (size/patch)² patches. */
export function visionTransformer({ classes, dim, depth, heads, patch, size }: TransformerSize): Graph {
  const t = new Trace('BirdViT');
  const side = size / patch;
  const tokens = side * side + 1;
  let x = t.line('x = self.patch_embed(x).flatten(2).transpose(1, 2)', () => {
    const patches = t.module('patch_embed', 'torch.nn.modules.conv.Conv2d', () =>
      t.call('conv2d', 'Conv', ['image', t.weight('weight', [dim, 3, patch, patch]), t.weight('bias', [dim])], {
        kernel_shape: [patch, patch],
        strides: [patch, patch],
      }),
    );
    const flat = t.call('flatten', 'Reshape', [patches, t.integers([0, dim, side * side])]);
    return t.call('transpose', 'Transpose', [flat], { perm: [0, 2, 1] });
  });
  x = t.line('x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1) + self.pos_embed', () => {
    const batch = t.call('sym_size', 'Shape', ['image'], { start: 0, end: 1 });
    const one = t.integers([1]);
    const shape = t.call('expand_shape', 'Concat', [batch, one, one], { axis: 0 });
    const token = t.call('expand', 'Expand', [t.weight('cls_token', [1, 1, dim]), shape]);
    const sequence = t.call('cat', 'Concat', [token, x], { axis: 1 });
    return t.call('add', 'Add', [sequence, t.weight('pos_embed', [1, tokens, dim])]);
  });
  for (let i = 0; i < depth; i++)
    x = t.line('x = layer(x)', () => t.module(`layers.${i}`, 'Layer', () => layer(t, x, { dim, heads, tokens })));
  const logits = t.line('return self.head(self.norm(x)[:, 0])', () => {
    const normed = t.module('norm', NORM, () => norm(t, x, dim));
    const first = t.call('select', 'Gather', [normed, t.integers([0], [])], { axis: 1 });
    return t.module('head', LINEAR, () =>
      t.call('linear', 'Gemm', [first, t.weight('weight', [classes, dim]), t.weight('bias', [classes])], { transB: 1 }),
    );
  });
  return t.graph(
    'BirdViT',
    { name: 'image', dims: ['batch', 3, size, size] },
    { name: 'logits', value: logits, dims: ['batch', classes] },
  );
}

interface Width {
  readonly dim: number;
  readonly heads: number;
  readonly tokens: number;
}

function layer(t: Trace, x: string, width: Width): string {
  const { dim } = width;
  const attended = t.line('x = x + self.attn(self.norm1(x))', () => {
    const normed = t.module('norm1', NORM, () => norm(t, x, dim));
    return t.call('add', 'Add', [x, t.module('attn', 'Attention', () => attention(t, normed, width))]);
  });
  return t.line('return x + self.mlp(self.norm2(x))', () => {
    const normed = t.module('norm2', NORM, () => norm(t, attended, dim));
    const mixed = t.module('mlp', 'torch.nn.modules.container.Sequential', () => {
      const wide = t.module('0', LINEAR, () => linear(t, normed, dim, dim * 3));
      const bent = t.module('1', 'torch.nn.modules.activation.GELU', () => t.call('gelu', 'Gelu', [wide]));
      return t.module('2', LINEAR, () => linear(t, bent, dim * 3, dim));
    });
    return t.call('add', 'Add', [attended, mixed]);
  });
}

function attention(t: Trace, x: string, { dim, heads, tokens }: Width): string {
  const split =
    'q, k, v = self.qkv(x).reshape(-1, tokens, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4).unbind(0)';
  const [q, k, v] = t.line(split, () => {
    const all = t.module('qkv', LINEAR, () => linear(t, x, dim, dim * 3));
    const apart = t.call('view', 'Reshape', [all, t.integers([0, tokens, 3, heads, dim / heads])]);
    const ordered = t.call('permute', 'Transpose', [apart], { perm: [2, 0, 3, 1, 4] });
    const parts = ['unbind', 'unbind', 'unbind'].map((name) => t.fresh(name));
    const axis = t.integers([0]);
    return t
      .calls('unbind', 'Split', [ordered], { axis: 0, num_outputs: 3 }, parts)
      .map((part) => t.call('getitem', 'Squeeze', [part, axis]));
  });
  const weights = t.line('attention = (q * self.scale @ k.transpose(-2, -1)).softmax(dim=-1)', () => {
    const scaled = t.call('mul', 'Mul', [q!, t.constant((dim / heads) ** -0.5)]);
    const turned = t.call('transpose', 'Transpose', [k!], { perm: [0, 1, 3, 2] });
    return t.call('softmax', 'Softmax', [t.call('matmul', 'MatMul', [scaled, turned])], { axis: -1 });
  });
  const mixed = t.line('x = (attention @ v).transpose(1, 2).reshape(-1, tokens, dim)', () => {
    const read = t.call('matmul', 'MatMul', [weights, v!]);
    const together = t.call('transpose', 'Transpose', [read], { perm: [0, 2, 1, 3] });
    return t.call('view', 'Reshape', [together, t.integers([0, tokens, dim])]);
  });
  return t.line('return self.proj(x)', () => t.module('proj', LINEAR, () => linear(t, mixed, dim, dim)));
}

/** The weight lies as MatMul reads it: inputs first. */
function linear(t: Trace, x: string, inputs: number, outputs: number): string {
  const product = t.call('linear', 'MatMul', [x, t.weight('weight', [inputs, outputs])]);
  return t.call('linear', 'Add', [product, t.weight('bias', [outputs])]);
}

function norm(t: Trace, x: string, dim: number): string {
  return t.call('layer_norm', 'LayerNormalization', [x, t.weight('weight', [dim], 1), t.weight('bias', [dim])], {
    axis: -1,
    epsilon: { float: 1e-5 },
  });
}
