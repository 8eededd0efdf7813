import type { ElementType } from '../base/tensor.js';

/** What a file says about one node of its graph: attributes, and what it reads and makes. */
export interface NodeDetail {
  /** Index into the nodes of `GraphStructure`. */
  readonly index: number;
  readonly name: string;
  /** With its domain, where that is not ai.onnx: `com.microsoft.FusedConv`. */
  readonly op: string;
  /** What the file says of it in words; '' where nothing. */
  readonly doc: string;
  readonly attributes: readonly AttributeDetail[];
  readonly inputs: readonly ValueDetail[];
  readonly outputs: readonly ValueDetail[];
  /** What exporters note beside it, by key. */
  readonly metadata: readonly (readonly [string, string])[];
  /** Where what is drawn is not what the file holds. */
  readonly notes: readonly string[];
}

export interface AttributeDetail {
  readonly name: string;
  /** `ints`, `float`, `tensor`, `graph` … */
  readonly type: string;
  /** The value as a text that people can read; of a tensor its first values. Cut where it is long. */
  readonly text: string;
  /** Of a tensor. */
  readonly shape?: string;
}

export interface ValueDetail {
  /** '' for an optional input that is left out. */
  readonly name: string;
  /** Its part in the operator, where that is known: `weight`, `bias`. */
  readonly role?: string;
  readonly kind: 'value' | 'input' | 'constant' | 'absent';
  readonly type?: ElementType;
  /** As the file declares it: sizes, names of free dimensions, '?' where nothing is known. */
  readonly declared?: readonly (number | string)[];
  /** As it was in a run, at batch 1. */
  readonly measured?: readonly number[];
  /** Of a constant. */
  readonly bytes?: number;
  /** Of a constant: its first values in stored order. */
  readonly values?: string;
  /** The layer that a constant belongs to, where it is one of its weights. */
  readonly layer?: string;
  /** Nodes that make it or read it, indices into the nodes of `GraphStructure`; of an input its maker, of an output its readers. */
  readonly nodes: readonly number[];
}
