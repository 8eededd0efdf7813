import { floatTensor, int64Tensor, type FloatTensor, type Tensor } from '../../../../src/base/tensor.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { AttributeInput } from '../../../../src/graph/attributes.js';
import type { Graph, GraphNode } from '../../../../src/graph/graph.js';
import { net, noise } from './net.js';

interface Kernel {
  readonly stride?: number;
  readonly group?: number;
  readonly bias?: boolean;
  readonly dilation?: number;
  readonly pad?: number;
}

/** Writes a network layer by layer; each answers the name of its output. */
export class Layers {
  private readonly nodes: GraphNode[] = [];
  private readonly weights: Record<string, Tensor> = {};
  private count = 0;

  op(op: string, inputs: readonly string[], attributes: Record<string, AttributeInput> = {}): string {
    const name = `${op.toLowerCase()}${this.count++}`;
    this.nodes.push(makeNode(op, name, inputs, attributes));
    return name;
  }

  weight(what: string, value: Tensor): string {
    const name = `w${this.count++}.${what}`;
    this.weights[name] = value;
    return name;
  }

  conv(x: string, [from, to]: readonly [number, number], k: number, more: Kernel = {}): string {
    const { stride = 1, group = 1, bias = false, dilation = 1 } = more;
    const pad = more.pad ?? (dilation * (k - 1)) >> 1;
    const dims = [to, from / group, k, k];
    const scale = Math.sqrt(2 / ((from / group) * k * k));
    const inputs = [x, this.weight('weight', noise(dims, this.count, scale))];
    if (bias) inputs.push(this.weight('bias', noise([to], this.count, 0.1)));
    return this.op('Conv', inputs, {
      kernel_shape: [k, k],
      strides: [stride, stride],
      dilations: [dilation, dilation],
      pads: [pad, pad, pad, pad],
      group,
    });
  }

  norm(x: string, channels: number): string {
    const around = (middle: number, seed: number): FloatTensor => {
      const t = noise([channels], seed, 0.1);
      return floatTensor(
        [channels],
        t.data.map((v) => v + middle),
      );
    };
    const at = this.count;
    return this.op('BatchNormalization', [
      x,
      this.weight('scale', around(1, at)),
      this.weight('shift', around(0, at + 1)),
      this.weight('running_mean', around(0, at + 2)),
      this.weight('running_var', around(2, at + 3)),
    ]);
  }

  relu(x: string): string {
    return this.op('Relu', [x]);
  }

  /** conv, norm, relu, conv, norm, + shortcut, relu */
  block(x: string, [from, to]: readonly [number, number], stride = 1): string {
    const inner = this.relu(this.norm(this.conv(x, [from, to], 3, { stride }), to));
    const y = this.norm(this.conv(inner, [to, to], 3), to);
    const shortcut = from === to && stride === 1 ? x : this.norm(this.conv(x, [from, to], 1, { stride }), to);
    return this.relu(this.op('Add', [y, shortcut]));
  }

  mean(x: string, keep = 0): string {
    return this.op('ReduceMean', [x, this.weight('axes', int64Tensor([2], [2, 3]))], { keepdims: keep });
  }

  linear(x: string, [from, to]: readonly [number, number]): string {
    const weight = this.weight('weight', noise([to, from], this.count, Math.sqrt(1 / from)));
    return this.op('Gemm', [x, weight, this.weight('bias', noise([to], this.count, 0.1))], { transB: 1 });
  }

  /** The network up to its last layer. */
  graph(picture: readonly number[]): Graph {
    return net(this.nodes, this.weights, picture);
  }
}

/** ResNet of He et al. 2016 for small pictures: `depth` blocks in each of three stages. */
export function residualNet(batch: number, side: number, depth: number, classes = 10): Graph {
  const l = new Layers();
  let x = l.relu(l.norm(l.conv('picture', [3, 16], 3), 16));
  let from = 16;
  for (const [stage, to] of [16, 32, 64].entries())
    for (let i = 0; i < depth; i++) {
      x = l.block(x, [from, to], stage > 0 && i === 0 ? 2 : 1);
      from = to;
    }
  l.linear(l.op('Flatten', [l.op('GlobalAveragePool', [x])]), [64, classes]);
  return l.graph([batch, 3, side, side]);
}

/** The field guide's network: a stem of 7×7 filters and channels that fill no blocks. */
export function guideNet(batch: number, side: number, classes = 12): Graph {
  const l = new Layers();
  const stem = l.relu(l.norm(l.conv('picture', [3, 24], 7), 24));
  let x = l.op('MaxPool', [stem], { kernel_shape: [2, 2], strides: [2, 2] });
  x = l.block(x, [24, 32]);
  x = l.block(x, [32, 56], 2);
  x = l.block(x, [56, 88], 2);
  l.linear(l.mean(x), [88, classes]);
  return l.graph([batch, 3, side, side]);
}
