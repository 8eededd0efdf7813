import { isFloating, sizeOf, type ElementType } from '../../base/tensor.js';
import type { StoredTensor } from '../../checkpoint/model.js';
import { indexOf, type Graph, type GraphIndex, type GraphNode } from '../graph.js';
import { operator } from '../operators/operators.js';
import type { Layer } from './layer.js';
import { Names } from '../names.js';
import { ownerOf } from './owners.js';
import { parametersIn, parametersOf } from './parameters.js';
import { integerScaling, isIntegerProduct } from './quantised.js';
import { modulesOf, scopeOf, type NodeScope } from './scopes.js';
import { sourceOf } from './source.js';
import { inferTypes } from '../types.js';

interface Draft {
  /** The node that stands for the layer. */
  readonly main: GraphNode;
  readonly nodes: GraphNode[];
  readonly weights: StoredTensor[];
  parameters: number;
  owner: string | undefined;
  op: string;
}

/**
 * The layers of a graph, in its order: nodes that carry parameters (with the bias that an Add gives them), and
 * activations, pools and normalisations. Names are those people know: of the weights first (`layer1.0.conv1`), then of
 * modules, then of nodes; repeated ones get a number.
 */
export function layersOf(graph: Graph): Layer[] {
  return new LayerFinder(graph).layers();
}

class LayerFinder {
  private readonly index: GraphIndex;
  private readonly types: ReadonlyMap<string, ElementType>;
  private readonly scopes = new Map<GraphNode, NodeScope>();
  private readonly composite = new Set<string>();
  private readonly dynamic = new Set<string>();

  constructor(private readonly graph: Graph) {
    this.index = indexOf(graph);
    this.types = inferTypes(graph);
    for (const input of graph.inputs) this.dynamic.add(input.name);
    for (const node of graph.nodes) {
      const scope = scopeOf(node);
      this.scopes.set(node, scope);
      for (let at = scope.path.lastIndexOf('.'); at > 0; at = scope.path.lastIndexOf('.', at - 1))
        this.composite.add(scope.path.slice(0, at));
      if (node.inputs.some((v) => this.dynamic.has(v))) for (const o of node.outputs) this.dynamic.add(o);
    }
  }

  layers(): Layer[] {
    const drafts = new Map<GraphNode, Draft>();
    for (const node of this.graph.nodes) {
      const draft = this.parametric(node, drafts);
      for (const each of draft?.nodes ?? []) drafts.set(each, draft!);
    }
    const found = [...new Set(drafts.values()), ...this.plain(drafts)];
    const position = new Map(this.graph.nodes.map((n, i) => [n, i]));
    found.sort((a, b) => position.get(a.main)! - position.get(b.main)!);
    const names = new Names();
    return found.map((d) => this.finish(d, names));
  }

  /** The layer that a node with weights makes, or joins. */
  private parametric(node: GraphNode, drafts: ReadonlyMap<GraphNode, Draft>): Draft | undefined {
    if (preparesWeight(node) || !node.inputs.some((v) => this.dynamic.has(v)) || !this.isFloat(node)) return undefined;
    const parameters = parametersOf(this.graph, node).filter(([, w]) => sizeOf(w.dims) > 1 || node.op === 'PRelu');
    if (parameters.length === 0) return undefined;
    const weights = parameters.map(([, w]) => w);
    const owner = this.ownerOf(node, weights);
    const count = parameters.reduce((sum, [i, w]) => sum + parametersIn(node, i, w), 0);
    const before = this.joined(node, weights, owner, drafts);
    if (before !== undefined) {
      before.nodes.push(node);
      before.weights.push(...weights.filter((w) => !before.weights.some((b) => b.name === w.name)));
      before.parameters += count;
      before.owner ??= owner;
      return before;
    }
    if (!isParametric(node) && owner === undefined) return undefined;
    // An integer product is the layer's output only when it has been scaled.
    const nodes = [node, ...(integerScaling(this.graph, node)?.nodes ?? [])];
    return { main: node, nodes, weights, parameters: count, owner, op: node.op };
  }

  /**
   * The module that a node's weights belong to. The exporters store equal tensors once, under the name of the first, so
   * a weight that several modules read speaks for none of them where these have names of their own.
   */
  private ownerOf(node: GraphNode, weights: readonly StoredTensor[]): string | undefined {
    const scope = this.scopes.get(node)!;
    const own = this.isLeaf(scope) ? weights.filter((w) => !this.isShared(w, scope.path)) : weights;
    return (
      own.map((w) => ownerOf(w.name)).find((o) => o !== undefined) ??
      (own.length < weights.length ? scope.path : undefined)
    );
  }

  private isShared(weight: StoredTensor, path: string): boolean {
    const readers = (value: string): readonly GraphNode[] =>
      this.index
        .consumers(value)
        // What a quantiser has put between says nothing of modules.
        .flatMap((n) => (preparesWeight(n) && n.metadata.size === 0 ? readers(n.outputs[0]!) : [n]));
    return readers(weight.name).some((n) => this.scopes.get(n)!.path !== path);
  }

  /** The layer before a node, when the node only adds that layer's bias or belongs to the same module. */
  private joined(
    node: GraphNode,
    weights: readonly StoredTensor[],
    owner: string | undefined,
    drafts: ReadonlyMap<GraphNode, Draft>,
  ): Draft | undefined {
    for (const input of node.inputs) {
      const producer = this.index.producer(input);
      const draft = producer === undefined ? undefined : drafts.get(producer);
      if (draft === undefined || draft.nodes.at(-1) !== producer || this.index.consumers(input).length !== 1) continue;
      if (owner !== undefined && owner === draft.owner) return draft;
      const isBias = node.op === 'Add' && weights.every((w) => w.dims.filter((d) => d !== 1).length <= 1);
      const alone = draft.weights.length === 1 && draft.nodes.every((n) => n === draft.main || !isParametric(n));
      const free =
        alone && (operator(draft.main).biasBehind === true ? !hasBias(draft.main) : isIntegerProduct(draft.main));
      if (isBias && free && (owner === undefined || draft.owner === undefined)) return draft;
    }
    return undefined;
  }

