import { makeAttributes } from '../../graph/attributes.js';
import type { Facts } from '../../graph/facts.js';
import type { Graph, GraphNode } from '../../graph/graph.js';
import { dimsOf, fixed, isOne, range, sameShape, type Dims } from '../dims.js';
import { BLOCK, isBlocked } from './gradientForms.js';
import { inferDims } from '../emit/inference.js';
import type { Ref } from '../rule.js';
import { ENLARGED } from './blocked.js';
import { blockedGates } from './gates.js';
import { numbers, type Tape } from '../emit/tape.js';

/**
 * On the CPU, ONNX Runtime runs convolutions and what stands between them in a blocked layout (NCHWc), and reorders values
 * where an operator has no such form. An elementwise operator stays in it only if all its operands are in it: one gradient
 * that comes out of an Expand or a Reshape would drag a whole chain of residual additions and masks out of the layout, with
 * two reorders at every step. This pass lets such a gradient enter the layout once, through a depthwise convolution with
 * weight 1, which changes no bit of it.
 *
 * The layouts are foretold by the rules of ONNX Runtime's transformer. A wrong guess costs time, never exactness.
 */
export function keepBlocked(graph: Graph, facts: Facts, tape: Tape, provider: string): Graph {
  if (provider !== 'cpu') return graph;
  const inside = blockedGates(graph, facts, tape);
  new LayoutPass(inside, facts, tape).run();
  return inside;
}

const JOINING = new Set(['Add', 'Sum', 'Mul']);
const PLAIN = new Set(['Relu', 'Sigmoid', 'Tanh', 'HardSigmoid']);
/** In the layout as the activation of a convolution only. */
const FUSED = new Set(['Clip', 'LeakyRelu']);
const POOLS = new Set(['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool']);

class LayoutPass {
  private readonly blocked = new Set<string>();
  private readonly shapes = new Map<string, Dims>();
  private readonly makers = new Map<string, GraphNode>();
  private readonly uses = new Map<string, number>();
  private readonly wanted = new Set<string>();
  /** Values that have entered, under their new names, and the nodes that let them in. */
  private readonly entered = new Map<string, Ref>();
  private readonly copies = new Map<string, GraphNode>();

  constructor(
    private readonly graph: Graph,
    private readonly facts: Facts,
    private readonly tape: Tape,
  ) {}

  run(): void {
    const { graph, tape } = this;
    for (const node of [...graph.nodes, ...tape.nodes])
      for (const input of new Set(node.inputs)) this.uses.set(input, (this.uses.get(input) ?? 0) + 1);
    for (const node of graph.nodes) this.see(node);
    const written = tape.nodes.splice(0);
    for (const node of written) this.learn(node);
    for (const node of [...written].reverse()) this.want(node);
    for (const node of written) {
      tape.scope = node.name.slice(0, node.name.lastIndexOf('/grad/'));
      const next = this.rewritten(node);
      tape.nodes.push(next);
      this.see(next);
    }
    // Right behind what they copy, not in front of what reads them: of two operands ONNX Runtime first computes the one
    // that stands later, and the masks that meet a gradient here would be computed, and held, during the forward pass.
    const inOrder = tape.nodes.splice(0);
    const made = new Set(inOrder.flatMap((n) => n.outputs));
    for (const [value, copy] of this.copies) if (!made.has(value)) tape.nodes.push(copy);
    for (const node of inOrder) {
      tape.nodes.push(node);
      for (const output of node.outputs) {
        const copy = this.copies.get(output);
        if (copy !== undefined) tape.nodes.push(copy);
      }
    }
  }

  /** Operands that are in the layout are joined by those that are not, where the result is needed in it. */
  private rewritten(node: GraphNode): GraphNode {
    const [x = ''] = node.inputs;
    if (node.op === 'Resize' && isEnlargement(node) && !this.blocked.has(x)) {
      const [small, large] = [this.dims(x), this.dims(node.outputs[0]!)];
      if (small === undefined || large === undefined) return node;
      if (this.wanted.has(node.outputs[0]!))
        return { ...node, inputs: [this.enter(x, small), ...node.inputs.slice(1)] };
      // Outside the layout an Expand is faster.
      if (!small.slice(2).every(isOne)) return node;
      return { ...node, op: 'Expand', inputs: [x, this.tape.shape(large)], attributes: makeAttributes({}) };
    }
    if (!JOINING.has(node.op)) return node;
    // What has entered for another reader need not be reordered the other way.
    if (!this.wanted.has(node.outputs[0]!) && !node.inputs.some((v) => this.entered.has(v))) return node;
    const dims = this.dims(node.inputs[0]!);
    if (dims === undefined || !node.inputs.every((v) => this.alike(v, dims))) return node;
    const inside = node.inputs.filter((v) => this.blocked.has(v));
    if (inside.length === 0 || inside.length === node.inputs.length) return node;
    return { ...node, inputs: node.inputs.map((v) => (this.blocked.has(v) ? v : this.enter(v, dims))) };
  }

