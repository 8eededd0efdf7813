import { dimsAt, type Facts } from '../facts.js';
import type { Graph, GraphNode } from '../graph.js';
import { isPointwise, operator } from '../operators/operators.js';
import { smallFloats, smallIntegers } from '../constants.js';
import { kernelInput } from './flops.js';

/**
 * Which part of the picture a unit sees, by exact arithmetic on the graph (Araujo, Norris and Sim, "Computing Receptive
 * Fields of Convolutional Neural Networks", Distill 2019): along an axis of the input, unit `i` of a value sees the
 * pixels `jump·i + low` to `jump·i + high`, both included.
 */
export interface AxisField {
  readonly jump: number;
  readonly low: number;
  readonly high: number;
}

/** A value's field of view. */
export interface Field {
  /** Axes of the value that run down and across the picture. */
  readonly axes: readonly [vertical: number, horizontal: number];
  readonly vertical: AxisField;
  readonly horizontal: AxisField;
  /** Whether something that sees the whole picture scales it (squeeze-and-excitation): the field is that of the path without it. */
  readonly gated: boolean;
}

/** `whole`: every unit sees all of the picture. Absent: the value does not depend on the picture. */
export type FieldOfView = Field | 'whole';

/**
 * Fields of view of all values that depend on an input.
 *
 * @param axes vertical and horizontal axis of the input: 2 and 3 for NCHW, 1 and 2 for NHWC
 */
export function receptiveFields(
  graph: Graph,
  facts: Facts,
  input: string,
  axes: readonly [number, number],
): ReadonlyMap<string, FieldOfView> {
  const pixel: AxisField = { jump: 1, low: 0, high: 0 };
  const fields = new Map<string, FieldOfView>([[input, { axes, vertical: pixel, horizontal: pixel, gated: false }]]);
  const walk = new Walk(graph, facts, fields);
  for (const node of graph.nodes) walk.visit(node);
  return fields;
}

class Walk {
  constructor(
    private readonly graph: Graph,
    private readonly facts: Facts,
    private readonly fields: Map<string, FieldOfView>,
  ) {}

  visit(node: GraphNode): void {
    // What these answer says nothing about the picture's values.
    if (operator(node).shapeOnly === true) return;
    const seen = node.inputs.some((v) => this.fields.has(v));
    if (!seen) return;
    const field = this.through(node);
    for (const output of node.outputs) if (output !== '') this.fields.set(output, field);
  }

  private through(node: GraphNode): FieldOfView {
    if (node.domain !== '' && node.op !== 'FusedConv') return 'whole';
    if (isPointwise(node)) return this.merged(node);
    const first = this.fields.get(node.inputs[0] ?? '');
    if (first === undefined || first === 'whole') return this.fallback(node);
    const rank = this.dims(node.inputs[0] ?? '')?.length;
    const windowed = operator(node).window === true && first.axes[0] === 2 && first.axes[1] === 3 && rank === 4;
    if (windowed) return this.windows(node, first);
    switch (node.op) {
      case 'ConvTranspose':
        return rank === 4 && first.axes[0] === 2 ? this.transposed(node, first) : 'whole';
      case 'Transpose': {
        const perm = node.attributes.ints('perm') ?? Array.from({ length: rank ?? 0 }, (_, i) => rank! - 1 - i);
        return { ...first, axes: [perm.indexOf(first.axes[0]), perm.indexOf(first.axes[1])] };
      }
      case 'Pad':
        return this.padded(node, first);
      case 'Slice':
        return this.sliced(node, first);
      case 'Resize':
        return this.resized(node, first);
      case 'LayerNormalization':
      case 'RMSNormalization':
      case 'Softmax':
      case 'LogSoftmax': {
        const axis = node.attributes.int('axis', -1);
        const at = axis < 0 ? axis + (rank ?? 0) : axis;
        const single = node.op.includes('Softmax');
        const touched = single ? first.axes.includes(at) : first.axes.some((a) => a >= at);
        return touched ? 'whole' : first;
      }
      case 'MatMul': {
        // Channels last: each position is multiplied by itself.
        const other = this.fields.has(node.inputs[1] ?? '');
        return other || first.axes.includes((rank ?? 0) - 1) ? 'whole' : first;
      }
      case 'Gather': {
        const axis = node.attributes.int('axis', 0);
        const scalar = this.dims(node.inputs[1] ?? '')?.length === 0;
        const at = axis < 0 ? axis + (rank ?? 0) : axis;
        if (first.axes.includes(at)) return 'whole';
        const shift = (a: number): number => (scalar && a > at ? a - 1 : a);
        return { ...first, axes: [shift(first.axes[0]), shift(first.axes[1])] };
      }
      default:
        return this.fallback(node, first);
    }
  }

