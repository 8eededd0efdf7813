import { LensError } from '../../base/errors.js';
import { isFloating } from '../../base/tensor.js';
import { indexOf, type Graph } from '../graph.js';
import type { Layer } from './layer.js';
import { scopeOf } from './scopes.js';
import { closest } from '../../base/suggest.js';
import { sourceOf } from './source.js';
import { inferTypes } from '../types.js';

/**
 * Modules that hold several operators (`layer4`, `blocks.11`, `fire9`), each as a layer: its output is the last value
 * that leaves it. They are not in the list of layers, but may be asked for by name.
 */
export function blocksOf(graph: Graph): Layer[] {
  const types = inferTypes(graph);
  const index = indexOf(graph);
  const outputs = new Set(graph.outputs.map((o) => o.name));
  const paths = new Map(graph.nodes.map((n) => [n, scopeOf(n).path]));
  const last = new Map<string, Layer>();
  for (const node of graph.nodes) {
    const path = paths.get(node)!;
    const output = node.outputs[0] ?? '';
    const type = types.get(output);
    if (path === '' || type === undefined || !isFloating(type)) continue;
    const readers = index.consumers(output).map((n) => paths.get(n)!);
    for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
      const module = path.slice(0, end);
      const leaves = outputs.has(output) || readers.some((r) => r !== module && !r.startsWith(`${module}.`));
      if (!leaves) continue;
      const source = sourceOf(node);
      last.set(module, {
        name: module,
        op: 'Module',
        node: node.name,
        output,
        weights: [],
        parameters: 0,
        scope: module.split('.').slice(0, -1),
        ...(source === undefined ? {} : { source }),
      });
    }
  }
  return [...last.values()];
}

/**
 * The layer a person means: by its name, else a module (`layer4`), else a node's or value's name.
 * @throws LensError `graph/layer` with the names that come closest
 */
export function findLayer(layers: readonly Layer[], name: string, graph?: Graph): Layer {
  const exact = layers.find((l) => l.name === name) ?? layers.find((l) => l.node === name || l.output === name);
  if (exact !== undefined) return exact;
  const blocks = graph === undefined ? [] : blocksOf(graph);
  const block = blocks.find((b) => b.name === name);
  if (block !== undefined) return block;
  if (graph !== undefined) {
    const index = indexOf(graph);
    const node = index.node(name) ?? index.producer(name);
    if (node !== undefined) {
      const output = node.outputs.includes(name) ? name : (node.outputs[0] ?? '');
      return { name, op: node.op, node: node.name, output, weights: [], parameters: 0, scope: [] };
    }
  }
  const near = closest(name, [...layers.map((l) => l.name), ...blocks.map((b) => b.name)], 3);
  throw new LensError('usage', 'graph/layer', `The model has no layer "${name}".`, {
    hint:
      near.length === 0 ? 'List the layers with inspect.' : `Did you mean ${near.map((n) => `"${n}"`).join(' or ')}?`,
  });
}
