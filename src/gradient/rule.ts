import type { ElementType, Tensor } from '../base/tensor.js';
import type { AttributeInput, Attributes } from '../graph/attributes.js';
import type { ValueFact } from '../graph/facts.js';
import type { GraphNode } from '../graph/graph.js';

/** A value of the gradient graph under construction: a forward value or one that a rule emitted. */
export type Ref = string & { readonly __ref?: never };

/** What a rule may write: plain ai.onnx nodes of the graph's opset (18 or later), with names the engine makes unique. */
export interface Emitter {
  /** One node with one output. Absent optional inputs are undefined. */
  op(op: string, inputs: readonly (Ref | undefined)[], attributes?: Readonly<Record<string, AttributeInput | undefined>>): Ref;
  /** One node with several outputs. */
  ops(op: string, inputs: readonly (Ref | undefined)[], outputs: number, attributes?: Readonly<Record<string, AttributeInput | undefined>>): Ref[];
  /** A constant tensor; equal small constants are shared. */
  constant(tensor: Tensor): Ref;
  /** A scalar of the element type of `like`. */
  scalar(value: number, like: Ref): Ref;
  /** A one-dimensional int64 constant. */
  ints(values: readonly number[]): Ref;
}

/**
 * What a rule is given: y = op(x…), dL/dy for some outputs; it answers dL/dx for the inputs that are wanted.
 * The engine checks shapes and types, sums over fan-out, prunes, and allocates names.
 */
export interface RuleContext {
  readonly node: GraphNode;
  readonly opset: number;
  readonly attributes: Attributes;
  /** Forward inputs; undefined where an optional one is absent. */
  readonly inputs: readonly (Ref | undefined)[];
  readonly outputs: readonly (Ref | undefined)[];
  /** Gradient of each output; undefined where nothing arrives (take it as zero). At least one is defined. */
  readonly outputGradients: readonly (Ref | undefined)[];
  /** Whether the gradient of input i is needed. */
  wants(input: number): boolean;
  /** Type and dimensions of a forward value; throws the refusal "shape unknown" where the probe has none. */
  fact(value: Ref): ValueFact;
  /** Dimensions at the batch the graph is built for; where `isStatic(fact)` is false they must not be baked into constants. */
  dims(value: Ref): readonly number[];
  type(value: Ref): ElementType;
  /** The value itself where it is known before the run: weights are read only if small, or shape-like values from the probe. */
  constant(value: Ref): Tensor | undefined;
  /** Where the graph will run: forms that are faster or only correct on one provider are chosen in `forms.ts`. */
  readonly provider: string;
  readonly emit: Emitter;
  /** Adds a sentence to the result, e.g. "QuantizeLinear is differentiated straight through". */
  note(sentence: string): void;
  /** Stops with the named refusal. */
  refuse(reason: string): never;
}

/** Gradient of one operator: one reference, or undefined for zero or not wanted, per forward input. */
export type Rule = (context: RuleContext) => readonly (Ref | undefined)[];

/** The registry's three answers. `zero`: the operator passes no gradient. `refuse`: it cannot be differentiated, and why. */
export type Answer =
  | { readonly kind: 'rule'; readonly rule: Rule }
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
