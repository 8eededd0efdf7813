import { toIntegers, type Tensor } from '../../base/tensor.js';
import type { ValueFact } from '../../graph/facts.js';
import type { GraphNode } from '../../graph/graph.js';
import { keepsShape, operator } from '../../graph/operators/operators.js';
import { axisOf, broadcast, dimsOf, fixed, isOne, ONE, product, type Dim, type Dims } from '../dims.js';

/**
 * Dimensions of the outputs of a node that an expansion wrote. Only the operators that expansions use are known; for
 * anything else the answer is undefined, and a rule that needs the dimensions refuses.
 */
export function inferDims(
  node: GraphNode,
  inputs: readonly (ValueFact | undefined)[],
  valueOf: (input: number) => Tensor | undefined,
): readonly (Dims | undefined)[] | undefined {
  const shapes = inputs.map((f) => (f === undefined ? undefined : dimsOf(f)));
  const first = shapes[0];
  const a = node.attributes;
  const known = (i: number): Dims | undefined => shapes[i];
  const integers = (i: number): number[] | undefined => {
    const t = valueOf(i);
    return t === undefined ? undefined : toIntegers(t);
  };
  if (operator(node).elementwise === 'joint')
    return shapes.some((s) => s === undefined) ? undefined : [broadcast(...(shapes as Dims[]))];
  switch (node.op) {
    case 'MatMul': {
      const second = known(1);
      if (first === undefined || second === undefined || first.length < 2 || second.length < 2) return undefined;
      return [[...broadcast(first.slice(0, -2), second.slice(0, -2)), first.at(-2)!, second.at(-1)!]];
    }
    case 'Gemm': {
      const second = known(1);
      if (first === undefined || second === undefined) return undefined;
      return [[first[a.int('transA', 0) === 1 ? 1 : 0]!, second[a.int('transB', 0) === 1 ? 0 : 1]!]];
    }
    case 'Conv': {
      const weight = known(1);
      if (first === undefined || weight === undefined || !['NOTSET', 'VALID'].includes(a.string('auto_pad', 'NOTSET')))
        return undefined;
      const n = weight.length - 2;
      const [strides, dilations] = [a.ints('strides'), a.ints('dilations')];
      const pads = a.ints('pads') ?? Array<number>(2 * n).fill(0);
      const space = first.slice(2).map((d, i) => {
        const reach = (dilations?.[i] ?? 1) * (weight[i + 2]!.base - 1) + 1;
        return fixed(Math.floor((d.base + pads[i]! + pads[i + n]! - reach) / (strides?.[i] ?? 1)) + 1);
      });
      return first.slice(2).some((d) => d.slope !== 0) ? undefined : [[first[0]!, weight[0]!, ...space]];
    }
    case 'Transpose': {
      if (first === undefined) return undefined;
      const perm = a.ints('perm') ?? first.map((_, i) => first.length - 1 - i);
      return [perm.map((p) => first[p]!)];
    }
    case 'Reshape': {
      const target = integers(1);
      return target === undefined || first === undefined
        ? undefined
        : [reshaped(first, target, a.int('allowzero', 0) === 1)];
    }
    case 'Unsqueeze': {
      const axes = integers(1);
      if (first === undefined || axes === undefined) return undefined;
      const rank = first.length + axes.length;
      const out: Dim[] = [];
      const at = new Set(axes.map((x) => axisOf(x, rank)));
      for (let i = 0, k = 0; i < rank; i++) out.push(at.has(i) ? ONE : first[k++]!);
      return [out];
    }
    case 'Squeeze': {
      if (first === undefined) return undefined;
      const axes = integers(1)?.map((x) => axisOf(x, first.length));
      return [first.filter((d, i) => (axes === undefined ? !isOne(d) : !axes.includes(i)))];
    }
    case 'Concat': {
      if (shapes.some((s) => s === undefined) || first === undefined) return undefined;
      const axis = axisOf(a.int('axis', 0), first.length);
      const total = (shapes as Dims[]).reduce(
        (sum, s) => ({ base: sum.base + s[axis]!.base, slope: sum.slope + s[axis]!.slope }),
        fixed(0),
      );
      return [first.map((d, i) => (i === axis ? total : d))];
    }
    case 'Split': {
      const sizes = integers(1);
      if (first === undefined) return undefined;
      const axis = axisOf(a.int('axis', 0), first.length);
      return node.outputs.map((_, k) =>
        first.map((d, i) =>
          i !== axis
            ? d
            : sizes === undefined
              ? { base: d.base / node.outputs.length, slope: d.slope / node.outputs.length }
              : fixed(sizes[k]!),
        ),
      );
    }
    case 'Slice': {
      const [starts, ends, axes, steps] = [integers(1), integers(2), integers(3), integers(4)];
      if (first === undefined || starts === undefined || ends === undefined) return undefined;
      const out = [...first];
      for (const [k, start] of starts.entries()) {
        const axis = axisOf(axes?.[k] ?? k, first.length);
        const d = first[axis]!;
        if (d.slope !== 0) return undefined;
        const step = steps?.[k] ?? 1;
        // Backwards, the end may lie before the first element.
        const [low, high] = step > 0 ? [0, d.base] : [-1, d.base - 1];
        const clamp = (v: number): number => Math.min(Math.max(v < 0 ? v + d.base : v, low), high);
        out[axis] = fixed(Math.max(0, Math.ceil((clamp(ends[k]!) - clamp(start)) / step)));
      }
      return [out];
    }
    case 'Gather': {
      const indices = known(1);
      if (first === undefined || indices === undefined) return undefined;
      const axis = axisOf(a.int('axis', 0), first.length);
      return [[...first.slice(0, axis), ...indices, ...first.slice(axis + 1)]];
    }
    case 'Expand': {
      const target = integers(1);
      return first === undefined || target === undefined ? undefined : [broadcast(first, target.map(fixed))];
    }
    case 'ReduceMean':
    case 'ReduceSum':
    case 'ReduceMax': {
      const axes = integers(1)?.map((x) => axisOf(x, first?.length ?? 0));
      if (first === undefined) return undefined;
      const gone = (i: number): boolean => axes === undefined || axes.includes(i);
      if (a.int('keepdims', 1) === 1) return [first.map((d, i) => (gone(i) ? ONE : d))];
      return [first.filter((_, i) => !gone(i))];
    }
    case 'LayerNormalization': {
      if (first === undefined) return undefined;
      const axis = axisOf(a.int('axis', -1), first.length);
      const stats = first.map((d, i) => (i < axis ? d : ONE));
      return [first, stats, stats];
    }
    default:
      return keepsShape(node) && first !== undefined ? [first] : undefined;
  }
}

/** Result of a Reshape: 0 copies (or is 0), -1 takes what is left, which may depend on the batch. */
function reshaped(from: Dims, target: readonly number[], zeroIsZero: boolean): Dims | undefined {
  const out: (Dim | undefined)[] = target.map((t, i) =>
    t === -1 ? undefined : t === 0 && !zeroIsZero ? from[i] : fixed(t),
  );
  const hole = target.indexOf(-1);
  if (out.some((d, i) => d === undefined && i !== hole)) return undefined;
  if (hole < 0) return out as Dims;
  const total = product(from);
  const rest = product(out.filter((d): d is Dim => d !== undefined));
  if (total === undefined || rest === undefined) return undefined;
  if (rest.slope !== 0) {
    if (total.base * rest.slope !== total.slope * rest.base) return undefined;
    out[hole] = fixed(total.slope / rest.slope);
  } else out[hole] = { base: total.base / rest.base, slope: total.slope / rest.base };
  return out as Dims;
}
