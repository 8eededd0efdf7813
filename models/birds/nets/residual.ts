import type { Graph } from '../../../src/graph/graph.js';
import { Trace } from './trace.js';

const CONV = 'torch.nn.modules.conv.Conv2d';
const NORM = 'torch.nn.modules.batchnorm.BatchNorm2d';
const SEQUENCE = 'torch.nn.modules.container.Sequential';

export interface ResidualSize {
  readonly classes: number;
  /** Blocks in each of the three stages; the net has 6 blocks + 2 layers. */
  readonly blocks: number;
  /** Channels of the three stages. Multiples of 16 fill the lanes of the blocked form. */
  readonly widths: readonly [number, number, number];
  /** Edge length of the pictures in pixels. */
  readonly size: number;
}

/** `ResidualNet` of net.py: `image [batch, 3, size, size]` → `logits [batch, classes]`. */
export function residualNet({ classes, blocks, widths, size }: ResidualSize): Graph {
  const t = new Trace('ResidualNet');
  const [first, , last] = widths;
  let x = t.line('x = F.relu(self.stem_bn(self.stem(x)))', () => {
    const y = t.module('stem', CONV, () => conv(t, 'image', [first, 3, 7], 2));
    return t.call('relu', 'Relu', [t.module('stem_bn', NORM, () => norm(t, y, first))]);
  });
  let inputs = first;
  for (const [i, width] of widths.entries()) {
    const name = `stage${i + 1}`;
    x = t.line(`x = self.${name}(x)`, () =>
      t.module(name, SEQUENCE, () => {
        let y = x;
        for (let k = 0; k < blocks; k++) {
          const wide = { inputs, outputs: width, stride: i > 0 && k === 0 ? 2 : 1 };
          y = t.module(String(k), 'Block', () => block(t, y, wide));
          inputs = width;
        }
        return y;
      }),
    );
  }
  x = t.line('x = x.mean(dim=(2, 3))', () => t.call('mean', 'ReduceMean', [x, t.integers([2, 3])], { keepdims: 0 }));
  const logits = t.line('return self.head(x)', () =>
    t.module('head', 'torch.nn.modules.linear.Linear', () =>
      t.call('linear', 'Gemm', [x, t.weight('weight', [classes, last]), t.weight('bias', [classes])], { transB: 1 }),
    ),
  );
  return t.graph(
    'ResidualNet',
    { name: 'image', dims: ['batch', 3, size, size] },
    { name: 'logits', value: logits, dims: ['batch', classes] },
  );
}

function block(
  t: Trace,
  x: string,
  { inputs, outputs, stride }: { readonly inputs: number; readonly outputs: number; readonly stride: number },
): string {
  let y = t.line('y = F.relu(self.bn1(self.conv1(x)))', () => {
    const filtered = t.module('conv1', CONV, () => conv(t, x, [outputs, inputs, 3], stride));
    return t.call('relu', 'Relu', [t.module('bn1', NORM, () => norm(t, filtered, outputs))]);
  });
  y = t.line('y = self.bn2(self.conv2(y))', () => {
    const filtered = t.module('conv2', CONV, () => conv(t, y, [outputs, outputs, 3], 1));
    return t.module('bn2', NORM, () => norm(t, filtered, outputs));
  });
  return t.line('return F.relu(y + self.shortcut(x))', () => {
    const direct = stride === 1 && inputs === outputs ? x : t.module('shortcut', SEQUENCE, () => shortcut());
    return t.call('relu', 'Relu', [t.call('add', 'Add', [y, direct])]);
  });

  function shortcut(): string {
    const narrowed = t.module('0', CONV, () => conv(t, x, [outputs, inputs, 1], stride));
    return t.module('1', NORM, () => norm(t, narrowed, outputs));
  }
}

/** A convolution without a bias that keeps the picture's size, or divides it by its stride. */
function conv(t: Trace, x: string, [outputs, inputs, edge]: readonly [number, number, number], stride: number): string {
  const pad = (edge - 1) / 2;
  return t.call('conv2d', 'Conv', [x, t.weight('weight', [outputs, inputs, edge, edge])], {
    kernel_shape: [edge, edge],
    pads: [pad, pad, pad, pad],
    strides: [stride, stride],
  });
}

/** PyTorch's momentum of 0.1 is ONNX's of 0.9: the share of the old value. */
function norm(t: Trace, x: string, channels: number): string {
  const inputs = [
    x,
    t.weight('weight', [channels], 1),
    t.weight('bias', [channels]),
    t.weight('running_mean', [channels]),
    t.weight('running_var', [channels], 1),
  ];
  return t.call('batch_norm', 'BatchNormalization', inputs, { epsilon: { float: 1e-5 }, momentum: { float: 0.9 } });
}