  /** Layers without weights: whole modules where the operators of one belong together, else single operators. */
  private plain(taken: ReadonlyMap<GraphNode, Draft>): Draft[] {
    const groups = new Map<GraphNode, GraphNode[]>();
    const out: Draft[] = [];
    for (const node of this.graph.nodes) {
      if (taken.has(node) || !this.isFloat(node) || !node.inputs.some((v) => this.dynamic.has(v))) continue;
      const scope = this.scopes.get(node)!;
      if (!this.isLeaf(scope)) {
        if (isPlain(node))
          out.push({ main: node, nodes: [node], weights: [], parameters: 0, owner: undefined, op: node.op });
        continue;
      }
      const group = node.inputs
        .map((v) => groups.get(this.index.producer(v) ?? node))
        .find((g) => g !== undefined && this.scopes.get(g[0]!)!.path === scope.path);
      if (group === undefined) groups.set(node, [node]);
      else {
        group.push(node);
        groups.set(node, group);
      }
    }
    const withWeights = new Set([...taken.keys()].map((n) => this.scopes.get(n)!.path));
    for (const group of new Set(groups.values())) {
      if (withWeights.has(this.scopes.get(group[0]!)!.path)) {
        // Operators of a module that has weights, as the Softmax of an attention module.
        for (const node of group)
          if (isPlain(node))
            out.push({
              main: node,
              nodes: [node],
              weights: [],
              parameters: 0,
              owner: this.localName(node),
              op: node.op,
            });
        continue;
      }
      if (!group.some((n) => isPlainInModule(n))) continue;
      out.push({
        main: group.at(-1)!,
        nodes: group,
        weights: [],
        parameters: 0,
        owner: undefined,
        op: nameOfGroup(group),
      });
    }
    return out;
  }

  private finish(draft: Draft, names: Names): Layer {
    const last = draft.nodes.at(-1)!;
    const name = names.make(draft.owner ?? this.nameFromScope(draft));
    const separator = name.includes('/') ? '/' : '.';
    const source = sourceOf(draft.main);
    return {
      name,
      op: draft.op,
      node: draft.main.name,
      output: last.outputs[0]!,
      weights: draft.weights.map((w) => w.name),
      parameters: draft.parameters,
      scope: name.split(separator).slice(0, -1),
      ...(source === undefined ? {} : { source }),
      ...modulesPart(draft.main, name),
    };
  }

  private nameFromScope({ main }: Draft): string {
    const scope = this.scopes.get(main)!;
    return this.isLeaf(scope) ? scope.path : (this.localName(main) ?? main.name);
  }

  /** An operator within its module: `blocks.0.attn.softmax`. */
  private localName(node: GraphNode): string | undefined {
    const { path, local } = this.scopes.get(node)!;
    if (local !== undefined) return `${path === '' ? '' : `${path}.`}${local.toLowerCase()}`;
    if (path === '') return undefined;
    return node.name.includes('/') ? path : `${path}.${node.op.toLowerCase()}`;
  }

  /** Whether a module holds operators only, no further modules. */
  private isLeaf(scope: NodeScope): boolean {
    return scope.path !== '' && !this.composite.has(scope.path);
  }

  private isFloat(node: GraphNode): boolean {
    if (isIntegerProduct(node)) return true;
    const type = this.types.get(node.outputs[0] ?? '');
    return type !== undefined && (isFloating(type) || type === 'uint8' || type === 'int8');
  }
}

/** The modules above a layer; those that are not on its name's path (a folded normalisation's own) are left out. */
function modulesPart(node: GraphNode, name: string): Pick<Layer, 'modules'> {
  const modules = modulesOf(node).filter(({ path }) => path === '' || name.startsWith(`${path}.`));
  return modules.length === 0 ? {} : { modules };
}

function hasBias(node: GraphNode): boolean {
  const bias = operator(node).roles?.indexOf('bias') ?? -1;
  return (node.inputs[bias] ?? '') !== '';
}

function isParametric(node: GraphNode): boolean {
  const { layer } = operator(node);
  return layer === 'parametric' || layer === 'both';
}

function isPlain(node: GraphNode): boolean {
  const { layer } = operator(node);
  return layer === 'plain' || layer === 'both';
}

/** GELU as a module is Div, Erf, Add, Mul, Mul: of these Erf makes it a layer. */
function isPlainInModule(node: GraphNode): boolean {
  return isPlain(node) || operator(node).layer === 'module';
}

/** Whether an operator stands between a weight and its reader, or asks for its size: no layer, whatever it reads. */
function preparesWeight(node: GraphNode): boolean {
  const { readThrough, quantises, shapeOnly } = operator(node);
  return readThrough === true || quantises === true || shapeOnly === true;
}

/** What a module of several operators is called. */
function nameOfGroup(group: readonly GraphNode[]): string {
  const ops = group.map((n) => n.op);
  if (ops.includes('Erf')) return 'Gelu';
  if (ops.includes('HardSigmoid') && ops.includes('Mul')) return 'HardSwish';
  if (ops.includes('Sigmoid') && ops.includes('Mul')) return 'Silu';
  return (group.find((n) => isPlainInModule(n)) ?? group.at(-1)!).op;
}
