import type { Graph } from '../graph/graph.js';
import type { Rule } from './rule.js';

/**
 * Which extra graph input chooses what is differentiated: an element (`index`), a direction (`direction`), none (`sum`,
 * `top`).
 */
export type SeedKind = 'index' | 'direction' | 'sum' | 'top';

/**
 * The number that is differentiated, one per sample: an element of `value` chosen by an int64 input `[batch]` that
 * indexes the flattened sample (`index`), the inner product of `value` with an input of its shape (`direction`), the sum of
 * the sample's elements (`sum`), or the first of its largest elements (`top`).
 */
export interface ScoreRequest {
  readonly value: string;
  readonly seed: SeedKind;
}

export interface GradientRequest {
  readonly score: ScoreRequest;
  /** Values (inputs, inner values or weights) with respect to which the sum of the scores is differentiated. */
  readonly wrt: readonly string[];
  /** Values that are taken as constants: no gradient goes past them. */
  readonly stop?: readonly string[];
  /** Backward rules to use in place of the registered ones: by operator (`Relu`, `com.microsoft.Gelu`), for this graph only. */
  readonly overrides?: ReadonlyMap<string, Rule>;
  /** Forward values to give out beside score and gradients, from the same run. Default: the graph's outputs that cost nothing more. */
  readonly keep?: readonly string[];
  /**
   * Whether values are kept in the layout of ONNX Runtime's blocked convolutions, the default. It takes only filters that are
   * constants for those: where weights are fed, that costs time.
   */
  readonly layouts?: boolean;
  /** Provider the graph is meant for; default `cpu`. */
  readonly provider?: string;
}

export interface GradientGraph {
  /** The forward nodes that are needed, and the backward ones. Outputs: score and gradients, plus the kept forward values. */
  readonly graph: Graph;
  /** Name of the seed input; absent for `sum` and `top`. */
  readonly seed?: string;
  /** Output `[batch]`. */
  readonly score: string;
  /** Output of each value of `wrt`, in its shape; a value that does not reach the score has a zero output. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Forward values among the outputs. */
  readonly kept: readonly string[];
  /** What must be said beside the result. */
  readonly notes: readonly string[];
}
