import { sizeOf } from '../../base/tensor.js';
import type { Facts } from '../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import type { Layer } from '../../graph/layers/layer.js';
import { weightBehind } from '../../graph/layers/parameters.js';
import { operator } from '../../graph/operators/operators.js';
import type { Pairing } from '../../result/comparison.js';
import { sampleDims } from '../subject/samples.js';

export interface PairedLayers {
  readonly how: Pairing;
  /** In the order of the first model. */
  readonly pairs: readonly (readonly [Layer, Layer])[];
}

export interface LayersOf {
  readonly graph: Graph;
  readonly layers: readonly Layer[];
}

/** So many of the layers with weights must have a namesake, or names say nothing. */
const SHARE = 0.5;

/**
 * The layers of one model and their counterparts in another: by name, where at least half of those with weights have one;
 * else layers that multiply with weights in their order, where there are as many of the same kinds.
 */
export function pairLayers(a: LayersOf, b: LayersOf): PairedLayers {
  const named = new Map(b.layers.map((layer) => [layer.name, layer]));
  const byName = a.layers.flatMap((layer): (readonly [Layer, Layer])[] => {
    const other = named.get(layer.name);
    return other === undefined ? [] : [[layer, other]];
  });
  const weighty = (layers: readonly Layer[]): number => layers.filter((l) => l.parameters > 0).length;
  const least = Math.min(weighty(a.layers), weighty(b.layers));
  if (byName.filter(([l]) => l.parameters > 0).length >= Math.max(1, SHARE * least))
    return { how: 'name', pairs: byName };
  const [own, others] = [products(a), products(b)];
  const alike = own.length === others.length && own.every(({ product }, i) => product === others[i]!.product);
  return own.length > 0 && alike
    ? { how: 'position', pairs: own.map(({ layer }, i) => [layer, others[i]!.layer] as const) }
    : { how: 'none', pairs: [] };
}

function products({ graph, layers }: LayersOf): { layer: Layer; product: string }[] {
  const index = indexOf(graph);
  return layers.flatMap((layer) => {
    const node = index.node(layer.node);
    const product = node === undefined || layer.parameters === 0 ? undefined : operator(node).product;
    return product === undefined ? [] : [{ layer, product }];
  });
}

/** A point behind a layer, up to which its values are only normalised, bent or stored in another way. */
export interface Point {
  readonly value: string;
  /** The operators passed, those of storage left out. */
  readonly path: readonly string[];
}

/** Steps behind a layer that are followed. */
const MOST_STEPS = 8;

/**
 * Where what a layer says can be read: at its output, and behind each operator that only normalises or bends it and
 * through which all of it goes. Converters fold such operators into the layer, so that its output in one file is
 * that of the operator behind it in another.
 */
export function pointsBehind(graph: Graph, facts: Facts, value: string): readonly Point[] {
  const index = indexOf(graph);
  const answers = new Set(graph.outputs.map((o) => o.name));
  const points: Point[] = [{ value, path: [] }];
  for (let at = value, steps = 0; steps < MOST_STEPS && !answers.has(at); steps++) {
    const [node, ...more] = index.consumers(at);
    if (node === undefined || more.length > 0 || !bends(graph, node, at)) break;
    const next = node.outputs[0]!;
    if (!sameSize(facts, value, next)) break;
    const { path } = points.at(-1)!;
    const stored = isStorage(node);
    if (!stored) points.push({ value: next, path: [...path, node.op] });
    at = next;
  }
  return points;
}

function isStorage(node: GraphNode): boolean {
  const { quantises, readThrough, storage } = operator(node);
  return quantises === true || (readThrough === true && storage !== undefined);
}

/** Whether a node reads one computed value and changes its elements only. */
function bends(graph: Graph, node: GraphNode, value: string): boolean {
  const { elementwise, normalises, channels } = operator(node);
  if (node.inputs.some((v) => v !== '' && v !== value && weightBehind(graph, v) === undefined)) return false;
  return elementwise !== undefined || isStorage(node) || (normalises === true && channels !== undefined);
}

function sameSize(facts: Facts, a: string, b: string): boolean {
  const [first, second] = [facts.get(a), facts.get(b)];
  if (first === undefined || second === undefined) return false;
  return sizeOf(sampleDims(first, facts)) === sizeOf(sampleDims(second, facts));
}

/** Two points at which the values of a pair of layers may be the same. */
export interface PointPair {
  readonly a: Point;
  readonly b: Point;
}

/**
 * Where a pair is compared: at both outputs; where different operators follow in the two, also the output of one with the
 * points behind the other, of which the nearest is meant.
 */
export function pointPairs(a: readonly Point[], b: readonly Point[]): readonly PointPair[] {
  const [first, other] = [a[0]!, b[0]!];
  const path = (points: readonly Point[]): string => points.at(-1)!.path.join();
  if (path(a) === path(b)) return [{ a: first, b: other }];
  return [
    { a: first, b: other },
    ...a.slice(1).map((point) => ({ a: point, b: other })),
    ...b.slice(1).map((point) => ({ a: first, b: point })),
  ];
}
