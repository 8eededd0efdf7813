import type { ElementType, Tensor } from '../base/tensor.js';
import type { AttributeInput, Attributes } from '../graph/attributes.js';
import type { ValueFact } from '../graph/facts.js';
import type { GraphNode } from '../graph/graph.js';
import type { Dims } from './dims.js';

/** A value of the gradient graph under construction: a forward value or one that a rule emitted. */
export type Ref = string & { readonly __ref?: never };

export type NewAttributes = Readonly<Record<string, AttributeInput | undefined>>;

/** What a rule may write: plain ai.onnx nodes of the graph's opset (18 or later), with names the engine makes unique. */
export interface Emitter {
  /** One node with one output. Absent optional inputs are undefined. */
  op(op: string, inputs: readonly (Ref | undefined)[], attributes?: NewAttributes): Ref;
  /** One node with several outputs. */
  ops(op: string, inputs: readonly (Ref | undefined)[], outputs: number, attributes?: NewAttributes): Ref[];
  /** A constant tensor; equal small constants are shared. */
  constant(tensor: Tensor): Ref;
  /** A scalar of the element type of `like`. */
  scalar(value: number, like: Ref): Ref;
  /** A one-dimensional int64 constant. */
  ints(values: readonly number[]): Ref;
  /** An int64 vector with these dimensions: a constant where none depends on the batch, else computed from the batch size. */
  shape(dims: Dims): Ref;
  /** Element type of a forward or emitted value. */
  type(value: Ref): ElementType;
  /** Gradients that are 0 wherever the value they belong to is 0: a rectifier has nothing to take away from them. */
  readonly vanishing: Set<Ref>;
  /** Gradients behind a rectifier in the blocked layout, and what they were made of: the gradient in front, and 0 where it is cut. */
  readonly rectified: Map<Ref, { readonly dy: Ref; readonly inside: Ref }>;
  /** Gradients that can be written once more with a factor [C] for each channel, at no cost while the model runs. */
  readonly scalable: Map<Ref, (factor: Ref) => Ref>;
  /** Tells the dimensions of an emitted value, where an expansion knows what could not be inferred. */
  settle(value: Ref, dims: Dims): void;
}

/** One node of the forward graph, as rules and expansions see it. */
export interface NodeContext {
  readonly node: GraphNode;
  readonly opset: number;
  readonly attributes: Attributes;
  /** Forward inputs; undefined where an optional one is absent. */
  readonly inputs: readonly (Ref | undefined)[];
  readonly outputs: readonly (Ref | undefined)[];
  /** Type and dimensions of a forward value; throws the refusal "shape unknown" where the probe has none. */
  fact(value: Ref): ValueFact;
  /** Dimensions of a forward value, as they depend on the batch. */
  dims(value: Ref): Dims;
  type(value: Ref): ElementType;
  /** The value itself where it is known before the run: small weights, or shape-like values from the probe. */
  constant(value: Ref): Tensor | undefined;
  /** Where the graph will run: forms that are faster or only correct on one provider are chosen in `gradientForms.ts`. */
  readonly provider: string;
  readonly emit: Emitter;
  /** Adds a sentence to the result, e.g. "QuantizeLinear is differentiated straight through". */
  note(sentence: string): void;
  /** Stops with the named refusal. */
  refuse(reason: string): never;
}

/**
 * What a rule is given: y = op(x…), dL/dy for some outputs; it answers dL/dx for the inputs that are wanted.
 * The engine checks types, sums over fan-out, prunes, and allocates names.
 */
export interface RuleContext extends NodeContext {
  /** Gradient of each output; undefined where nothing arrives (take it as zero). At least one is defined. */
  readonly outputGradients: readonly (Ref | undefined)[];
  /** Whether the gradient of input i is needed. */
  wants(input: number): boolean;
  /**
   * The node that makes a value, where a rule may differentiate through both at once: the value is neither asked about nor
   * stopped at, and its operator keeps its own rule.
   */
  through(value: Ref): GraphNode | undefined;
  /** An optional output of the forward node (MaxPool's indices), which is added to the node where it is absent. */
  output(index: number): Ref;
}

/** A gradient that is zero outside [start, start + length) of one axis, and `ref` inside. The engine joins parts to a whole. */
export interface Part {
  readonly ref: Ref;
  readonly axis: number;
  readonly start: number;
  readonly length: number;
}

/**
 * What a strided operator gives back to a picture, phase by phase: elements stride·q + ρ along both axes. Where several
 * meet at one value, the engine adds phases, which are small, and interleaves once.
 */
export interface Phases {
  /** Equal for those whose phases may be added. */
  readonly grid: string;
  /** Written by itself. */
  alone(): Ref;
  /** Rows × columns of the stride; undefined where a phase is zero. */
  planes(): readonly (readonly (Ref | undefined)[])[];
  /** The whole, of all phases. */
  woven(planes: readonly (readonly Ref[])[]): Ref;
}

export type Contribution = Ref | Part | Phases;

/** Gradient of one operator: one contribution, or undefined for zero or not wanted, per forward input. */
export type Rule = (context: RuleContext) => readonly (Contribution | undefined)[];

/** The same operator written as plain ai.onnx nodes, which have rules: one reference per output, undefined where unused. */
export type Expansion = (context: NodeContext) => readonly (Ref | undefined)[];

/**
 * The registry's answers. `zero`: the operator passes no gradient. `refuse`: it cannot be differentiated, and why.
 * `expand`: the node is replaced by simpler ones before the sweep.
 */
export type Answer =
  | {
      readonly kind: 'rule';
      readonly rule: Rule;
      /** Integer outputs carry a gradient too (quantisation). */ readonly quantised?: boolean;
    }
  | { readonly kind: 'expand'; readonly expand: Expansion; readonly quantised?: boolean }
  | { readonly kind: 'zero' }
  | { readonly kind: 'refuse'; readonly reason: string };

/** One entry of a rules file. `since`/`until` are opsets of its domain, inclusive; after the upgrade ai.onnx is 18 or later. */
export interface RuleEntry {
  readonly op: string;
  /** `''` for ai.onnx. */
  readonly domain?: string;
  readonly since?: number;
  readonly until?: number;
  readonly answer: Answer;
}

export const MICROSOFT = 'com.microsoft';

/** An entry with a rule. */
export function rule(op: string, answer: Rule, more: Partial<Omit<RuleEntry, 'op' | 'answer'>> = {}): RuleEntry {
  return { op, ...more, answer: { kind: 'rule', rule: answer } };
}

/** An entry whose node is replaced by simpler ones. */
export function expand(op: string, answer: Expansion, more: Partial<Omit<RuleEntry, 'op' | 'answer'>> = {}): RuleEntry {
  return { op, ...more, answer: { kind: 'expand', expand: answer } };
}

/** Entries that pass no gradient. */
export function zeros(...ops: readonly string[]): RuleEntry[] {
  return ops.map((op) => ({ op, answer: { kind: 'zero' } }));
}

/** An entry that is refused. */
export function refusal(op: string, reason: string, more: Partial<Omit<RuleEntry, 'op' | 'answer'>> = {}): RuleEntry {
  return { op, ...more, answer: { kind: 'refuse', reason } };
}
