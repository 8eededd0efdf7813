/**
 * A model's graph for drawing: nodes in topological order, edges, and the tree of modules they stand in. Sent once; what
 * is visible for a set of expanded modules is computed by {@link visibleGraph} where it is drawn.
 */
export interface GraphStructure {
  readonly nodes: readonly GraphViewNode[];
  /** `modules[0]` is the model itself; a module's parent comes before it. */
  readonly modules: readonly GraphModule[];
  readonly edges: readonly GraphViewEdge[];
  /** Whether edges carry shapes and nodes FLOPs (after a probe run). */
  readonly measured: boolean;
}

export interface GraphViewNode {
  readonly kind: 'node' | 'input' | 'output';
  /** Name in the graph; of the value for inputs and outputs. */
  readonly name: string;
  readonly op: string;
  /** Index of the innermost module. */
  readonly module: number;
  /** Name of the layer that it belongs to, where it is the layer's main node. */
  readonly layer?: string;
  readonly parameters: number;
  readonly flops?: number;
  /** Names of its weights. */
  readonly weights: readonly string[];
  /** Names of the values it makes. */
  readonly outputs: readonly string[];
}

export interface GraphModule {
  /** `layer1.0`; '' for the model. Unique. */
  readonly path: string;
  /** Last part of the path. */
  readonly name: string;
  /** -1 for the model. */
  readonly parent: number;
  /** Everything below it. */
  readonly nodes: number;
  readonly parameters: number;
  readonly flops?: number;
}

/** A value on its way from the node that makes it to one that reads it; indices into `nodes`. */
export interface GraphViewEdge {
  readonly from: number;
  readonly to: number;
  readonly value: string;
  /** At batch 1. */
  readonly shape?: readonly number[];
}

/** What is drawn: a single node, or a module that is closed. */
export interface VisibleNode {
  /** `n12` or `m3`: stable while the structure is. */
  readonly id: string;
  readonly kind: 'node' | 'module' | 'input' | 'output';
  /** Index into `nodes` or `modules`. */
  readonly index: number;
  readonly label: string;
  /** Operator; for a module the number of its nodes. */
  readonly detail: string;
  readonly parameters: number;
  readonly flops?: number;
  /** Open modules that it stands in, outermost first (indices): the frames around it. */
  readonly within: readonly number[];
}

export interface VisibleEdge {
  readonly from: string;
  readonly to: string;
  /** How many values flow along it, and the first of them. */
  readonly count: number;
  readonly value: string;
  readonly shape?: readonly number[];
}

export interface VisibleGraph {
  readonly nodes: readonly VisibleNode[];
  readonly edges: readonly VisibleEdge[];
}
