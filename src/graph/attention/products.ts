import type { Facts } from '../facts.js';
import { dimsAt } from '../facts.js';
import type { Graph, GraphNode } from '../graph.js';
import { operator } from '../operators/operators.js';
import { product } from './axes.js';
import { weightsOf } from './weights.js';

/** One of the two operands of a product, and what its axes do there. */
export interface Operand {
  readonly value: string;
  readonly rank: number;
  /** Axes that are summed over. */
  readonly contracted: readonly number[];
  /** Axes that the other operand does not have, and where each lies in the result. */
  readonly own: readonly { readonly axis: number; readonly out: number }[];
}

/** A product of two values: MatMul and its kin, Gemm, or Einsum of two operands. */
export interface Product {
  readonly node: GraphNode;
  readonly output: string;
  readonly operands: readonly [Operand, Operand];
}

/** Reads a node as a product of its first two inputs; undefined where it is none, or shapes are not known. */
export function productOf(node: GraphNode, facts: Facts): Product | undefined {
  const [a = '', b = ''] = node.inputs;
  const [da, db, dout] = [a, b, node.outputs[0] ?? ''].map((v) => dimsOf(facts, v));
  if (da === undefined || db === undefined || dout === undefined) return undefined;
  if (node.op === 'Einsum')
    return node.inputs.length === 2 ? byEquation(node, [da.length, db.length, dout.length]) : undefined;
  if (operator(node).product !== 'matrix' || da.length === 0 || db.length === 0) return undefined;
  const gemm = node.op === 'Gemm';
  const turned = (name: string, gemmName: string): boolean => node.attributes.int(gemm ? gemmName : name, 0) !== 0;
  const [ta, tb] = [turned('transA', 'transA'), turned('transB', 'transB')];
  const rank = dout.length;
  const left = da.length === 1 ? { contracted: [0], own: [] } : sides(da.length, ta ? -2 : -1, ta ? -1 : -2, rank - 2);
  const right = db.length === 1 ? { contracted: [0], own: [] } : sides(db.length, tb ? -1 : -2, tb ? -2 : -1, rank - 1);
  return {
    node,
    output: node.outputs[0]!,
    operands: [
      { value: a, rank: da.length, ...left },
      { value: b, rank: db.length, ...right },
    ],
  };
}

/** Products of two values neither of which is a weight: of queries with keys, and of what comes of them with values. */
export function computedProducts(graph: Graph, facts: Facts): readonly Product[] {
  const weight = weightsOf(graph);
  return graph.nodes.flatMap((node) => {
    if (node.op !== 'Einsum' && operator(node).product !== 'matrix') return [];
    if (node.inputs.slice(0, 2).some((v) => v === '' || weight(v))) return [];
    const found = productOf(node, facts);
    return found === undefined ? [] : [found];
  });
}

/** Dimensions at the smallest batch that is possible. */
export function dimsOf(facts: Facts, value: string): number[] | undefined {
  const fact = facts.get(value);
  return fact === undefined ? undefined : dimsAt(fact, facts.batch);
}

export function sizeAt(facts: Facts, value: string): number | undefined {
  const dims = dimsOf(facts, value);
  return dims === undefined ? undefined : product(dims);
}

function sides(
  rank: number,
  contracted: number,
  own: number,
  out: number,
): { readonly contracted: readonly number[]; readonly own: Operand['own'] } {
  return { contracted: [rank + contracted], own: [{ axis: rank + own, out }] };
}

/** Labels may be capitals and parted by spaces; `...` stands for axes that all have. */
function byEquation(node: GraphNode, [rankA, rankB, rankOut]: readonly [number, number, number]): Product | undefined {
  const [left = '', out] = node.attributes.string('equation', '').replaceAll(/\s/g, '').split('->');
  const [first, second] = left.split(',');
  if (first === undefined || second === undefined || out === undefined) return undefined;
  const [a, b, result] = [axesNamed(first, rankA), axesNamed(second, rankB), axesNamed(out, rankOut)];
  const operand = (value: string, mine: readonly string[], other: readonly string[]): Operand => ({
    value,
    rank: mine.length,
    contracted: mine.flatMap((label, i) => (other.includes(label) && !result.includes(label) ? [i] : [])),
    own: mine.flatMap((label, i) =>
      !other.includes(label) && result.includes(label) ? [{ axis: i, out: result.indexOf(label) }] : [],
    ),
  });
  return {
    node,
    output: node.outputs[0]!,
    operands: [operand(node.inputs[0]!, a, b), operand(node.inputs[1]!, b, a)],
  };
}

/** Axes behind an ellipsis are counted from the end, as they are broadcast. */
function axesNamed(labels: string, rank: number): readonly string[] {
  if (!labels.includes('...')) return [...labels];
  const [before = '', after = ''] = labels.split('...');
  const more = Math.max(0, rank - before.length - after.length);
  return [...before, ...Array.from({ length: more }, (_, i) => `.${more - i}`), ...after];
}
