import { Attributes, makeAttributes } from '../../../graph/attributes.js';
import type { GraphNode } from '../../../graph/graph.js';
import { NCHWC } from './writer.js';

/**
 * Sums and rectifiers as part of the blocked convolution in front of them, which adds and cuts while it writes: a residual
 * block's end (normalisation, shortcut, Relu) is then one pass over memory instead of three.
 *
 * @param sums outputs of the Add nodes whose operands have the same shape
 * @param outputs values that are read from outside
 */
export function fused(
  nodes: readonly GraphNode[],
  sums: ReadonlySet<string>,
  outputs: ReadonlySet<string>,
): GraphNode[] {
  const uses = new Map<string, number>();
  for (const node of nodes) for (const input of node.inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  for (const output of outputs) uses.set(output, (uses.get(output) ?? 0) + 1);
  /** Convolutions that something may still become part of, and where they stand. */
  const open = new Map<string, number>();
  const out: (GraphNode | undefined)[] = [];
  /** The convolution moves to where what it takes up stood: what that reads is there. */
  const moved = (from: string, node: GraphNode): void => {
    out[open.get(from)!] = undefined;
    open.delete(from);
    out.push(node);
  };
  for (const node of nodes) {
    const [first = '', second = ''] = node.inputs;
    const name = node.outputs[0]!;
    if (node.op === 'Add' && sums.has(name) && first !== second) {
      const from = [second, first].find(
        (v) => uses.get(v) === 1 && open.has(v) && out[open.get(v)!]!.inputs.length < 4,
      );
      if (from !== undefined) {
        const { inputs, ...rest } = out[open.get(from)!]!;
        const [x = '', weight = '', bias = ''] = inputs;
        moved(from, { ...rest, name, outputs: [name], inputs: [x, weight, bias, from === first ? second : first] });
        open.set(name, out.length - 1);
        continue;
      }
    }
    if (node.op === 'Relu' && node.domain === '' && uses.get(first) === 1 && open.has(first)) {
      const conv = out[open.get(first)!]!;
      const activation = makeAttributes({ activation: 'Relu' });
      const attributes = new Attributes([...conv.attributes.list, ...activation.list]);
      moved(first, { ...conv, name, outputs: [name], attributes });
      continue;
    }
    out.push(node);
    if (node.op === 'Conv' && node.domain === NCHWC) open.set(name, out.length - 1);
  }
  return out.filter((node) => node !== undefined);
}
