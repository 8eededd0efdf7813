import { smallIntegers } from '../constants.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { operator } from '../operators/operators.js';

/** What the first convolution or pooling that an input meets takes each of its axes for. */
export type AxisRole = 'batch' | 'channel' | 'space' | 'other';

/** Axis of the input, or `new` for one that the graph puts in. */
type Label = number | 'new';

/**
 * The roles of an input's axes, as the first window that slides over it sees them: batch and channels come before the axes
 * it slides over. Looked for over nodes that move axes or work element by element; undefined where none is reached.
 */
export function windowAxes(graph: Graph, input: string, rank: number): readonly AxisRole[] | undefined {
  const index = indexOf(graph);
  const queue: { value: string; labels: readonly Label[] }[] = [
    { value: input, labels: Array.from({ length: rank }, (_, i) => i) },
  ];
  const seen = new Set<string>();
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    if (seen.has(at.value)) continue;
    seen.add(at.value);
    for (const node of index.consumers(at.value)) {
      if (node.inputs[0] === at.value && operator(node).window === true) return rolesOf(at.labels, rank);
      const labels = moved(graph, node, at.value, at.labels);
      if (labels !== undefined) queue.push({ value: node.outputs[0] ?? '', labels });
    }
  }
  return undefined;
}

function rolesOf(labels: readonly Label[], rank: number): readonly AxisRole[] {
  const roles = new Array<AxisRole>(rank).fill('other');
  labels.forEach((label, i) => {
    if (label !== 'new') roles[label] = i === 0 ? 'batch' : i === 1 ? 'channel' : 'space';
  });
  return roles;
}

/** The axes of what a node makes of a value; undefined where they cannot be followed. */
function moved(graph: Graph, node: GraphNode, value: string, labels: readonly Label[]): readonly Label[] | undefined {
  if (node.domain !== '') return undefined;
  const axes = (): number[] | undefined =>
    node.attributes.has('axes')
      ? [...node.attributes.ints('axes', [])]
      : smallIntegers(graph.weights.get(node.inputs[1] ?? ''));
  switch (node.op) {
    case 'Transpose': {
      const perm = node.attributes.ints(
        'perm',
        labels.map((_, i) => labels.length - 1 - i),
      );
      return perm.length === labels.length ? perm.map((p) => labels[p]!) : undefined;
    }
    case 'Unsqueeze': {
      const into = axes();
      if (into === undefined) return undefined;
      const rank = labels.length + into.length;
      const fresh = new Set(into.map((a) => (a < 0 ? a + rank : a)));
      const rest = [...labels];
      return Array.from({ length: rank }, (_, i) => (fresh.has(i) ? 'new' : rest.shift()!));
    }
    case 'Squeeze': {
      const away = axes();
      if (away === undefined) return undefined;
      const gone = new Set(away.map((a) => (a < 0 ? a + labels.length : a)));
      return labels.filter((_, i) => !gone.has(i));
    }
    case 'Concat':
    case 'Slice':
    case 'Split':
    case 'Pad':
    case 'Resize':
    case 'Upsample':
      return labels;
    default: {
      const row = operator(node);
      const like = row.elementwise !== undefined || row.sameShape === true;
      // Of what is computed with weights alone: another value may bring axes of its own.
      const alone = node.inputs.every((name) => name === value || name === '' || graph.weights.has(name));
      return like && alone ? labels : undefined;
    }
  }
}
