import type { ElementType, Tensor } from '../../../base/tensor.js';
import { dimsAt, type Facts, type ValueFact } from '../../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../../graph/graph.js';
import { inferNode } from '../../../graph/types.js';
import { inferDims } from '../../../gradient/emit/inference.js';
import { codeOf } from '../../../gradient/emit/codes.js';
import { interleave, type Planes } from './convolution.js';
import type { Convolution } from './geometry.js';
import { enter, leave, Writer, type Blocked } from './writer.js';

/** What a step is lowered for. */
export interface Lowering {
  readonly facts: Facts;
  /** Samples of a step: blocked shapes are fixed. */
  readonly batch: number;
  /** Channels of a block on this processor. */
  readonly block: number;
}

/** The values of a step while it is lowered: which of them are in the layout, and which are not. */
export class Values {
  protected readonly w: Writer;
  protected readonly dims = new Map<string, readonly number[]>();
  protected readonly types = new Map<string, ElementType>();
  /** Values in the layout. */
  protected readonly inside = new Map<string, Blocked>();
  /** Values that are written when somebody asks for them: inside the layout, or outside. */
  protected readonly pending = new Map<string, { inside(): Blocked; outside?: () => void }>();
  /** Strided gradients whose phases are not interleaved yet. */
  protected readonly phases = new Map<string, { planes: Planes; s: Convolution }>();
  protected readonly outside = new Set<string>();
  protected readonly uses = new Map<string, number>();

  constructor(
    protected readonly graph: Graph,
    protected readonly how: Lowering,
  ) {
    this.w = new Writer(indexOf(graph).names, how.block);
  }

  protected learn(node: GraphNode): void {
    inferNode(node, this.types);
    for (const output of node.outputs) {
      const fact = this.how.facts.get(output);
      if (fact === undefined) continue;
      this.types.set(output, fact.type);
      this.dims.set(output, dimsAt(fact, this.how.batch));
    }
    if (node.outputs.every((o) => o === '' || this.dims.has(o))) return;
    const facts = node.inputs.map((v): ValueFact | undefined => {
      const dims = this.dims.get(v);
      const type = this.types.get(v);
      return dims === undefined || type === undefined ? undefined : { type, base: dims, slope: dims.map(() => 0) };
    });
    const found = inferDims(node, facts, (i) => this.constant(node.inputs[i] ?? ''));
    node.outputs.forEach((output, i) => {
      const dims = found?.[i];
      if (dims !== undefined && !this.dims.has(output))
        this.dims.set(
          output,
          dims.map((d) => d.base),
        );
    });
  }

  protected constant(value: string): Tensor | undefined {
    const weight = this.graph.weights.get(value);
    return weight?.at.kind === 'memory' ? weight.at.tensor : this.how.facts.get(value)?.constant;
  }

  /** A value as the operators of ai.onnx read it, under its own name. */
  protected plain(value: string): string {
    if (value === '' || this.outside.has(value)) return value;
    const waiting = this.pending.get(value);
    if (waiting?.outside !== undefined && !this.inside.has(value)) waiting.outside();
    else {
      const v = this.blocked(value)!;
      const type = this.types.get(value) ?? 'float32';
      if (type === 'float32') leave(this.w, v, value);
      else {
        const numbers = this.w.op('Cast', [v.ref], { to: codeOf('float32') });
        const name = this.w.name('plain');
        leave(this.w, { ...v, ref: numbers }, name);
        this.w.named(value, 'Cast', [name], { to: codeOf(type) });
      }
    }
    this.outside.add(value);
    return value;
  }

  /** A value in the layout, or undefined where it is no picture. */
  protected blocked(value: string): Blocked | undefined {
    const known = this.inside.get(value);
    if (known !== undefined) return known;
    let v: Blocked | undefined;
    const strided = this.phases.get(value);
    const waiting = this.pending.get(value);
    const dims = this.dims.get(value);
    if (strided !== undefined) v = interleave(this.w, strided.planes, strided.s);
    else if (waiting !== undefined) v = waiting.inside();
    else if (dims?.length === 4 && dims.every((d) => d > 0) && this.types.get(value) === 'float32')
      v = enter(this.w, this.plain(value), dims);
    if (v !== undefined) this.inside.set(value, v);
    return v;
  }

  /** A gradient in the layout: it has the dimensions of what it is the gradient of. */
  protected arriving(value: string, dims: readonly number[]): Blocked {
    if (!this.dims.has(value)) this.dims.set(value, dims);
    return this.blocked(value)!;
  }

  protected isInside(value: string): boolean {
    return this.inside.has(value) || this.pending.has(value) || this.phases.has(value);
  }

  /** Writes a plain value under the name it has in the step. */
  protected give(name: string, ref: string): void {
    this.w.named(name, 'Identity', [ref]);
    this.outside.add(name);
  }
}
