import measured from './truth.json';
import type { Estimate } from './estimate.js';
import type { SanityVerdict } from './sanity.js';

/**
 * How well methods answer a question whose answer is known, as `npm run bench -- truth --write` measures it: drawings of two
 * species that differ in one mark and in no other pixel, the target being the difference of their scores. What a method
 * says lies on the mark is right, what it says lies elsewhere is not.
 */
export interface TruthTable {
  /** Drawings at most. */
  readonly pictures: number;
  /** Share of a picture that the mark covers: what a map that knows nothing has. */
  readonly area: number;
  readonly networks: readonly TruthNetwork[];
  /** Every attribution method, in the order of the list. */
  readonly methods: readonly MethodTruth[];
  /** What says nothing of the network: a map of random numbers, and the edges of the picture. */
  readonly references: readonly ReferenceTruth[];
  /** Photographs of which the deletion and insertion curves are, and the network that was asked. */
  readonly photographs?: { readonly network: string; readonly pictures: number };
}

export interface TruthNetwork {
  readonly id: string;
  readonly title: string;
  /** Networks whose places are mixed by attention are transformers. */
  readonly kind: NetworkKind;
}

export type NetworkKind = 'convolutional' | 'transformer';

/** Of one map over all pictures. */
export interface Found {
  /** Share of the map's magnitudes that lie on the mark. */
  readonly mass: Estimate;
  /** Share of the pictures on which its largest magnitude does. */
  readonly peak: Estimate;
}

/** Area under the curve of the target's probability while the picture is taken away, or given, where the map is largest first. */
export interface Curves {
  readonly deletion: Estimate;
  readonly insertion: Estimate;
}

export interface NetworkTruth extends Found {
  readonly network: string;
  /** Drawings that were asked about; the first of them where a method takes many passes. */
  readonly pictures: number;
  /** Processor time of a map over that of the gradient. */
  readonly cost: number;
  /** What most checks against random networks say, the more doubtful word where it is open. */
  readonly verdict: SanityVerdict;
  /** Checks that say `learned`, of all that were made. */
  readonly learned: readonly [count: number, of: number];
}

export interface MethodTruth {
  readonly id: string;
  readonly networks: readonly NetworkTruth[];
  readonly photographs?: Curves;
}

export interface ReferenceTruth {
  readonly id: 'random' | 'edges';
  readonly networks: readonly (Found & { readonly network: string })[];
  readonly photographs?: Curves;
}

/** The table that was measured last. */
export const TRUTH = measured as unknown as TruthTable;

/** One number for the order: the mean of the share of the map and of the share of peaks on the mark. */
export function foundShare({ mass, peak }: Found): number {
  return (mass.mean + peak.mean) / 2;
}

/** What was measured of a method on one network. */
export function truthOf(method: string, network: string, table: TruthTable = TRUTH): NetworkTruth | undefined {
  return table.methods.find(({ id }) => id === method)?.networks.find((each) => each.network === network);
}
