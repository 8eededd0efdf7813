import { isFloating } from '../../../../base/tensor.js';
import { dimsAt, type Facts } from '../../../../graph/facts.js';
import type { GraphNode } from '../../../../graph/graph.js';
import { isPointwise } from '../../../../graph/operators/operators.js';
import type { Sliding } from './windows.js';

/** How an operator's output depends on its input's position in the map. */
export type Locality =
  /** Each output element depends on the input elements at the same place. */
  | { readonly kind: 'pointwise' }
  | { readonly kind: 'sliding'; readonly y: Sliding; readonly x: Sliding; readonly padding: number }
  | { readonly kind: 'global' };

/** Padding of a max pool: below every float32 activation, and finite, so that it survives any arithmetic. */
const LOWEST = -3.4028234663852886e38;

/** Locality of a node over `[n, C, H, W]` maps; `input` is the value that moves. */
export function localityOf(node: GraphNode, facts: Facts, input: string): Locality {
  const global: Locality = { kind: 'global' };
  if (node.domain !== '') return global;
  const output = node.outputs[0]!;
  const before = facts.get(input);
  const after = facts.get(output);
  if (before?.base.length !== 4 || after?.base.length !== 4) return global;
  if (node.outputs.slice(1).some((o) => o !== '')) return global;
  // Windows are pasted into maps of numbers.
  if (!isFloating(before.type) || !isFloating(after.type)) return global;
  const { attributes } = node;
  if (node.op === 'Concat') return (attributes.int('axis', 0) + 4) % 4 === 1 ? { kind: 'pointwise' } : global;
  if (isPointwise(node)) return { kind: 'pointwise' };
  if (node.op !== 'Conv' && node.op !== 'MaxPool' && node.op !== 'AveragePool') return global;
  const kernel = node.op === 'Conv' ? facts.get(node.inputs[1]!)?.base.slice(2) : attributes.ints('kernel_shape');
  if (kernel?.length !== 2) return global;
  const strides = attributes.ints('strides', [1, 1]);
  const dilations = attributes.ints('dilations', [1, 1]);
  const from = dimsAt(before, 1).slice(2);
  const to = dimsAt(after, 1).slice(2);
  const auto = attributes.string('auto_pad', 'NOTSET');
  const pads = attributes.ints('pads', [0, 0, 0, 0]);
  const axis = (i: number): Sliding => {
    const sliding = { kernel: kernel[i]!, stride: strides[i]!, dilation: dilations[i]!, output: to[i]! };
    const extent = sliding.dilation * (sliding.kernel - 1) + 1;
    const total = Math.max(0, (sliding.output - 1) * sliding.stride + extent - from[i]!);
    const begin =
      auto === 'SAME_UPPER' ? Math.floor(total / 2)
      : auto === 'SAME_LOWER' ? Math.ceil(total / 2)
      : auto === 'VALID' ? 0
      : pads[i]!; // prettier-ignore
    return { ...sliding, begin };
  };
  const [y, x] = [axis(0), axis(1)];
  if (node.op === 'AveragePool') {
    // Windows that reach past the map are averaged over fewer elements: only unpadded pooling is the same everywhere.
    const padded = [y, x].some(
      (s, i) => s.begin > 0 || (s.output - 1) * s.stride + s.dilation * (s.kernel - 1) + 1 > from[i]!,
    );
    if (padded) return global;
  }
  return { kind: 'sliding', y, x, padding: node.op === 'MaxPool' ? LOWEST : 0 };
}
