import { dimsAt, type Facts } from '../../graph/facts.js';
import type { Graph } from '../../graph/graph.js';
import type { Layer } from '../../graph/layers/layer.js';
import { modulePaths } from '../../graph/layers/modules.js';
import { parametersIn, parametersOf } from '../../graph/layers/parameters.js';
import { flopsOf } from '../../graph/measure/flops.js';
import { readsOf } from '../../graph/order.js';
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

/** The tree of modules, as they are met: parents before children. What a node counts for counts for all that hold it. */
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
