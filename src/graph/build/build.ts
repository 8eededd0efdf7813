import { LensError } from '../../base/errors.js';
import { storedBytes } from '../../checkpoint/elements.js';
import type { Checkpoint, NodeProto, StoredTensor } from '../../checkpoint/model.js';
import { Attributes } from '../attributes.js';
import { flatten } from './flatten.js';
import type { Graph, GraphNode } from '../graph.js';
import { functionTable } from './inline.js';
import { Names } from '../names.js';
import { namesWithin } from '../nested.js';
import { inOrder } from '../order.js';
import { TARGET_OPSET, upgradeFunction, upgradeGraph } from './upgrade/upgrade.js';

/**
 * The graph of a checkpoint, in the one form that the rest of the house knows (see {@link Graph}).
 * @throws LensError `graph/cycle`, `graph/unresolved`, `graph/duplicate`, `graph/recursion`, `graph/upgrade` …
 */
export function buildGraph(checkpoint: Checkpoint): Graph {
  const opset = checkpoint.opsets.get('') ?? TARGET_OPSET;
  const source = upgradeGraph(checkpoint.graph, opset);
  const functions = functionTable(checkpoint.functions.map((f) => upgradeFunction(f, opset)));
  const names = new Names(() => namesWithin(source));
  const { nodes, weights } = flatten({ ...source, initializers: checkInitializers(checkpoint) }, functions, names);
  const aliased = aliasWeights(nodes, weights, new Set(source.outputs.map((o) => o.name)));
  const inputs = source.inputs.filter((i) => !weights.has(i.name));
  const known = new Set([...aliased.weights.keys(), ...inputs.map((i) => i.name)]);
  const ordered = inOrder(named(aliased.nodes), (v) => known.has(v));
  const made = new Set(ordered.flatMap((n) => n.outputs));
  for (const o of source.outputs) {
    if (!made.has(o.name) && !known.has(o.name)) {
      throw new LensError('input', 'graph/unresolved', `The model's output "${o.name}" is made by no node.`, {
        hint: 'The model is incomplete: export it again.',
      });
    }
  }
  const { standard, others } = opsetsOf(checkpoint, opset);
  return {
    name: source.name,
    irVersion: checkpoint.irVersion,
    opset: standard,
    opsets: others,
    inputs,
    outputs: source.outputs,
    nodes: ordered,
    weights: aliased.weights,
    metadata: checkpoint.metadata,
    path: checkpoint.path,
  };
}

/** Copies of a weight up to this size count as weights of their own. */
const SMALL_ALIAS = 1 << 20;

/**
 * PyTorch's exporter stores equal tensors once and hands them to the other layers through Identity nodes, under the
 * names they had. Those names are what people know, so each becomes a weight that lies at the same place in the file.
 * Large ones stay shared: two weights are two copies in memory.
 */
function aliasWeights(
  nodes: readonly NodeProto[],
  weights: ReadonlyMap<string, StoredTensor>,
  outputs: ReadonlySet<string>,
): { nodes: readonly NodeProto[]; weights: ReadonlyMap<string, StoredTensor> } {
  const all = new Map(weights);
  const rest = nodes.filter((node) => {
    const weight = node.op === 'Identity' && node.domain === '' ? all.get(node.inputs[0] ?? '') : undefined;
    const output = node.outputs[0] ?? '';
    if (weight === undefined || all.has(output) || outputs.has(output) || storedBytes(weight) > SMALL_ALIAS)
      return true;
    all.set(output, { ...weight, name: output });
    return false;
  });
  return { nodes: rest, weights: all };
}

function checkInitializers(checkpoint: Checkpoint): Checkpoint['graph']['initializers'] {
  const seen = new Set<string>();
  for (const { name } of checkpoint.graph.initializers) {
    if (seen.has(name))
      throw new LensError('input', 'graph/duplicate', `The model holds the weight "${name}" twice.`, {
        hint: 'The model breaks the ONNX rules: export it again.',
      });
    seen.add(name);
  }
  return checkpoint.graph.initializers;
}

/** Opsets after the upgrade. Functions may bring domains of their own, and a newer standard opset. */
function opsetsOf(checkpoint: Checkpoint, opset: number): { standard: number; others: Map<string, number> } {
  const others = new Map<string, number>();
  let standard = Math.max(opset, TARGET_OPSET);
  for (const f of checkpoint.functions) {
    for (const [domain, version] of f.opsets) {
      if (domain === '') standard = Math.max(standard, version);
      else others.set(domain, Math.max(version, others.get(domain) ?? 0));
    }
  }
  for (const [domain, version] of checkpoint.opsets)
    if (domain !== '') others.set(domain, Math.max(version, others.get(domain) ?? 0));
  return { standard, others };
}

/** Nodes with typed attributes and names of their own. */
export function named(nodes: readonly NodeProto[]): GraphNode[] {
  const names = new Names();
  // The names that the file gives have the first right to themselves.
  const given = new Set<string>();
  const first = nodes.map((n) => n.name !== '' && !given.has(n.name) && given.add(n.name) !== undefined);
  for (const name of given) names.add(name);
  return nodes.map((proto, i) => {
    const { op, domain, inputs, outputs, doc, metadata } = proto;
    const wish = proto.name === '' ? `${op}_${outputs[0] ?? ''}` : proto.name;
    return {
      name: first[i] ? proto.name : names.make(wish),
      op,
      domain,
      inputs,
      outputs,
      attributes: new Attributes(proto.attributes),
      doc,
      metadata,
    };
  });
}