  /** Reductions and reshapes that leave the two axes of the picture alone. */
  private fallback(node: GraphNode, field?: Field): FieldOfView {
    if (field === undefined) return 'whole';
    const before = this.dims(node.inputs[0] ?? '');
    if (node.op.startsWith('Reduce') || node.op.startsWith('Arg')) {
      const axes = node.op.startsWith('Arg')
        ? [node.attributes.int('axis', 0)]
        : smallIntegers(this.graph.weights.get(node.inputs[1] ?? ''));
      if (axes === undefined || before === undefined) return 'whole';
      const gone = axes.map((a) => (a < 0 ? a + before.length : a));
      if (gone.some((a) => field.axes.includes(a))) return 'whole';
      if (node.attributes.int('keepdims', 1) !== 0) return field;
      const shift = (a: number): number => a - gone.filter((g) => g < a).length;
      return { ...field, axes: [shift(field.axes[0]), shift(field.axes[1])] };
    }
    if (node.op === 'DepthToSpace' || node.op === 'SpaceToDepth') {
      const block = node.attributes.int('blocksize', 1);
      const scaled = (f: AxisField): AxisField =>
        node.op === 'SpaceToDepth'
          ? { jump: f.jump * block, low: f.low, high: f.high + f.jump * (block - 1) }
          : spread(f, f.jump / block, 0, block);
      return { ...field, vertical: scaled(field.vertical), horizontal: scaled(field.horizontal) };
    }
    return 'whole';
  }

  /** Union of what the inputs see. Where one of them sees everything but has one element per channel, it is a gate. */
  private merged(node: GraphNode): FieldOfView {
    let field: Field | undefined;
    const wholes: string[] = [];
    for (const value of node.inputs) {
      const one = this.fields.get(value);
      if (one === undefined) continue;
      if (one === 'whole') wholes.push(value);
      else if (field === undefined) field = one;
      else {
        const sum = union(field, one);
        if (sum === undefined) return 'whole';
        field = sum;
      }
    }
    if (field === undefined) return 'whole';
    const axes = field.axes;
    const concat = node.op === 'Concat' ? node.attributes.int('axis', 0) : undefined;
    const rank = this.dims(node.outputs[0] ?? '')?.length ?? 0;
    if (concat !== undefined && axes.includes(concat < 0 ? concat + rank : concat)) return 'whole';
    if (node.op === 'Split' && axes.includes(axisOf(node.attributes.int('axis', 0), rank))) return 'whole';
    if (wholes.length === 0) return field;
    const gates = wholes.every((value) => {
      const dims = this.dims(value);
      return dims !== undefined && axes.every((a) => dims.at(a - rank) === undefined || dims.at(a - rank) === 1);
    });
    return gates && concat === undefined ? { ...field, gated: true } : 'whole';
  }

  private windows(node: GraphNode, field: Field): FieldOfView {
    const weight = this.dims(node.inputs[kernelInput(node) ?? -1] ?? '');
    const kernel = node.attributes.ints('kernel_shape') ?? weight?.slice(2);
    if (kernel === undefined || kernel.length !== 2) return 'whole';
    const strides = node.attributes.ints('strides') ?? [1, 1];
    const dilations = node.attributes.ints('dilations') ?? [1, 1];
    const pads = this.padsOf(node, kernel, strides, dilations);
    if (pads === undefined) return 'whole';
    const axis = (f: AxisField, k: number): AxisField => ({
      jump: f.jump * strides[k]!,
      low: f.low - f.jump * pads[k]!,
      high: f.high + f.jump * ((kernel[k]! - 1) * dilations[k]! - pads[k]!),
    });
    return { ...field, vertical: axis(field.vertical, 0), horizontal: axis(field.horizontal, 1) };
  }

  /** Padding before the first element, vertically and horizontally. */
  private padsOf(
    node: GraphNode,
    kernel: readonly number[],
    strides: readonly number[],
    dilations: readonly number[],
  ): readonly number[] | undefined {
    const auto = node.attributes.string('auto_pad', 'NOTSET');
    if (auto === 'NOTSET') return node.attributes.ints('pads') ?? [0, 0, 0, 0];
    if (auto === 'VALID') return [0, 0];
    const [before, after] = [this.dims(node.inputs[0] ?? ''), this.dims(node.outputs[0] ?? '')];
    if (before === undefined || after === undefined) return undefined;
    return [0, 1].map((k) => {
      const reach = (kernel[k]! - 1) * dilations[k]! + 1;
      const all = Math.max(0, (after[k + 2]! - 1) * strides[k]! + reach - before[k + 2]!);
      return auto === 'SAME_UPPER' ? Math.floor(all / 2) : Math.ceil(all / 2);
    });
  }

