import type { ElementType, Tensor } from '../../base/tensor.js';
import type { Facts, ValueFact } from '../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { inferNode } from '../../graph/types.js';
import { dimsOf, type Dims } from '../dims.js';
import type { NodeContext, Ref, RuleContext } from '../rule.js';
import type { Tape } from './tape.js';

/** Thrown by a rule that cannot serve a node; the engine collects them. */
export class Refusal extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'Refusal';
  }
}

/** What a context is made of. */
export interface ContextOptions {
  /** The graph that the node stands in, and what is known of its values. */
  readonly graph: Graph;
  readonly facts: Facts;
  readonly node: GraphNode;
  /** Where the rule or the expansion writes. */
  readonly emit: Tape;
  readonly provider: string;
  /** Takes the sentences that the result will carry. */
  readonly notes: Set<string>;
}

/** What a rule or an expansion knows of one node. */
export class Context implements NodeContext {
  readonly node: GraphNode;
  readonly emit: Tape;
  readonly provider: string;
  readonly opset: number;
  readonly inputs: readonly (Ref | undefined)[];
  readonly outputs: readonly (Ref | undefined)[];
  protected readonly graph: Graph;
  protected readonly facts: Facts;
  private readonly notes: Set<string>;

  constructor({ graph, facts, node, emit, provider, notes }: ContextOptions) {
    this.graph = graph;
    this.facts = facts;
    this.node = node;
    this.emit = emit;
    this.provider = provider;
    this.notes = notes;
    this.opset = graph.opset;
    this.inputs = node.inputs.map((i) => (i === '' ? undefined : i));
    this.outputs = node.outputs.map((o) => (o === '' ? undefined : o));
  }

  get attributes(): GraphNode['attributes'] {
    return this.node.attributes;
  }

  fact(value: Ref): ValueFact {
    const known = this.facts.get(value) ?? this.emit.learned.get(value);
    if (known !== undefined) return known;
    const weight = this.graph.weights.get(value);
    if (weight !== undefined) return { type: weight.type, base: weight.dims, slope: weight.dims.map(() => 0) };
    throw new Refusal(`the shape of "${value}" is not known`);
  }

  dims(value: Ref): Dims {
    return dimsOf(this.fact(value));
  }

  type(value: Ref): ElementType {
    return this.emit.type(value);
  }

  constant(value: Ref): Tensor | undefined {
    const weight = this.graph.weights.get(value) ?? this.emit.weights.get(value);
    if (weight?.at.kind === 'memory') return weight.at.tensor;
    return this.facts.get(value)?.constant;
  }

  note(sentence: string): void {
    this.notes.add(sentence);
  }

  refuse(reason: string): never {
    throw new Refusal(reason);
  }
}

/** What a node's context knows of the sweep beside. */
export interface BackwardOptions extends ContextOptions {
  /** Gradient of each output; undefined where nothing arrives. */
  readonly outputGradients: readonly (Ref | undefined)[];
  /** Values through which a gradient is followed. */
  readonly active: ReadonlySet<string>;
  /** Takes the outputs that a rule asks for beyond the node's own. */
  readonly extra: Map<GraphNode, string[]>;
  /** Whether a rule may differentiate through a value and its maker at once. */
  readonly transparent: (value: Ref) => boolean;
}

/** A node during the backward sweep. */
export class BackwardContext extends Context implements RuleContext {
  readonly outputGradients: readonly (Ref | undefined)[];
  private readonly active: ReadonlySet<string>;
  private readonly extra: Map<GraphNode, string[]>;
  private readonly transparent: (value: Ref) => boolean;

  constructor(options: BackwardOptions) {
    super(options);
    this.outputGradients = options.outputGradients;
    this.active = options.active;
    this.extra = options.extra;
    this.transparent = options.transparent;
  }

  wants(input: number): boolean {
    const value = this.node.inputs[input];
    return value !== undefined && value !== '' && this.active.has(value);
  }

  through(value: Ref): GraphNode | undefined {
    return this.transparent(value) ? indexOf(this.graph).producer(value) : undefined;
  }

  output(index: number): Ref {
    const outputs = this.extra.get(this.node) ?? [...this.node.outputs];
    while (outputs.length <= index) outputs.push('');
    if (outputs[index] === '') {
      outputs[index] = this.emit.name(`output${index}`);
      this.extra.set(this.node, outputs);
      const types = new Map<string, ElementType>();
      for (const input of this.node.inputs) if (input !== '') types.set(input, this.emit.type(input));
      inferNode({ ...this.node, outputs }, types);
      this.emit.declare(outputs[index], types.get(outputs[index]) ?? 'float32');
    }
    return outputs[index]!;
  }
}
