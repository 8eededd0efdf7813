import type { Tensor } from '../../base/tensor.js';
import type { Facts } from '../../graph/facts.js';
import type { Graph } from '../../graph/graph.js';
import type { Layer } from '../../graph/layers/layer.js';
import type { SessionOptions, Sessions } from '../../session/session.js';
import type { TokenChoices } from '../../result/attention.js';
import type { SaidOutput } from '../output/index.js';
import type { InputSpec } from './subject.js';

/** What a model is made of before it is questioned. */
export interface SubjectParts {
  readonly graph: Graph;
  readonly facts: Facts;
  readonly layers: readonly Layer[];
  readonly input: InputSpec;
  readonly sessions: Sessions;
  /** What is fed to other inputs, by name; the rest get zeros. */
  readonly others?: ReadonlyMap<string, Tensor>;
  /** What the settings say of where tokens stand. */
  readonly tokens?: TokenChoices;
  /** What was assumed to run the model at all. */
  readonly notes?: readonly string[];
}

export interface SubjectOptions {
  /** The output that holds the scores. */
  readonly output?: string;
  /** Names of classes that somebody gave: they help to tell what an output is. */
  readonly labels?: readonly string[];
  /** What a person says of outputs, by name. */
  readonly said?: Readonly<Record<string, SaidOutput>>;
  readonly session?: Partial<SessionOptions>;
  /** Share of the free memory that one run may take. */
  readonly memoryShare?: number;
  /** Bytes of sessions to keep open. */
  readonly cacheBytes?: number;
  /**
   * Samples that a session answers before its graph is rewritten to run faster, which pays after many only; default 0.
   * Both forms compute the same, but round differently.
   */
  readonly quickSamples?: number;
  /** Awaited before each run: work of low priority lets other work go first. */
  readonly pause?: () => Promise<void>;
}

/** What may differ when a model is questioned with other weights. */
export type Reweighting = Pick<SubjectOptions, 'pause' | 'cacheBytes' | 'quickSamples'>;