  private enter(value: string, dims: Dims): Ref {
    const known = this.entered.get(value);
    if (known !== undefined) return known;
    const channels = dims[1]!.base;
    const ones = this.tape.constant(numbers('float32', [channels, 1, 1, 1], Array<number>(channels).fill(1)));
    const copy = this.tape.op('Conv', [value, ones], { kernel_shape: [1, 1], group: channels });
    this.copies.set(value, this.tape.nodes.pop()!);
    this.tape.settle(copy, dims);
    this.shapes.set(copy, dims);
    this.blocked.add(copy);
    this.entered.set(value, copy);
    return copy;
  }

  private alike(value: string, dims: Dims): boolean {
    const other = this.dims(value);
    return other !== undefined && sameShape(other, dims) && isBlocked('cpu', this.tape.type(value), other);
  }

  /** Whether a value is needed in the layout: a convolution reads it, or something through which it reaches one. */
  private want(node: GraphNode): void {
    const [out = ''] = node.outputs;
    if (node.domain !== '') return;
    if (node.op === 'Conv') {
      if (this.hasForm(node)) this.wanted.add(node.inputs[0]!);
    } else if (this.wanted.has(out) && (JOINING.has(node.op) || PLAIN.has(node.op) || FUSED.has(node.op))) {
      for (const input of node.inputs) this.wanted.add(input);
    } else if (POOLS.has(node.op) || (node.op === 'Concat' && this.wanted.has(out))) {
      for (const input of node.inputs) this.wanted.add(input);
    }
  }

  private see(node: GraphNode): void {
    const [out = ''] = node.outputs;
    this.makers.set(out, node);
    if (node.domain === '' && this.staysBlocked(node)) this.blocked.add(out);
  }

  private staysBlocked(node: GraphNode): boolean {
    const [x = '', second = ''] = node.inputs;
    const whole = (v: string): boolean => {
      const channels = this.dims(v)?.[1];
      return channels !== undefined && channels.slope === 0 && channels.base % BLOCK === 0;
    };
    if (node.op === 'Conv') return this.hasForm(node);
    if (POOLS.has(node.op)) return node.outputs.length === 1 && this.dims(x)?.length === 4 && whole(x);
    if (node.op === 'Concat') {
      return node.attributes.int('axis', 0) === 1 && node.inputs.every((v) => this.blocked.has(v) && whole(v));
    }
    if (!this.blocked.has(x)) return false;
    if (JOINING.has(node.op)) {
      const dims = this.dims(x);
      return node.inputs.every((v) => {
        const other = this.dims(v);
        return this.blocked.has(v) && dims !== undefined && other !== undefined && sameShape(dims, other);
      });
    }
    if (PLAIN.has(node.op) || node.op === 'BatchNormalization') return true;
    if (node.op === 'Resize') return isEnlargement(node);
    if (!FUSED.has(node.op) || this.uses.get(x) !== 1) return false;
    const maker = this.makers.get(x);
    return maker?.op === 'Conv' || (maker?.op === 'Add' && second === '');
  }

  /** Whether a Conv runs in the layout: two axes, float32, groups that are whole blocks or single channels. */
  private hasForm(node: GraphNode): boolean {
    const weight = this.dims(node.inputs[1]!);
    if (weight?.length !== 4 || this.tape.type(node.inputs[1]!) !== 'float32') return false;
    const group = node.attributes.int('group', 1);
    const [out, per] = [weight[0]!.base, weight[1]!.base];
    if (group === 1) return true;
    if (out % BLOCK !== 0) return false;
    return (per === 1 && out === group) || (per % BLOCK === 0 && (out / group) % BLOCK === 0);
  }

  private dims(value: string): Dims | undefined {
    const known = this.shapes.get(value) ?? this.tape.dims.get(value);
    if (known !== undefined) return known;
    const fact = this.facts.get(value);
    if (fact !== undefined) return dimsOf(fact);
    const weight = this.graph.weights.get(value) ?? this.tape.weights.get(value);
    return weight?.dims.map(fixed);
  }

  private learn(node: GraphNode): void {
    const facts = node.inputs.map((v) => {
      const dims = this.dims(v);
      if (dims === undefined) return undefined;
      return { type: this.tape.type(v), base: dims.map((d) => d.base), slope: dims.map((d) => d.slope) };
    });
    const valueOf = (i: number) => {
      const weight = this.tape.weights.get(node.inputs[i] ?? '');
      return weight?.at.kind === 'memory' ? weight.at.tensor : undefined;
    };
    const found = inferDims(node, facts, valueOf);
    for (const i of range(node.outputs.length)) {
      const dims = found?.[i];
      if (dims !== undefined) this.shapes.set(node.outputs[i]!, dims);
    }
  }
}

/** The only Resize that the layout has: each element repeated a whole number of times. */
function isEnlargement(node: GraphNode): boolean {
  return (Object.keys(ENLARGED) as (keyof typeof ENLARGED)[]).every(
    (k) => node.attributes.string(k, '') === ENLARGED[k],
  );
}