  private transposed(node: GraphNode, field: Field): FieldOfView {
    const kernel = node.attributes.ints('kernel_shape') ?? this.dims(node.inputs[1] ?? '')?.slice(2);
    const auto = node.attributes.string('auto_pad', 'NOTSET');
    if (kernel === undefined || kernel.length !== 2 || auto.startsWith('SAME')) return 'whole';
    const strides = node.attributes.ints('strides') ?? [1, 1];
    const dilations = node.attributes.ints('dilations') ?? [1, 1];
    const pads = node.attributes.ints('pads') ?? [0, 0, 0, 0];
    // Output o comes from the inputs i with 0 <= o + pad - i·stride <= reach.
    const axis = (f: AxisField, k: number): AxisField => {
      const jump = f.jump / strides[k]!;
      const reach = (kernel[k]! - 1) * dilations[k]!;
      return { jump, low: f.low + jump * (pads[k]! - reach), high: f.high + jump * pads[k]! };
    };
    return { ...field, vertical: axis(field.vertical, 0), horizontal: axis(field.horizontal, 1) };
  }

  private padded(node: GraphNode, field: Field): FieldOfView {
    const pads = smallIntegers(this.graph.weights.get(node.inputs[1] ?? '')) ?? this.constant(node.inputs[1]);
    if (pads === undefined || (node.inputs[3] ?? '') !== '') return 'whole';
    const shift = (f: AxisField, axis: number): AxisField => moved(f, -f.jump * (pads[axis] ?? 0));
    return {
      ...field,
      vertical: shift(field.vertical, field.axes[0]),
      horizontal: shift(field.horizontal, field.axes[1]),
    };
  }

  private sliced(node: GraphNode, field: Field): FieldOfView {
    const list = (i: number): number[] | undefined =>
      smallIntegers(this.graph.weights.get(node.inputs[i] ?? '')) ?? this.constant(node.inputs[i]);
    const starts = list(1);
    const dims = this.dims(node.inputs[0] ?? '');
    if (starts === undefined || dims === undefined) return 'whole';
    const axes = (list(3) ?? starts.map((_, i) => i)).map((a) => axisOf(a, dims.length));
    const steps = list(4) ?? starts.map(() => 1);
    let { vertical, horizontal } = field;
    for (const [i, axis] of axes.entries()) {
      const start = starts[i]! < 0 ? starts[i]! + dims[axis]! : Math.min(starts[i]!, dims[axis]!);
      const cut = (f: AxisField): AxisField => {
        const from = moved(f, f.jump * start);
        return { ...from, jump: f.jump * (steps[i] ?? 1) };
      };
      if (steps[i]! < 0 && field.axes.includes(axis)) return 'whole';
      if (axis === field.axes[0]) vertical = cut(vertical);
      if (axis === field.axes[1]) horizontal = cut(horizontal);
    }
    return { ...field, vertical, horizontal };
  }

  private resized(node: GraphNode, field: Field): FieldOfView {
    const [before, after] = [this.dims(node.inputs[0] ?? ''), this.dims(node.outputs[0] ?? '')];
    if (before === undefined || after === undefined) return 'whole';
    const reach = { nearest: 1, linear: 1, cubic: 2 }[node.attributes.string('mode', 'nearest')] ?? 2;
    const given = smallFloats(this.graph.weights.get(node.inputs[2] ?? ''));
    const axis = (f: AxisField, k: number): AxisField => {
      const scale = given !== undefined && given.length === before.length ? given[k]! : after[k]! / before[k]!;
      if (scale === 1) return f;
      const wide = Math.max(1, 1 / scale);
      return { jump: f.jump / scale, low: f.low - f.jump * reach * wide, high: f.high + f.jump * reach * wide };
    };
    return {
      ...field,
      vertical: axis(field.vertical, field.axes[0]),
      horizontal: axis(field.horizontal, field.axes[1]),
    };
  }

  private dims(value: string): readonly number[] | undefined {
    const fact = this.facts.get(value);
    return fact === undefined ? this.graph.weights.get(value)?.dims : dimsAt(fact, this.facts.batch);
  }

  private constant(value: string | undefined): number[] | undefined {
    const tensor = value === undefined ? undefined : this.facts.get(value)?.constant;
    return tensor === undefined ? undefined : Array.from(tensor.data as ArrayLike<number | bigint>, Number);
  }
}

function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

function moved(f: AxisField, by: number): AxisField {
  return { jump: f.jump, low: f.low + by, high: f.high + by };
}

/** Units that share one element of the coarser grid each see all that it sees. */
function spread(f: AxisField, jump: number, offset: number, block: number): AxisField {
  return { jump, low: f.low + offset - jump * (block - 1), high: f.high + offset };
}

function union(a: Field, b: Field): Field | undefined {
  if (a.axes[0] !== b.axes[0] || a.axes[1] !== b.axes[1]) return undefined;
  const axis = (x: AxisField, y: AxisField): AxisField | undefined =>
    Math.abs(x.jump - y.jump) > 1e-9
      ? undefined
      : { jump: x.jump, low: Math.min(x.low, y.low), high: Math.max(x.high, y.high) };
  const [vertical, horizontal] = [axis(a.vertical, b.vertical), axis(a.horizontal, b.horizontal)];
  if (vertical === undefined || horizontal === undefined) return undefined;
  return { axes: a.axes, vertical, horizontal, gated: a.gated || b.gated };
}
