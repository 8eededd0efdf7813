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

/**
 * What the nodes of a graph make of one picture, in the order of {@link GraphStructure.nodes}; NaN where a node makes
 * nothing that can be measured (no floating-point value, or none that depends on the picture). Over the finite elements of
 * a node's first value.
 */
export interface GraphActivations {
  readonly input: string;
  /** Mean of |v|. */
  readonly meanMagnitude: Float32Array;
  /** Largest |v|. */
  readonly largest: Float32Array;
  /** Population standard deviation. */
  readonly std: Float32Array;
  /** Share of elements that are exactly zero. */
  readonly zero: Float32Array;
  /** Elements that are NaN or infinite. */
  readonly notFinite: Uint32Array;
  /** Values that were measured. */
  readonly measured: number;
  readonly provider: string;
  readonly milliseconds: number;
  readonly notes: readonly string[];
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

/**
 * The graph as it is drawn with some modules open: a node of a closed module is that module (unless it is the only one),
 * values between closed modules become one edge, and what stays inside is not shown. The model itself is always open. Linear in the size of
 * the graph, so that it can run at every click.
 *
 * @param expanded paths of open modules; one inside a closed module has no effect
 */
export function visibleGraph(structure: GraphStructure, expanded: ReadonlySet<string>): VisibleGraph {
  const { nodes, modules, edges } = structure;
  const open = modules.map((m, i) => i === 0 || expanded.has(m.path));
  // The outermost closed module above each module, itself included; -1 where all are open.
  const closed: number[] = [];
  const within: (readonly number[])[] = [];
  modules.forEach((m, i) => {
    const above = m.parent < 0 ? -1 : closed[m.parent]!;
    closed.push(above >= 0 ? above : open[i] ? -1 : i);
    const frames = m.parent < 0 ? [] : within[m.parent]!;
    within.push(i !== 0 && open[i] && above < 0 ? [...frames, i] : frames);
  });
  const shown: VisibleNode[] = [];
  const ids: string[] = [];
  const done = new Set<string>();
  nodes.forEach((node, index) => {
    const outer = closed[node.module]!;
    // A module of a single node is that node: nothing would be hidden by closing it.
    const module = outer >= 0 && modules[outer]!.nodes === 1 ? -1 : outer;
    const id = module < 0 ? `n${index}` : `m${module}`;
    ids.push(id);
    if (done.has(id)) return;
    done.add(id);
    const m = modules[module];
    shown.push(m === undefined ? nodeEntry(node, index, id, within[node.module]!) : moduleEntry(m, module, id, within));
  });
  return { nodes: shown, edges: visibleEdges(edges, ids) };
}

function nodeEntry(node: GraphViewNode, index: number, id: string, within: readonly number[]): VisibleNode {
  return {
    id,
    kind: node.kind,
    index,
    label: node.kind === 'node' ? node.op : node.name,
    detail: node.kind === 'node' ? node.name : node.op,
    parameters: node.parameters,
    within,
    ...(node.flops === undefined ? {} : { flops: node.flops }),
  };
}

function moduleEntry(m: GraphModule, index: number, id: string, within: readonly (readonly number[])[]): VisibleNode {
  return {
    id,
    kind: 'module',
    index,
    label: m.name,
    detail: `${m.nodes} ${m.nodes === 1 ? 'node' : 'nodes'}`,
    parameters: m.parameters,
    within: within[m.parent]!,
    ...(m.flops === undefined ? {} : { flops: m.flops }),
  };
}

function visibleEdges(edges: readonly GraphViewEdge[], ids: readonly string[]): VisibleEdge[] {
  const merged = new Map<string, { edge: VisibleEdge; values: Set<string> }>();
  for (const { from, to, value, shape } of edges) {
    const [a, b] = [ids[from]!, ids[to]!];
    if (a === b) continue;
    const known = merged.get(`${a} ${b}`);
    if (known !== undefined) known.values.add(value);
    else {
      const edge = { from: a, to: b, count: 1, value, ...(shape === undefined ? {} : { shape }) };
      merged.set(`${a} ${b}`, { edge, values: new Set([value]) });
    }
  }
  return [...merged.values()].map(({ edge, values }) => ({ ...edge, count: values.size }));
}

/** Paths of the modules that must be open for a node to be seen: what "find" expands. */
export function modulesAround(structure: GraphStructure, node: number): string[] {
  const out: string[] = [];
  for (let at = structure.nodes[node]?.module ?? 0; at > 0; at = structure.modules[at]!.parent)
    out.unshift(structure.modules[at]!.path);
  return out;
}
