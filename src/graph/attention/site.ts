import type { GraphNode } from '../graph.js';
import type { Operand, Product } from './products.js';

/** What an axis of an attention matrix in front of queries and keys counts. */
export type LeadRole = 'batch' | 'windows' | 'heads';

/** An axis in front, as what it counts, slowest first: `[batch × windows, …]` is one axis of two factors. */
export interface LeadAxis {
  readonly axis: number;
  readonly factors: readonly { readonly role: LeadRole; readonly size: number }[];
}

/**
 * What is summed over when values are gathered. `tokens`: every query says how much of each place it takes. `channels`: it
 * mixes channels (XCiT), and there is no place in it. `fixed`: a query that does not depend on the picture, or what looks
 * like one once constants are folded: a router, a pool.
 */
export type AttentionKind = 'tokens' | 'channels' | 'fixed';

/** A matrix that says how values are gathered: rows are queries, columns keys. */
export interface AttentionSite {
  readonly kind: AttentionKind;
  /** The Softmax (or the division by a sum) that makes it. */
  readonly node: GraphNode;
  /** The module it stands in, as far as the export says. */
  readonly scope: string;
  /** The value that multiplies the values: behind masks, gates and mixed heads. */
  readonly matrix: string;
  /** Axes of it. */
  readonly queryAxis: number;
  readonly keyAxis: number;
  readonly lead: readonly LeadAxis[];
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly windows: number;
  /** Whether nothing in the graph says how many heads there are: what is called heads may be windows, or both. */
  readonly headsGuessed: boolean;
  /** The product of queries and keys, where there is one, and its operand with the queries. */
  readonly score?: Product;
  readonly query?: Operand;
  /** The product with the values: its operands are the matrix and the values. */
  readonly gather: Product;
  readonly operand: Operand;
  readonly values: Operand;
}

/** A product of two computed values that is part of no attention matrix. */
export interface Unclaimed {
  readonly node: GraphNode;
  readonly scope: string;
  /** What it is taken for, in words. */
  readonly reading: string;
}
