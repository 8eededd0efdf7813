import { smallFloats, smallIntegers } from '../constants.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';

/** What the first nodes of a graph do to its input before anything is learned from it: `y = scale · x + shift`. */
export interface FirstNodes {
  /** For each channel, or one number for all of them. */
  readonly scale: readonly number[];
  readonly shift: readonly number[];
  /** Operators that do it, in order: "Div", "Sub", "BatchNormalization". */
  readonly operators: readonly string[];
}

interface Walk {
  readonly value: string;
  readonly scale: readonly number[];
  readonly shift: readonly number[];
  /** Axis of the channels in the value that is reached. */
  readonly axis: number;
  readonly rank: number;
}

/**
 * The arithmetic with numbers of its own with which a graph meets its input: normalisation that was exported with the
 * network (Sub, Div, Mul, Add, a BatchNormalization of the picture itself, Keras' Rescaling). Looked for over nodes that
 * change no number (Cast, Transpose, Identity); undefined where the first node is another one, or the input has two readers.
 *
 * @param axis the input's channel axis: 1 for `[N, C, H, W]`, 3 for `[N, H, W, C]`
 */
export function firstNodes(graph: Graph, input: string, axis: number, rank = 4): FirstNodes | undefined {
  const index = indexOf(graph);
  const operators: string[] = [];
  let at: Walk = { value: input, scale: [1], shift: [0], axis, rank };
  for (;;) {
    const readers = index.consumers(at.value);
    const [node] = readers;
    const isOutput = graph.outputs.some((o) => o.name === at.value);
    const next = node === undefined || readers.length > 1 || isOutput ? undefined : step(graph, node, at);
    if (next === undefined) break;
    if (next.scale !== at.scale || next.shift !== at.shift) operators.push(node!.op);
    at = next;
  }
  return operators.length === 0 ? undefined : { scale: at.scale, shift: at.shift, operators };
}

function step(graph: Graph, node: GraphNode, at: Walk): Walk | undefined {
  if (node.domain !== '') return undefined;
  const value = node.outputs[0] ?? '';
  switch (node.op) {
    case 'Identity':
    case 'Cast':
      return { ...at, value };
    case 'Transpose': {
      const perm = node.attributes.ints('perm', []);
      return perm.length === at.rank ? { ...at, value, axis: perm.indexOf(at.axis) } : undefined;
    }
    case 'Unsqueeze': {
      const axes = smallIntegers(graph.weights.get(node.inputs[1] ?? ''));
      if (axes?.length !== 1 || axes[0] !== 0) return undefined;
      return { ...at, value, axis: at.axis + 1, rank: at.rank + 1 };
    }
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
      return arithmetic(graph, node, { ...at, value }, at.value);
    case 'BatchNormalization':
      return batchNormalisation(graph, node, { ...at, value });
    default:
      return undefined;
  }
}

function arithmetic(graph: Graph, node: GraphNode, at: Walk, from: string): Walk | undefined {
  const [a = '', b = ''] = node.inputs;
  if (a === from && b === from) return undefined;
  const first = a === from;
  const numbers = perChannel(graph, first ? b : a, at);
  if (numbers === undefined) return undefined;
  switch (node.op) {
    case 'Add':
      return { ...at, shift: zip(at.shift, numbers, (s, k) => s + k) };
    case 'Sub':
      return first
        ? { ...at, shift: zip(at.shift, numbers, (s, k) => s - k) }
        : { ...at, scale: at.scale.map((s) => -s), shift: zip(at.shift, numbers, (s, k) => k - s) };
    case 'Mul':
      return {
        ...at,
        scale: zip(at.scale, numbers, (s, k) => s * k),
        shift: zip(at.shift, numbers, (s, k) => s * k),
      };
    default:
      return first
        ? { ...at, scale: zip(at.scale, numbers, (s, k) => s / k), shift: zip(at.shift, numbers, (s, k) => s / k) }
        : undefined;
  }
}

/** Of the picture itself: `γ (x - μ) / √(σ² + ε) + β`, the channels at axis 1. */
function batchNormalisation(graph: Graph, node: GraphNode, at: Walk): Walk | undefined {
  const [gamma, beta, mean, variance] = node.inputs.slice(1).map((name) => smallFloats(graph.weights.get(name)));
  if (at.axis !== 1 || !gamma || !beta || !mean || !variance) return undefined;
  const epsilon = node.attributes.float('epsilon', 1e-5);
  const factor = Array.from(gamma, (g, c) => g / Math.sqrt(variance[c]! + epsilon));
  const offset = factor.map((f, c) => beta[c]! - f * mean[c]!);
  return {
    ...at,
    scale: zip(at.scale, factor, (s, f) => s * f),
    shift: zip(
      zip(at.shift, factor, (s, f) => s * f),
      offset,
      (s, o) => s + o,
    ),
  };
}

/** A constant as one number, or one for each channel; undefined where it is anything else. */
function perChannel(graph: Graph, name: string, { axis, rank }: Walk): readonly number[] | undefined {
  const weight = graph.weights.get(name);
  const values = smallFloats(weight);
  if (weight === undefined || values === undefined || values.length === 0) return undefined;
  if (values.length === 1) return [values[0]!];
  // Broadcasting aligns the last dimensions.
  const own = axis - (rank - weight.dims.length);
  return weight.dims.every((d, i) => (i === own ? d === values.length : d === 1)) ? [...values] : undefined;
}

function zip(a: readonly number[], b: readonly number[], of: (x: number, y: number) => number): readonly number[] {
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, i) => of(a[i] ?? a[0]!, b[i] ?? b[0]!));
}
