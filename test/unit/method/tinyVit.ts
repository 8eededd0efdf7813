import { floatTensor, int64Tensor } from '../../../src/base/tensor.js';
import type { Graph } from '../../../src/graph/graph.js';
import { CLASSES, SIDE, type TinyNet } from './tinyNet.js';
import { tinyParts } from './tinyParts.js';

const [PATCH, WIDTH, HEADS, LAYERS] = [4, 12, 2, 2];
const PLACES = (SIDE / PATCH) ** 2;
const TOKENS = PLACES + 1;

export interface TinyVit extends Pick<TinyNet, 'constant' | 'fixed'> {
  /** The mean of all tokens is read, in place of the class token. */
  readonly averaged?: boolean;
  /** Takes pictures of any size (a multiple of 4), or says that it takes one; its tokens do not know where they stand. */
  readonly size?: 'free' | readonly [height: number, width: number];
}

/** A seeded vision transformer for the tiny network's pictures: 4 × 4 patches and a class token, two layers of two heads. */
export function tinyVit(net: TinyVit = {}): Graph {
  const { nodes, weights, put, draw, add } = tinyParts(11);
  const ints = (...values: number[]): string => put(`ints_${values.join('_')}`, int64Tensor([values.length], values));
  const cut = { kernel_shape: [PATCH, PATCH], strides: [PATCH, PATCH] };
  const patches = add('Conv', 'patches', ['x', draw('patch', [WIDTH, 3, PATCH, PATCH], 0.3)], cut);
  const flat = add('Reshape', 'flat', [patches, ints(0, WIDTH, net.size === undefined ? PLACES : -1)]);
  const tokens = add('Transpose', 'tokens', [flat], { perm: [0, 2, 1] });
  const first = put('zero', int64Tensor([], [0]));
  const batch = add('Unsqueeze', 'batch', [add('Gather', 'size', [add('Shape', 'sizes', ['x']), first]), ints(0)]);
  const shape = add('Concat', 'class_shape', [batch, ints(1, WIDTH)], { axis: 0 });
  const cls = add('Expand', 'class', [draw('class_token', [1, 1, WIDTH], 1), shape]);
  let v = add('Concat', 'all', [cls, tokens], { axis: 1 });
  const tokensOf = net.size === undefined ? TOKENS : -1;
  if (net.size === undefined) v = add('Add', 'placed', [v, draw('places', [1, TOKENS, WIDTH], 0.3)]);
  for (let layer = 0; layer < LAYERS; layer++) {
    const name = (what: string): string => `layer${layer}.${what}`;
    const heads = (what: string): string => {
      const flatHeads = add('MatMul', name(what), [v, draw(name(`${what}.weight`), [WIDTH, WIDTH], 0.5)]);
      const split = add('Reshape', name(`${what}.split`), [flatHeads, ints(0, tokensOf, HEADS, WIDTH / HEADS)]);
      return add('Transpose', name(`${what}.heads`), [split], { perm: what === 'k' ? [0, 2, 3, 1] : [0, 2, 1, 3] });
    };
    const scores = add('MatMul', name('scores'), [heads('q'), heads('k')]);
    const shares = add('Softmax', name('shares'), [scores], { axis: -1 });
    const gathered = add('MatMul', name('gathered'), [shares, heads('v')]);
    const back = add('Transpose', name('back'), [gathered], { perm: [0, 2, 1, 3] });
    const joined = add('Reshape', name('joined'), [back, ints(0, tokensOf, WIDTH)]);
    const out = add('MatMul', name('out'), [joined, draw(name('out.weight'), [WIDTH, WIDTH], 0.5)]);
    v = add('Add', name('sum'), [v, out]);
    v = add('Add', name('end'), [v, add('Tanh', name('act'), [v])]);
  }
  const read = net.averaged
    ? add('ReduceMean', 'read', [v, ints(1)], { keepdims: 0 })
    : add('Gather', 'read', [v, first], { axis: 1 });
  const bias = floatTensor([CLASSES]);
  bias.data.fill(net.constant ?? 0);
  const out = add('Gemm', 'fc', [read, draw('fc.weight', [WIDTH, CLASSES], 1), put('fc.bias', bias)]);
  const n = net.fixed === true ? 1 : 'batch';
  const [height, width] = net.size === 'free' ? ['height', 'width'] : (net.size ?? [SIDE, SIDE]);
  return {
    name: 'tiny_vit',
    irVersion: 9,
    opset: 18,
    opsets: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: [n, 3, height, width] }],
    outputs: [{ name: out, type: 'float32', dims: [n, CLASSES] }],
    nodes,
    weights,
    metadata: new Map(),
  };
}
