import type { Tensor } from '../base/tensor.js';
import type { Graph } from '../graph/graph.js';

export type ProviderName = 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';
export type ProviderChoice = 'auto' | ProviderName;

/** What ran, and why the providers before it did not. */
export interface ProviderReport {
  readonly used: ProviderName;
  readonly refused: readonly { readonly provider: ProviderName; readonly reason: string }[];
}

export interface SessionOptions {
  readonly provider: ProviderChoice;
  /** Intra-op threads; 0 lets the runtime choose. */
  readonly threads: number;
  /**
   * Whether the runtime rewrites graph and weights before the first run, the default: on a CPU that takes longer than a
   * run or two. A GPU's graphs are always rewritten.
   */
  readonly optimised: boolean;
  /** GB that the values of one run may take; by default a share of the machine's memory. */
  readonly memoryLimit?: number;
}

/** A graph that is ready to run. Values that are fetched must be graph outputs. */
export interface Session {
  readonly provider: ProviderReport;
  /**
   * Runs once. A run cannot be interrupted from inside; `signal` is looked at before it starts and after it ends, and
   * the runner process is ended when nobody can wait longer.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: readonly string[],
    signal?: AbortSignal,
  ): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}

/**
 * A graph in the forms that suit a provider: what is fast on one can be slow or wrong on another. Inputs and outputs have
 * the same names in all.
 */
export type GraphForms = (provider: ProviderName) => Graph | Promise<Graph>;

/** Sizes of values by name. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** Makes sessions. Counted: `open` sessions hold native memory until they are disposed. */
export interface Sessions {
  open(graph: Graph | GraphForms, options?: Partial<SessionOptions>): Promise<Session>;
  /** Shapes of a graph's outputs as far as they can be told without running it; what depends on values is absent. */
  shapes?(graph: Graph): Promise<Shapes>;
}
