import { LensError } from '../base/errors.js';
import type { Checkpoint, NodeProto, StoredTensor } from '../checkpoint/model.js';
import { Attributes } from './attributes.js';
import { constantOf } from './constants.js';
import type { Graph, GraphNode } from './graph.js';
import { Names } from './names.js';
import { inOrder } from './order.js';

/** The graph of a checkpoint, in the one form that the rest of the house knows (see {@link Graph}). */
export function buildGraph(checkpoint: Checkpoint): Graph {
  const { graph } = checkpoint;
  const weights = new Map<string, StoredTensor>(graph.initializers.map((w) => [w.name, w]));
  const nodes: GraphNode[] = [];
  const nodeNames = new Names();
  for (const proto of graph.nodes) {
    const output = proto.outputs[0] ?? '';
    if (proto.op === 'Constant' && proto.domain === '') {
      const value = constantOf(new Attributes(proto.attributes), output);
      if (value !== undefined) {
        weights.set(output, value);
        continue;
      }
    }
    nodes.push(toGraphNode(proto, nodeNames));
  }
  const inputs = graph.inputs.filter((i) => !weights.has(i.name));
  const known = new Set([...weights.keys(), ...inputs.map((i) => i.name)]);
  const ordered = inOrder(nodes, (v) => known.has(v));
  const made = new Set(ordered.flatMap((n) => n.outputs));
  for (const o of graph.outputs) {
    if (!made.has(o.name) && !known.has(o.name)) {
      throw new LensError('input', 'graph/unresolved', `The model's output "${o.name}" is made by no node.`, {
        hint: 'The model is incomplete: export it again.',
      });
    }
  }
  const opsets = new Map(checkpoint.opsets);
  const opset = opsets.get('')!;
  opsets.delete('');
  return {
    name: graph.name,
    irVersion: checkpoint.irVersion,
    opset,
    opsets,
    inputs,
    outputs: graph.outputs,
    nodes: ordered,
    weights,
    metadata: checkpoint.metadata,
    path: checkpoint.path,
  };
}

function toGraphNode(proto: NodeProto, names: Names): GraphNode {
  const { op, domain, inputs, outputs, doc, metadata } = proto;
  const name = names.make(proto.name === '' ? `${op}_${outputs[0] ?? ''}` : proto.name);
  return { name, op, domain, inputs, outputs, attributes: new Attributes(proto.attributes), doc, metadata };
}
