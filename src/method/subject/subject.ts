import type { FloatTensor, Tensor } from '../../base/tensor.js';
import type { Rule } from '../../gradient/rule.js';
import type { Facts } from '../../graph/facts.js';
import type { Graph } from '../../graph/graph.js';
import type { Layer } from '../../graph/layers/layer.js';
import type { InputSpec } from '../../input/preprocessing.js';
import type { TokenChoices } from '../../result/attention.js';
import type { ScoreKind } from '../../result/recipe.js';
import type { GraphForms } from '../../session/session.js';
import type { ScoreAt, Target } from '../target/target.js';

export type { InputSpec };

export interface GradientOptions {
  readonly of: ScoreAt;
  /** Values to differentiate by; default the input. */
  readonly wrt?: readonly string[];
  /** A named set of backward rules, e.g. `guided_backprop`, or a graph with rules that a method brings. */
  readonly rules?: string | OwnGraph;
  /** Forward values to bring along. */
  readonly values?: readonly string[];
}

/** A graph that a method derives from the model's, with backward rules of its own: what comes out need not be a gradient. */
export interface OwnGraph {
  /** Tells graphs and rules of this model apart: each is made once for a score. */
  readonly key: string;
  make(): DerivedGraph | Promise<DerivedGraph>;
  /** Samples for inputs that the model does not have, by name: `[n, …]`, as many as the batch. */
  readonly feeds?: Readonly<Record<string, FloatTensor>>;
}

export interface DerivedGraph {
  readonly graph: Graph;
  readonly facts: Facts;
  /** By operator, in place of the registered rules. */
  readonly overrides: ReadonlyMap<string, Rule>;
}

export interface GradientAnswer {
  /** `[n]` */
  readonly scores: Float32Array;
  /** By value name, `[n, …]`. */
  readonly gradients: ReadonlyMap<string, FloatTensor>;
  /** Forward values that were asked for along the way, `[n, …]`. */
  readonly values: ReadonlyMap<string, FloatTensor>;
  readonly notes: readonly string[];
}

/**
 * The model being questioned. It owns sessions and memory; methods ask it for quantities. Batches given here may be of
 * any size: they are run in pieces that fit the memory, and `signal` is looked at between the pieces.
 */
export interface Subject {
  readonly graph: Graph;
  readonly facts: Facts;
  readonly layers: readonly Layer[];
  readonly input: InputSpec;
  /** What the settings say of where tokens stand. */
  readonly tokens?: TokenChoices;
  /** Value that holds the class scores as logits or probabilities; says whether a final Softmax or Sigmoid was cut. */
  scoreValue(kind: ScoreKind): { readonly value: string; readonly note?: string };
  /** What a number of the scores is called: "logit", "probability", of what is no class "value" or "score". */
  scoreName(kind: ScoreKind): string;
  /** The value and its element or direction that is differentiated for a target. */
  scoreAt(target: Target, kind: ScoreKind): ScoreAt;
  /** Number of classes, i.e. elements of a sample's scores. */
  readonly classes: number;

  /** `[n, …]` in, `[n]` scores of the target out. */
  scores(batch: FloatTensor, target: Target, score: ScoreKind, signal: AbortSignal): Promise<Float32Array>;
  /** Forward values by name, `[n, …]` each. */
  values(batch: FloatTensor, names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, FloatTensor>>;
  /**
   * Gradients of the scores, one per sample, with respect to values of the graph (default: the input).
   * `rules` names a set of backward rules, e.g. `guided_backprop`, or brings a graph with rules of its own.
   */
  gradients(batch: FloatTensor, options: GradientOptions, signal: AbortSignal): Promise<GradientAnswer>;
  /**
   * Runs a graph that a method derived from the model's and answers its outputs. The session is kept under `key`, which
   * must tell graphs of this model apart, and is freed like the model's own. `forms` are the graph for each provider, where
   * that differs.
   */
  derived(
    key: string,
    graph: Graph,
    feeds: Readonly<Record<string, Tensor>>,
    signal: AbortSignal,
    forms?: Graph | GraphForms,
  ): Promise<Readonly<Record<string, Tensor>>>;
  /**
   * Scores `[n]` of the target, from raw values `[n, …]` that a derived graph computed: of `scoreValue('logit')`, or of
   * `scoreAt` for what lies inside or behind the model.
   */
  scoresOf(raw: FloatTensor, target: Target, score: ScoreKind): Float32Array;
  /** How many samples fit one run, from memory: methods size their own work by it. */
  batchSize(kind: 'forward' | 'gradient'): number;
  /** The layer by name; throws a LensError that suggests near names. */
  layer(name: string): Layer;
}
