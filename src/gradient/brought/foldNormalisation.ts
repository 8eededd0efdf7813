import { floatTensor, int64Tensor, type Tensor } from '../../base/tensor.js';
import { makeNode } from '../../graph/edits.js';
import type { Facts } from '../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { Names } from '../../graph/names.js';
import { range } from '../dims.js';

/**
 * Every BatchNormalization that stands alone behind a Conv is folded into it: W·s and (b - mean)·s + β with
 * s = γ/√(variance + ε), per output channel. Rules that look at the sign of weights (LRP) then see the layer as one, as it
 * would be in a fused file. Written as nodes on the weights, which a session folds when it is opened.
 */
export function foldNormalisation(graph: Graph, facts: Facts): { readonly graph: Graph; readonly facts: Facts } {
  const index = indexOf(graph);
  const outputs = new Set(graph.outputs.map((o) => o.name));
  const names = new Names(index.names);
  const weights = new Map(graph.weights);
  const like = new Map<string, string>();
  const gone = new Set<GraphNode>();
  const instead = new Map<GraphNode, GraphNode[]>();
  for (const norm of graph.nodes) {
    if (norm.domain !== '' || norm.op !== 'BatchNormalization') continue;
    const [x = '', gamma = '', beta = '', mean = '', variance = ''] = norm.inputs;
    const conv = index.producer(x);
    const rank = facts.get(x)?.base.length ?? 0;
    const weight = conv?.inputs[1] ?? '';
    if (conv?.op !== 'Conv' || conv.domain !== '' || outputs.has(x) || index.consumers(x).length !== 1) continue;
    if (![weight, gamma, beta, mean, variance].every((v) => graph.weights.has(v))) continue;
    if (graph.weights.get(weight)!.type !== 'float32' || rank < 3) continue;
    const made: GraphNode[] = [];
    const node = (op: string, inputs: readonly string[], shape?: string): string => {
      const name = names.make(`${norm.name}/folded/${op}`);
      made.push(makeNode(op, name, inputs));
      like.set(name, shape ?? gamma);
      return name;
    };
    const put = (tensor: Tensor): string => {
      const name = names.make(`${norm.name}/folded/constant`);
      weights.set(name, { name, type: tensor.type, dims: tensor.dims, at: { kind: 'memory', tensor } });
      return name;
    };
    const epsilon = put(floatTensor([], Float32Array.of(norm.attributes.float('epsilon', 1e-5))));
    const scale = node('Div', [gamma, node('Sqrt', [node('Add', [variance, epsilon])])]);
    const axes = put(
      int64Tensor(
        [rank - 1],
        range(rank - 1).map((i) => i + 1),
      ),
    );
    const kernel = node('Mul', [weight, node('Unsqueeze', [scale, axes])], weight);
    const bias = conv.inputs[2] ?? '';
    const centred = bias === '' ? node('Neg', [mean]) : node('Sub', [bias, mean]);
    const shift = node('Add', [node('Mul', [centred, scale]), beta]);
    gone.add(conv);
    instead.set(norm, [...made, { ...conv, inputs: [conv.inputs[0]!, kernel, shift], outputs: [norm.outputs[0]!] }]);
  }
  if (instead.size === 0) return { graph, facts };
  return {
    graph: { ...graph, weights, nodes: graph.nodes.flatMap((n) => (gone.has(n) ? [] : (instead.get(n) ?? [n]))) },
    facts: {
      dynamicBatch: facts.dynamicBatch,
      batch: facts.batch,
      get: (value) => {
        const shape = like.get(value);
        if (shape === undefined) return facts.get(value);
        const stored = graph.weights.get(shape)!;
        return { type: stored.type, base: stored.dims, slope: stored.dims.map(() => 0) };
      },
    },
  };
}
