import { dimsAt, type Facts } from '../../graph/facts.js';
import { flopsOf } from '../../graph/measure/flops.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import type { Layer } from '../../graph/layers/layer.js';
import { readsOf } from '../../graph/order.js';
import { parametersIn, parametersOf } from '../../graph/layers/parameters.js';
import { scopeOf } from '../../graph/layers/scopes.js';
import type { GraphModule, GraphStructure, GraphViewEdge, GraphViewNode } from '../../result/graphView.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A graph for drawing, in the order in which it runs. With facts, edges carry shapes and nodes FLOPs. */
export function structureOf(graph: Graph, layers: readonly Layer[], facts?: Facts): GraphStructure {
  const modules = new Modules();
  const layerOf = new Map(layers.map((l) => [l.node, l.name]));
  const nodes: GraphViewNode[] = [];
  const made = new Map<string, number>();
  const empty = { module: 0, parameters: 0, weights: [] };
  for (const input of graph.inputs) {
    made.set(input.name, nodes.length);
    nodes.push({ ...empty, kind: 'input', name: input.name, op: 'Input', outputs: [input.name] });
  }
  const first = nodes.length;
  const counted = new Set<string>();
  const paths = modulePaths(graph);
  for (const node of graph.nodes) {
    for (const output of node.outputs) if (output !== '') made.set(output, nodes.length);
    const path = paths.get(node)!;
    const parameters = parametersOf(graph, node);
    let count = 0;
    for (const [input, w] of parameters) {
      // A weight that several nodes share counts at the first.
      if (w.dims.length === 0 || counted.has(w.name)) continue;
      counted.add(w.name);
      count += parametersIn(node, input, w);
    }
    const flops = facts === undefined ? undefined : flopsOf(node, facts);
    const layer = layerOf.get(node.name);
    const module = modules.of(path);
    modules.add(module, count, flops);
    nodes.push({
      kind: 'node',
      name: node.name,
      op: node.domain === '' || node.domain === 'ai.onnx' ? node.op : `${node.domain}.${node.op}`,
      module,
      parameters: count,
      weights: parameters.map(([, w]) => w.name),
      outputs: node.outputs.filter((o) => o !== ''),
      ...(layer === undefined ? {} : { layer }),
      ...(flops === undefined ? {} : { flops }),
    });
  }
  const edges: GraphViewEdge[] = [];
  const connect = (value: string, to: number): void => {
    const from = made.get(value);
    if (from === undefined) return;
    const fact = facts?.get(value);
    edges.push({ from, to, value, ...(fact === undefined ? {} : { shape: dimsAt(fact, facts!.batch) }) });
  };
  graph.nodes.forEach((node, i) => {
    for (const value of new Set(readsOf(node))) connect(value, first + i);
  });
  for (const output of graph.outputs) {
    nodes.push({ ...empty, kind: 'output', name: output.name, op: 'Output', outputs: [] });
    connect(output.name, nodes.length - 1);
  }
  return { nodes, edges, modules: modules.list, measured: facts !== undefined };
}

/** What PyTorch's exporter calls the scope of a node that it made itself. */
const NO_MODULE = '_empty_nn_module_stack_from_metadata_hook';

/**
 * The module of every node. Exporters write helper nodes (shapes, ranges, casts) of no scope: a connected group of them
 * stands in the innermost module that holds all its neighbours.
 */
function modulePaths(graph: Graph): ReadonlyMap<GraphNode, string> {
  const index = indexOf(graph);
  const paths = new Map<GraphNode, string>();
  const lost = new Set<GraphNode>();
  for (const node of graph.nodes) {
    const { path, local } = scopeOf(node);
    paths.set(node, path === NO_MODULE ? '' : path);
    if (path === '' && local === undefined && !node.metadata.has('pkg.torch.onnx.name_scopes')) lost.add(node);
  }
  if (lost.size === graph.nodes.length) return paths;
  const outputs = new Set(graph.outputs.map((o) => o.name));
  for (const start of lost) {
    const group = [start];
    lost.delete(start);
    let common: string | undefined;
    for (const node of group) {
      if (node.outputs.some((o) => outputs.has(o))) common = '';
      const before = readsOf(node).map((v) => index.producer(v));
      const after = node.outputs.flatMap((v) => (v === '' ? [] : index.consumers(v)));
      for (const neighbour of [...before, ...after]) {
        if (neighbour === undefined || group.includes(neighbour)) continue;
        if (lost.delete(neighbour)) group.push(neighbour);
        else common = common === undefined ? paths.get(neighbour)! : commonPath(common, paths.get(neighbour)!);
      }
    }
    for (const node of group) paths.set(node, common ?? '');
  }
  return paths;
}

function commonPath(a: string, b: string): string {
  if (a === b) return a;
  const separator = a.includes('/') ? '/' : '.';
  const [x, y] = [a.split(separator), b.split(separator)];
  let n = 0;
  while (n < x.length && n < y.length && x[n] === y[n]) n++;
  return x.slice(0, n).join(separator);
}

/** Modules as they are met, parents before children. */
class Modules {
  readonly list: Writable<GraphModule>[] = [{ path: '', name: '', parent: -1, nodes: 0, parameters: 0 }];
  private readonly byPath = new Map<string, number>([['', 0]]);

  of(path: string): number {
    const known = this.byPath.get(path);
    if (known !== undefined) return known;
    const separator = path.includes('/') ? '/' : '.';
    const cut = path.lastIndexOf(separator);
    const parent = this.of(cut < 0 ? '' : path.slice(0, cut));
    const index = this.list.length;
    this.list.push({ path, name: path.slice(cut + 1), parent, nodes: 0, parameters: 0 });
    this.byPath.set(path, index);
    return index;
  }

  add(module: number, parameters: number, flops: number | undefined): void {
    for (let at = module; at >= 0; at = this.list[at]!.parent) {
      const entry = this.list[at]!;
      entry.nodes++;
      entry.parameters += parameters;
      if (flops !== undefined) entry.flops = (entry.flops ?? 0) + flops;
    }
  }
}
