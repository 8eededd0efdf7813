import { Random } from '../../../src/base/random.js';
import { floatTensor, int64Tensor, sizeOf, type Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { float, type AttributeInput } from '../../../src/graph/attributes.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';

type Attributes = Readonly<Record<string, AttributeInput | undefined>>;
interface Value {
  readonly name: string;
  /** Without the batch. */
  readonly dims: readonly number[];
}

const ACTIVATIONS = [
  'Relu',
  'Relu6',
  'SiLU',
  'SiLU',
  'HardSwish',
  'Sigmoid',
  'Tanh',
  'LeakyRelu',
  'GELU',
  'Softplus',
  'Elu',
];

/**
 * A small vision network drawn from a seed: what exporters write, joined at random. Convolutions of every kind,
 * activations as one node and written out, pools, normalisations, residual sums, concatenations, gates for each channel,
 * enlargements, slices, and sometimes attention at the end. It ends in [batch, 5].
 */
export class RandomNet {
  private readonly random: Random;
  private readonly nodes: GraphNode[] = [];
  private readonly weights = new Map<string, Tensor>();
  private count = 0;
  readonly dims: readonly number[];

  constructor(seed: number) {
    this.random = new Random(seed);
    this.dims = [this.pick([3, 8, 16]), this.pick([12, 15, 16, 24]), this.pick([12, 16, 17])];
  }

  graph(): Graph {
    let now: Value = { name: 'x', dims: this.dims };
    const before: Value[] = [];
    const steps = 4 + this.below(9);
    for (let i = 0; i < steps; i++) {
      now = this.step(now, before);
      before.push(now);
    }
    if (this.below(3) === 0) now = this.attention(now);
    now = this.head(now);
    const value = now.name;
    return {
      name: 'random',
      irVersion: 10,
      opset: 18,
      opsets: new Map(),
      nodes: this.nodes,
      metadata: new Map(),
      inputs: [{ name: 'x', type: 'float32', dims: ['batch', ...this.dims] }],
      outputs: [{ name: value }],
      weights: new Map([...this.weights].map(([name, tensor]) => [name, inMemory(name, tensor)])),
    };
  }

  private step(x: Value, before: readonly Value[]): Value {
    const [, height, width] = x.dims as [number, number, number];
    const kind = this.below(26);
    if (kind < 6) return this.act(this.norm(this.convolution(x)));
    if (kind < 8) return this.act(x);
    if (kind === 8) return this.norm(x);
    if (kind === 9 && Math.min(height, width) > 4) return this.pool(x);
    if (kind === 10) return this.gate(x);
    if (kind === 11) {
      // The residual branch of something that has the same shape.
      const alike = before.filter((v) => v.dims.join() === x.dims.join() && v.name !== x.name);
      if (alike.length === 0) return this.op('Add', [x, this.act(this.convolution(x, { same: true }))], x.dims);
      return this.op('Add', [this.pick(alike), x], x.dims);
    }
    if (kind === 12) {
      const alike = [...before, x].filter((v) => v.dims.slice(1).join() === x.dims.slice(1).join());
      const other = this.pick(alike);
      if (other.dims[0]! + x.dims[0]! > 64) return this.act(x);
      return this.op('Concat', [x, other], [other.dims[0]! + x.dims[0]!, height, width], { axis: 1 });
    }
    if (kind === 13 && height * width < 300) return this.enlarged(x);
    if (kind === 14 && height > 6) {
      const cut = this.int([1, 1], [height - 1, width - 1], [2, 3]);
      return this.op('Slice', [x, ...cut], [x.dims[0]!, height - 2, width - 2]);
    }
    if (kind === 15 && Math.min(height, width) > 1) {
      // More would be joined with a pool behind it to one that ONNX Runtime refuses: pads as wide as its kernel.
      const pads = this.int([0, 0, 1, 1, 0, 0, 0, 1]);
      const mode = this.pick(['constant', 'reflect', 'edge']);
      return this.op('Pad', [x, ...pads], [x.dims[0]!, height + 1, width + 2], { mode });
    }
    if (kind > 15) return this.rarer(x, kind - 16);
    return this.act(x);
  }

  /** What stands in fewer networks. */
  private rarer(x: Value, kind: number): Value {
    const [channels, height, width] = x.dims as [number, number, number];
    const same = (op: string, inputs: readonly Value[], attributes: Attributes = {}): Value =>
      this.op(op, inputs, x.dims, attributes);
    if (kind === 0 && channels % 2 === 0) {
      // The channel shuffle of ShuffleNet.
      const pairs = this.op('Reshape', [x, ...this.int([0, 2, channels / 2, height, width])], []);
      const turned = this.op('Transpose', [pairs], [], { perm: [0, 2, 1, 3, 4] });
      return this.op('Reshape', [turned, ...this.int([0, channels, height, width])], x.dims);
    }
    if (kind === 1 && channels % 2 === 0) {
      // Two halves of the channels, one of them changed, the other way round.
      const half = [channels / 2, height, width];
      const [a, b] = [0, channels / 2].map((from) =>
        this.op('Slice', [x, ...this.int([from], [from + channels / 2], [1])], half),
      ) as [Value, Value];
      return this.op('Concat', [this.act(b), a], x.dims, { axis: 1 });
    }
    if (kind === 2 && channels % 4 === 0)
      return this.op('DepthToSpace', [x], [channels / 4, 2 * height, 2 * width], { blocksize: 2, mode: 'CRD' });
    if (kind === 3 && height % 2 === 0 && width % 2 === 0 && channels < 17)
      return this.op('SpaceToDepth', [x], [4 * channels, height / 2, width / 2], { blocksize: 2 });
    if (kind === 4) {
      // ConvNeXt: channels last, a normalisation over them, a product, and back.
      const last = this.op('Transpose', [x], [height, width, channels], { perm: [0, 2, 3, 1] });
      const normal = this.op('LayerNormalization', [last, this.weight([channels], 1)], last.dims, { axis: -1 });
      const product = this.op('MatMul', [normal, this.weight([channels, channels], channels ** -0.5)], last.dims);
      return this.op('Transpose', [this.act(product)], x.dims, { perm: [0, 3, 1, 2] });
    }
    if (kind === 5 && channels % 2 === 0) {
      // Group normalisation as exporters write it.
      const groups = this.op('Reshape', [x, ...this.int([0, 2, -1])], []);
      const normal = this.op('InstanceNormalization', [groups, this.scalar([1, 1]), this.scalar([0, 0])], []);
      return this.op('Reshape', [normal, ...this.int([0, channels, height, width])], x.dims);
    }
    if (kind === 6) return same('PRelu', [x, this.weight([channels, 1, 1], 0.3)]);
    if (kind === 7) {
      const other = same('Mul', [x, this.weight([channels, 1, 1], 1)]);
      return same(this.pick(['Max', 'Min', 'Sub', 'Mul']), [x, other]);
    }
    if (kind === 8) {
      const auto = { kernel_shape: [3, 3], auto_pad: this.pick(['SAME_UPPER', 'SAME_LOWER']) };
      if (this.below(2) === 0)
        return same('Conv', [x, this.weight([channels, channels, 3, 3], (9 * channels) ** -0.5)], auto);
      const w = this.weight([16, channels, 3, 3], (9 * channels) ** -0.5);
      const attributes = { kernel_shape: [3, 3], dilations: [2, 2], pads: [2, 1, 3, 3] };
      return this.op('Conv', [x, w], [16, height + 1, width], attributes);
    }
    // Distance from zero, smooth: what a regression head takes, and a mean over the channels beside each of them.
    const root = same('Sqrt', [same('Add', [same('Mul', [x, x]), this.scalar(1)])]);
    const mean = this.op('ReduceMean', [root, ...this.int([1])], [1, height, width], { keepdims: 1 });
    return same(this.pick(['Sub', 'Div']), [x, mean]);
  }

  private convolution(x: Value, { same = false } = {}): Value {
    const [channels, height, width] = x.dims as [number, number, number];
    const kernel = this.pick([1, 3, 3, 5]);
    const stride = same || Math.min(height, width) < 6 ? 1 : this.pick([1, 1, 1, 2]);
    const depthwise = this.below(4) === 0;
    const out = same || depthwise ? channels : this.pick([8, 16, 16, 24, 10]);
    const group = depthwise ? channels : channels % 2 === 0 && out % 2 === 0 && this.below(5) === 0 ? 2 : 1;
    const pad = kernel >> 1;
    const w = this.weight([out, channels / group, kernel, kernel], Math.sqrt(2 / ((channels / group) * kernel ** 2)));
    const bias = this.below(2) === 0 ? [this.weight([out], 0.2)] : [];
    const side = (n: number): number => Math.floor((n + 2 * pad - kernel) / stride) + 1;
    const attributes = {
      kernel_shape: [kernel, kernel],
      pads: [pad, pad, pad, pad],
      strides: [stride, stride],
      group,
    };
    return this.op('Conv', [x, w, ...bias], [out, side(height), side(width)], attributes);
  }

  private act(x: Value): Value {
    const kind = this.pick(ACTIVATIONS);
    const same = (op: string, inputs: readonly Value[], attributes: Attributes = {}): Value =>
      this.op(op, inputs, x.dims, attributes);
    if (kind === 'Relu6') return same('Clip', [x, this.scalar(0), this.scalar(this.pick([6, 1, 0.5]))]);
    if (kind === 'SiLU') return same('Mul', this.shuffled([x, same('Sigmoid', [x])]));
    if (kind === 'GELU') {
      const erf = same('Erf', [same('Div', [x, this.scalar(Math.SQRT2)])]);
      return same('Mul', [same('Mul', [x, same('Add', [erf, this.scalar(1)])]), this.scalar(0.5)]);
    }
    return same(kind, [x]);
  }

  private norm(x: Value): Value {
    const channels = x.dims[0]!;
    const kind = this.below(5);
    const positive = (): Value => this.weight([channels], 0.3, (v) => 0.6 + Math.abs(v));
    if (kind === 0)
      return this.op(
        'BatchNormalization',
        [x, positive(), this.weight([channels], 0.2), this.weight([channels], 0.2), positive()],
        x.dims,
      );
    if (kind === 1)
      return this.op('InstanceNormalization', [x, positive(), this.weight([channels], 0.2)], x.dims, {
        epsilon: float(1e-3),
      });
    return x;
  }

  private pool(x: Value): Value {
    const [channels, height, width] = x.dims as [number, number, number];
    const [kernel, stride, pad] = this.pick([
      [2, 2, 0],
      [3, 2, 1],
      [3, 1, 1],
      [3, 2, 0],
    ] as const);
    const side = (n: number): number => Math.floor((n + 2 * pad - kernel) / stride) + 1;
    const average = this.below(2) === 0;
    const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
    if (!average && pad === 0 && stride === 2 && this.below(2) === 0) {
      const up = (n: number): number => Math.ceil((n - kernel) / stride) + 1;
      return this.op('MaxPool', [x], [channels, up(height), up(width)], { ...attributes, ceil_mode: 1 });
    }
    return this.op(average ? 'AveragePool' : 'MaxPool', [x], [channels, side(height), side(width)], {
      ...attributes,
      ...(average && this.below(2) === 0 ? { count_include_pad: 1 } : {}),
    });
  }

  /** Squeeze and excitation. */
  private gate(x: Value): Value {
    const channels = x.dims[0]!;
    const small = [channels, 1, 1];
    const mean =
      this.below(2) === 0
        ? this.op('GlobalAveragePool', [x], small)
        : this.op('ReduceMean', [x, ...this.int([2, 3])], small, { keepdims: 1 });
    const w = this.weight([channels, channels, 1, 1], 1 / Math.sqrt(channels));
    const squeezed = this.op('Conv', [mean, w], small, { kernel_shape: [1, 1] });
    const gate = this.op(this.pick(['Sigmoid', 'HardSigmoid']), [squeezed], small);
    return this.op('Mul', this.shuffled([x, gate]), x.dims);
  }

  private enlarged(x: Value): Value {
    const [channels, height, width] = x.dims as [number, number, number];
    const dims = [channels, 2 * height, 2 * width];
    if (this.below(3) === 0) {
      const w = this.weight([channels, channels, 2, 2], 1 / Math.sqrt(channels));
      return this.op('ConvTranspose', [x, w], dims, { kernel_shape: [2, 2], strides: [2, 2] });
    }
    const scales = this.scalar([1, 1, 2, 2]);
    const nearest = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
    const linear = { mode: 'linear', coordinate_transformation_mode: 'half_pixel' };
    return this.op('Resize', [x, ABSENT, scales], dims, this.below(2) === 0 ? nearest : linear);
  }

  /** Places become tokens that attend to each other once. */
  private attention(x: Value): Value {
    const [channels, height, width] = x.dims as [number, number, number];
    const tokens = height * width;
    const rows = this.op('Reshape', [x, ...this.int([0, channels, tokens])], [channels, tokens]);
    const t = this.op('Transpose', [rows], [tokens, channels], { perm: [0, 2, 1] });
    const normal = this.op('LayerNormalization', [t, this.weight([channels], 1), this.weight([channels], 0.1)], t.dims);
    const [q, k, v] = [0, 1, 2].map(() =>
      this.op('MatMul', [normal, this.weight([channels, channels], 1 / Math.sqrt(channels))], t.dims),
    ) as [Value, Value, Value];
    const turned = this.op('Transpose', [k], [channels, tokens], { perm: [0, 2, 1] });
    const scores = this.op('MatMul', [q, turned], [tokens, tokens]);
    const scaled = this.op('Mul', [scores, this.scalar(1 / Math.sqrt(channels))], scores.dims);
    const weights = this.op('Softmax', [scaled], scores.dims, { axis: -1 });
    const sum = this.op('Add', [t, this.op('MatMul', [weights, v], t.dims)], t.dims);
    const back = this.op('Transpose', [this.act(sum)], [channels, tokens], { perm: [0, 2, 1] });
    return this.op('Reshape', [back, ...this.int([0, channels, height, width])], x.dims);
  }

  private head(x: Value): Value {
    const channels = x.dims[0]!;
    const w = this.weight([5, channels], 1 / Math.sqrt(channels));
    // The mean of what a normalisation made does not depend on the input: something curved stands between them.
    const curved = this.op('Mul', [x, this.op('Sigmoid', [x], x.dims)], x.dims);
    const mean = this.op('GlobalAveragePool', [curved], [channels, 1, 1]);
    const flat = this.op('Flatten', [mean], [channels], { axis: 1 });
    return this.op('Gemm', [flat, w], [5], { transB: 1 });
  }

  private op(op: string, inputs: readonly Value[], dims: readonly number[], attributes: Attributes = {}): Value {
    const name = `v${this.count++}`;
    const given = Object.entries(attributes).filter((e): e is [string, AttributeInput] => e[1] !== undefined);
    this.nodes.push(
      makeNode(
        op,
        name,
        inputs.map((v) => v.name),
        Object.fromEntries(given),
      ),
    );
    return { name, dims };
  }

  private weight(dims: readonly number[], scale: number, change = (v: number): number => v): Value {
    const data = Float32Array.from({ length: sizeOf(dims) }, () => change(scale * this.random.normal()));
    return this.constant(floatTensor([...dims], data));
  }

  private scalar(value: number | readonly number[]): Value {
    const list = typeof value === 'number' ? [value] : value;
    return this.constant(floatTensor(typeof value === 'number' ? [] : [list.length], Float32Array.from(list)));
  }

  private int(...lists: readonly number[][]): Value[] {
    return lists.map((list) => this.constant(int64Tensor([list.length], list)));
  }

  private constant(tensor: Tensor): Value {
    const name = `c${this.count++}`;
    this.weights.set(name, tensor);
    return { name, dims: tensor.dims };
  }

  private below(n: number): number {
    return Math.floor(this.random.uniform() * n);
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  private shuffled(pair: readonly [Value, Value]): readonly Value[] {
    return this.below(2) === 0 ? pair : [pair[1], pair[0]];
  }
}

const ABSENT: Value = { name: '', dims: [] };
