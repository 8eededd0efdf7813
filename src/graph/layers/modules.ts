import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { readsOf } from '../order.js';
import { scopeOf } from './scopes.js';

/** What PyTorch's exporter calls the scope of a node that it made itself. */
const NO_MODULE = '_empty_nn_module_stack_from_metadata_hook';

/**
 * The module of every node. Exporters write helper nodes (shapes, ranges, casts) of no scope: a connected group of them
 * stands in the innermost module that holds all its neighbours.
 */
export function modulePaths(graph: Graph): ReadonlyMap<GraphNode, string> {
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
