import { numbers } from '../../../gradient/emit/tape.js';
import { makeAttributes, type AttributeInput } from '../../../graph/attributes.js';
import type { GraphNode } from '../../../graph/graph.js';
import type { StoredTensor } from '../../../graph/values.js';

/** Domain of ONNX Runtime's operators on the blocked layout. It writes them itself where filters are constants. */
export const NCHWC = 'com.microsoft.nchwc';

type NewAttributes = Readonly<Record<string, AttributeInput | undefined>>;

/**
 * A picture-shaped value in the blocked layout: [n, c/B, h, w, B] with the channels filled up to whole blocks, declared as
 * [n, c', h, w]. What the channels that fill up hold means nothing, but is finite: weights are 0 there, and what is read out
 * is cropped.
 */
export interface Blocked {
  readonly ref: string;
  readonly n: number;
  /** Channels that count. */
  readonly c: number;
  readonly h: number;
  readonly w: number;
}

/** Writes nodes in order, with names that nobody uses, and shared small constants. */
export class Writer {
  readonly nodes: GraphNode[] = [];
  readonly weights = new Map<string, StoredTensor>();
  /** What new names begin with. */
  scope = 'step';
  private readonly constants = new Map<string, string>();
  private counter = 0;

  /**
   * @param taken names in use
   * @param block channels of a block: 16 with AVX-512, else 8
   */
  constructor(
    private readonly taken: ReadonlySet<string>,
    readonly block: number,
  ) {}

  /** Channels filled up to whole blocks. */
  full(channels: number): number {
    return Math.ceil(channels / this.block) * this.block;
  }

  op(op: string, inputs: readonly (string | undefined)[], attributes?: NewAttributes, domain = ''): string {
    const name = this.name(op);
    this.push(op, name, inputs, attributes, domain);
    return name;
  }

  /** A node whose output has a given name. */
  named(output: string, op: string, inputs: readonly string[], attributes?: NewAttributes, domain = ''): void {
    this.push(op, output, inputs, attributes, domain);
  }

  nchwc(op: string, inputs: readonly (string | undefined)[], attributes?: NewAttributes): string {
    return this.op(op, inputs, attributes, NCHWC);
  }

  name(what: string): string {
    let name: string;
    do name = `${this.scope}/nchwc/${what}_${this.counter++}`;
    while (this.taken.has(name));
    return name;
  }

  floats(dims: readonly number[], values: readonly number[] | Float64Array): string {
    return this.constant('float32', dims, values);
  }

  ints(values: readonly number[]): string {
    return this.constant('int64', [values.length], values);
  }

  reshape(v: string, dims: readonly number[]): string {
    return this.op('Reshape', [v, this.ints(dims)]);
  }

  transpose(v: string, perm: readonly number[]): string {
    return perm.every((p, i) => p === i) ? v : this.op('Transpose', [v], { perm });
  }

  /** Zeros (or `value`) around; negative numbers cut off. */
  pad(v: string, before: readonly number[], after: readonly number[], value?: number): string {
    if ([...before, ...after].every((p) => p === 0)) return v;
    return this.op('Pad', [v, this.ints([...before, ...after]), value === undefined ? undefined : this.scalar(value)]);
  }

  /** The first elements along some axes, of a value with these dimensions. */
  crop(v: string, dims: readonly number[], to: readonly number[]): string {
    const axes = dims.map((_, i) => i).filter((i) => to[i] !== dims[i]);
    if (axes.length === 0) return v;
    const ends = axes.map((i) => to[i]!);
    return this.op('Slice', [v, this.ints(axes.map(() => 0)), this.ints(ends), this.ints(axes)]);
  }

  concat(values: readonly string[], axis: number): string {
    return values.length === 1 ? values[0]! : this.op('Concat', values, { axis });
  }

  scalar(value: number): string {
    return this.floats([], [value]);
  }

  add(a: string, b: string): string {
    return this.op('Add', [a, b]);
  }

  sub(a: string, b: string): string {
    return this.op('Sub', [a, b]);
  }

  mul(a: string, b: string): string {
    return this.op('Mul', [a, b]);
  }

  times(a: string, factor: number): string {
    return factor === 1 ? a : this.mul(a, this.scalar(factor));
  }

  private constant(
    type: 'float32' | 'int64',
    dims: readonly number[],
    values: readonly number[] | Float64Array,
  ): string {
    const key = values.length <= 4096 ? `${type}[${dims.join()}]${values.join()}` : '';
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = this.name('constant');
    this.weights.set(name, { name, type, dims, at: { kind: 'memory', tensor: numbers(type, dims, values) } });
    if (key !== '') this.constants.set(key, name);
    return name;
  }

  private push(
    op: string,
    output: string,
    inputs: readonly (string | undefined)[],
    attributes: NewAttributes | undefined,
    domain: string,
  ): void {
    const last = inputs.findLastIndex((i) => i !== undefined);
    this.nodes.push({
      name: output,
      op,
      domain,
      inputs: inputs.slice(0, last + 1).map((i) => i ?? ''),
      outputs: [output],
      attributes: makeAttributes(attributes ?? {}),
      doc: '',
      metadata: new Map(),
    });
  }
}

/** A plain [n, c, h, w] in the blocked layout. */
export function enter(w: Writer, v: string, [n, c, h, width]: readonly number[]): Blocked {
  const filled = w.pad(v, [0, 0, 0, 0], [0, w.full(c!) - c!, 0, 0]);
  return { ref: w.nchwc('ReorderInput', [filled]), n: n!, c: c!, h: h!, w: width! };
}

/** A blocked value as plain [n, c, h, w], under a given name. */
export function leave(w: Writer, v: Blocked, name: string): void {
  w.named(name, 'ReorderOutput', [v.ref], { channels: v.c }, NCHWC);
}

/** factor·v + shift for each channel, as a convolution of one place. Factor and shift: [c'] with the channels filled up. */
export function perChannel(w: Writer, v: Blocked, factor: string, shift?: string, sum?: Blocked): Blocked {
  const channels = w.full(v.c);
  const kernel = w.reshape(factor, [channels, 1, 1, 1]);
  const ref = w.nchwc('Conv', [v.ref, kernel, shift, sum?.ref], { kernel_shape: [1, 1], group: channels });
  return { ...v, ref };
}

/** The same with numbers. */
export function affine(w: Writer, v: Blocked, factor: number, shift: number, sum?: Blocked): Blocked {
  const channels = w.full(v.c);
  const fill = (x: number): string => w.floats([channels], Array<number>(channels).fill(x));
  return perChannel(w, v, fill(factor), shift === 0 ? undefined : fill(shift), sum);
}

/** An elementwise operator on blocked values of one shape. */
export function each(w: Writer, op: string, values: readonly Blocked[], attributes?: NewAttributes): Blocked {
  const refs = values.map((v) => v.ref);
  return { ...values[0]!, ref: w.op(op, refs, attributes) };
}

/** Mean over the positions: [n, c'], which lies alike in both layouts. */
export function meanOverPositions(w: Writer, v: Blocked): string {
  return w.reshape(w.nchwc('GlobalAveragePool', [v.ref]), [v.n, w.full(v.c)]);
}

/** [c] or [n, c] with zeros up to whole blocks. */
export function filledUp(w: Writer, v: string, dims: readonly number[]): string {
  const none = dims.map(() => 0);
  const c = dims.at(-1)!;
  return w.pad(v, none, [...none.slice(1), w.full(c) - c]);
}
