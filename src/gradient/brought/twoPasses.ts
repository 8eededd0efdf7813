import { prune, rename } from '../../graph/edits.js';
import type { Facts, ValueFact } from '../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { Names } from '../../graph/names.js';
import { readsOf } from '../../graph/order.js';
import { expandPath } from '../sweep/expansion.js';
import { refusalError } from '../sweep/refusals.js';
import type { Rule } from '../rule.js';

/** A graph that computes a value twice, for two inputs: a sample and its baseline. */
export interface Twins {
  readonly graph: Graph;
  readonly facts: Facts;
  /** Name of the second input. */
  readonly input: string;
  /** The same value of the second pass; the value itself where it does not depend on the input. */
  twin(value: string): string;
}

/**
 * Repeats everything between `input` and `value` for a second input, on the same weights. Operators that the gradient
 * would write as simpler ones are written so first, so that each of those has its twin, too.
 *
 * @param overrides the rules that will be used, so that operators they know are left as they are
 */
export function twinned(
  graph: Graph,
  facts: Facts,
  input: string,
  value: string,
  overrides: ReadonlyMap<string, Rule>,
): Twins {
  const request = { score: { value, seed: 'sum' }, wrt: [input], overrides } as const;
  const expanded = expandPath(prune(graph, [value]), facts, request, 'cpu', new Set());
  if (expanded.refused.length > 0) throw refusalError(expanded.refused);
  const { graph: first, indices } = withPoolingIndices(expanded.graph);
  const names = new Names(indexOf(first).names);
  const twins = new Map([[input, names.make(`${input}/baseline`)]]);
  const nodes: GraphNode[] = [];
  for (const node of first.nodes) {
    if (![...readsOf(node)].some((v) => twins.has(v))) continue;
    for (const output of node.outputs) if (output !== '') twins.set(output, names.make(`${output}/baseline`));
    nodes.push({ ...node, name: names.make(`${node.name}/baseline`) });
  }
  const second = rename({ ...first, nodes }, twins);
  const given = first.inputs.find((i) => i.name === input)!;
  const originals = new Map([...twins].map(([own, other]) => [other, own]));
  const factOf = (name: string): ValueFact | undefined => {
    const own = originals.get(name) ?? name;
    const pooled = indices.get(own);
    const fact = expanded.facts.get(pooled ?? own);
    return pooled === undefined || fact === undefined ? fact : { ...fact, type: 'int64' };
  };
  return {
    graph: {
      ...first,
      inputs: [...first.inputs, { ...given, name: twins.get(input)! }],
      nodes: [...first.nodes, ...second.nodes],
    },
    facts: { dynamicBatch: facts.dynamicBatch, batch: facts.batch, get: factOf },
    input: twins.get(input)!,
    twin: (name) => twins.get(name) ?? name,
  };
}

/** Every MaxPool with its second output, the places of the maxima (by name, of which output): rules read those of both passes. */
function withPoolingIndices(graph: Graph): { graph: Graph; indices: ReadonlyMap<string, string> } {
  const names = new Names(indexOf(graph).names);
  const indices = new Map<string, string>();
  const nodes = graph.nodes.map((node) => {
    if (node.domain !== '' || node.op !== 'MaxPool' || (node.outputs[1] ?? '') !== '') return node;
    const places = names.make(`${node.name}/indices`);
    indices.set(places, node.outputs[0]!);
    return { ...node, outputs: [node.outputs[0]!, places] };
  });
  return { graph: { ...graph, nodes }, indices };
}
