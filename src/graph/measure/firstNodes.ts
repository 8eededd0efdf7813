import { smallFloats, smallIntegers } from '../constants.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { operator } from '../operators/operators.js';
import { inferTypes } from '../types.js';

/** What the first nodes of a graph do to its input before anything is learned from it: `y = scale · x + shift`. */
export interface FirstNodes {
  /** For each channel, or one number for all of them. */
  readonly scale: readonly number[];
  readonly shift: readonly number[];
  /** Operators that do it, in order: "Div", "Sub", "BatchNormalization". */
  readonly operators: readonly string[];
  /** Where one of them cuts off what lies outside: numbers of the input that pass, and which operator it is. */
  readonly span?: Span;
}

/** Numbers that come through: a quantiser's grid, or the bounds of a Clip. */
export interface Span {
  readonly low: number;
  readonly high: number;
  readonly operator: string;
}

interface Walk {
  readonly value: string;
  readonly scale: readonly number[];
  readonly shift: readonly number[];
  /** Axis of the channels in the value that is reached. */
  readonly axis: number;
  readonly rank: number;
  readonly span?: Span;
}

/**
 * The arithmetic with numbers of its own with which a graph meets its input: normalisation that was exported with the
 * network (Sub, Div, Mul, Add, a BatchNormalization of the picture itself, Keras' Rescaling). Looked for over nodes that
 * change no number but for rounding and cutting (Cast, Transpose, a quantiser and what undoes it); an input of integers is
 * the numbers that its first DequantizeLinear, or product of integers, makes of it. Undefined where the first node is
 * another one, or the input has two readers.
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
  const { scale, shift, span } = at;
  if (operators.length === 0 && span === undefined) return undefined;
  return { scale, shift, operators, ...(span === undefined ? {} : { span }) };
}

function step(graph: Graph, node: GraphNode, at: Walk): Walk | undefined {
  const value = node.outputs[0] ?? '';
  if (operator(node).operand?.inputScale !== undefined) return dequantised(graph, node, { ...at, value: LAST });
  if (node.domain !== '') return undefined;
  switch (node.op) {
    case 'Identity':
    case 'Cast':
    case 'Round':
    case 'Floor':
      return { ...at, value };
    case 'Clip':
      return clipped(graph, node, { ...at, value });
    case 'QuantizeLinear':
      return quantised(graph, node, at);
    case 'DequantizeLinear':
      return dequantised(graph, node, { ...at, value });
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

/** No value: nothing behind it is looked at. */
const LAST = '';

function clipped(graph: Graph, { inputs, op }: GraphNode, at: Walk): Walk | undefined {
  const [low, high] = [1, 2].map((i) => smallFloats(graph.weights.get(inputs[i] ?? ''))?.[0]);
  return low === undefined || high === undefined ? undefined : { ...at, span: spanOf(at, low, high, op) };
}

/** Smallest and greatest integer of the types that quantisers answer with. */
const INTEGERS: Readonly<Record<string, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
};

/** A quantiser: the numbers of its grid pass. With what undoes it behind it, it changes no number but for rounding. */
function quantised(graph: Graph, node: GraphNode, at: Walk): Walk | undefined {
  const [value = ''] = node.outputs;
  const storage = numbersOf(graph, node.inputs[1], node.inputs[2]);
  const integers = INTEGERS[inferTypes(graph).get(value) ?? ''];
  if (storage === undefined || integers === undefined) return undefined;
  const [low, high] = integers.map((q) => (q - storage.zero) * storage.scale) as [number, number];
  const span = spanOf(at, low, high, node.op);
  const [next, ...more] = indexOf(graph).consumers(value);
  const undone = next?.op === 'DequantizeLinear' && next.domain === '' && more.length === 0;
  const back = undone ? numbersOf(graph, next.inputs[1], next.inputs[2]) : undefined;
  const same = back?.scale === storage.scale && back.zero === storage.zero;
  return { ...at, span, value: same ? next!.outputs[0]! : LAST };
}

/** `(x - zero) · scale`: by a DequantizeLinear, or within a product of integers. */
function dequantised(graph: Graph, node: GraphNode, at: Walk): Walk | undefined {
  const first = operator(node).operand?.inputScale ?? 1;
  const [scales, zeros] = [node.inputs[first], node.inputs[first + 1]];
  const along = node.attributes.int('axis', 1) === at.axis;
  const scale = perAxis(graph, scales, along);
  const zero = (zeros ?? '') === '' ? [0] : perAxis(graph, zeros, along);
  if (scale === undefined || zero === undefined) return undefined;
  return {
    ...at,
    scale: zip(at.scale, scale, (s, k) => s * k),
    shift: zip(
      zip(at.shift, zero, (s, z) => s - z),
      scale,
      (s, k) => s * k,
    ),
  };
}

function perAxis(graph: Graph, name: string | undefined, along: boolean): readonly number[] | undefined {
  const values = smallFloats(graph.weights.get(name ?? ''));
  return values !== undefined && (values.length === 1 || along) && values.length > 0 ? [...values] : undefined;
}

function numbersOf(
  graph: Graph,
  scales: string | undefined,
  zeros = '',
): { readonly scale: number; readonly zero: number } | undefined {
  const scale = perAxis(graph, scales, false)?.[0];
  const zero = zeros === '' ? 0 : perAxis(graph, zeros, false)?.[0];
  return scale === undefined || zero === undefined ? undefined : { scale, zero };
}

/** Numbers of the input that lie between two numbers of what it has become, in the channel where they reach farthest; cut as before. */
function spanOf({ scale, shift, span }: Walk, low: number, high: number, by: string): Span {
  const ends = zip(scale, shift, (a, b) => Math.min((low - b) / a, (high - b) / a));
  const others = zip(scale, shift, (a, b) => Math.max((low - b) / a, (high - b) / a));
  const found = { low: Math.min(...ends), high: Math.max(...others), operator: by };
  return span !== undefined && span.high - span.low <= found.high - found.low ? span : found;
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
