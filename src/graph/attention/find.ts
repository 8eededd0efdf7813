import type { Facts } from '../facts.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { scopeOf } from '../layers/scopes.js';
import { originOf } from '../names.js';
import { operator } from '../operators/operators.js';
import { axesBefore, axisAfter } from './axes.js';
import { leadAxes } from './heads.js';
import { computedProducts, dimsOf, sizeAt, type Operand, type Product } from './products.js';
import type { AttentionKind, AttentionSite, Unclaimed } from './site.js';
import { weightsOf } from './weights.js';

export interface FoundAttention {
  /** In the order of the graph. */
  readonly sites: readonly AttentionSite[];
  /** Every product of two computed values that no site explains. */
  readonly unclaimed: readonly Unclaimed[];
}

/** A matrix of so many heads or fewer that mixes them is no projection. */
const MOST_HEADS = 64;

/**
 * The attention matrices of a graph, by structure alone: a Softmax (or an exponential over its sum) whose axis a product
 * with another computed value sums over, and behind whose input, through values of as many elements, stands a product of two
 * computed values. Fused operators have to be written out before.
 *
 * @param facts of the graph: shapes decide
 */
export function findAttention(graph: Graph, facts: Facts): FoundAttention {
  const finder = new Finder(graph, facts);
  const sites = byMatrix(graph.nodes.flatMap((node) => finder.siteAt(node) ?? []));
  return { sites, unclaimed: [...finder.unclaimed(), ...finder.weightedSums()] };
}

/** One site for each matrix: shares that are mixed into one (a gate between content and place, a difference) are one attention. */
function byMatrix(sites: readonly AttentionSite[]): readonly AttentionSite[] {
  const best = new Map<string, AttentionSite>();
  for (const site of sites) {
    const known = best.get(site.matrix);
    if (known === undefined || (known.kind === 'fixed' && site.kind !== 'fixed')) best.set(site.matrix, site);
  }
  const kept = new Set(best.values());
  return sites.filter((site) => kept.has(site));
}

class Finder {
  private readonly products = new Map<string, Product>();
  private readonly weight: (value: string) => boolean;
  private readonly claimed = new Set<string>();

  constructor(
    private readonly graph: Graph,
    private readonly facts: Facts,
  ) {
    this.weight = weightsOf(graph);
    for (const product of computedProducts(graph, facts)) this.products.set(product.node.name, product);
  }

  siteAt(node: GraphNode): AttentionSite | undefined {
    const share = this.shareOf(node);
    if (share === undefined) return undefined;
    const { input, output, axis } = share;
    const gathered = this.gather(output, axis);
    if (gathered === undefined) return undefined;
    const { gather, operand, keyAxis } = gathered;
    const query = operand.own[0];
    if (query === undefined) return undefined;
    const score = this.scoreBehind(input);
    const other = gather.operands.find((o) => o !== operand)!;
    // A linear attention, a softmax over what is pooled: there is no matrix of queries and keys.
    if (score === undefined && !this.isFixed(input)) return undefined;
    for (const product of [score, gather]) if (product !== undefined) this.claimed.add(product.node.name);
    const dims = dimsOf(this.facts, operand.value)!;
    const splitsChannels = (axis: number): boolean =>
      other.rank === dims.length && this.countsChannels(other.value, axis);
    const parts = { gather, operand, other, queryAxis: query.axis, keyAxis, splitsChannels };
    const lead = leadAxes(this.graph, this.facts, parts);
    return {
      kind: this.kindOf(score, other),
      node,
      scope: moduleOf(node),
      matrix: operand.value,
      queryAxis: query.axis,
      keyAxis,
      queries: dims[query.axis]!,
      keys: dims[keyAxis]!,
      ...lead,
      ...(score === undefined ? {} : { score, query: this.queriesOf(score, input, axis) }),
      gather,
      operand,
      values: other,
    };
  }

  /** Products that no site has, each with what it is taken for. */
  unclaimed(): Unclaimed[] {
    return [...this.products.values()]
      .filter(({ node }) => !this.claimed.has(node.name))
      .map(({ node }) => ({ node, scope: moduleOf(node), reading: this.readingOf(node) }));
  }

  /** Shares that weight a sum without a product of matrices: separable attention, pools, what selects among branches. */
  weightedSums(): Unclaimed[] {
    return this.graph.nodes.flatMap((node) => {
      const share = this.shareOf(node);
      if (share === undefined) return [];
      const summed = this.summed(share.output, share.axis);
      if (summed === undefined) return [];
      const reading =
        'its shares weight a sum: it pools, or selects, and there is no matrix of queries and keys (separable attention is linear)';
      return [{ node, scope: moduleOf(node), reading }];
    });
  }

  /** The sum over an axis of what shares multiply, where that is computed too. */
  private summed(value: string, axis: number): GraphNode | undefined {
    const index = indexOf(this.graph);
    for (const times of index.consumers(value)) {
      const other = times.op === 'Mul' ? times.inputs.find((v) => v !== value) : undefined;
      if (other === undefined || this.weight(other)) continue;
      const [from, to] = [dimsOf(this.facts, value), dimsOf(this.facts, times.outputs[0]!)];
      if (from === undefined || to === undefined) continue;
      const at = to.length - from.length + axis;
      const sum = index.consumers(times.outputs[0]!).find((n) => n.op === 'ReduceSum');
      const out = sum === undefined ? undefined : dimsOf(this.facts, sum.outputs[0]!);
      if (out === undefined || out.length !== to.length) continue;
      if (out[at] === 1 && to[at]! > 1) return sum;
    }
    return undefined;
  }

  /** What makes shares that sum to one: its numbers before and after, and the axis. */
  private shareOf(node: GraphNode): { input: string; output: string; axis: number } | undefined {
    const [input = ''] = node.inputs;
    const [output = ''] = node.outputs;
    if (node.op === 'Softmax') {
      const rank = dimsOf(this.facts, output)?.length;
      const axis = node.attributes.int('axis', -1);
      return rank === undefined ? undefined : { input, output, axis: axis < 0 ? axis + rank : axis };
    }
    if (node.op !== 'Div') return undefined;
    // Written out: an exponential over its sum.
    const index = indexOf(this.graph);
    const sum = index.producer(node.inputs[1] ?? '');
    const exponential = index.producer(input);
    if (sum?.op !== 'ReduceSum' || exponential?.op !== 'Exp' || sum.inputs[0] !== input) return undefined;
    const [all, summed] = [dimsOf(this.facts, input), dimsOf(this.facts, sum.outputs[0]!)];
    if (all === undefined || summed?.length !== all.length) return undefined;
    const axes = all.flatMap((size, i) => (summed[i] !== size ? [i] : []));
    return axes.length === 1 ? { input: exponential.inputs[0]!, output, axis: axes[0]! } : undefined;
  }

  /**
   * The product behind the scores: back over everything that has as many elements, which leaves biases and masks aside and
   * ends at projections.
   */
  private scoreBehind(value: string): Product | undefined {
    const index = indexOf(this.graph);
    const size = sizeAt(this.facts, value);
    const seen = new Set<string>();
    const open = [value];
    for (let v = open.pop(); v !== undefined; v = open.pop()) {
      if (seen.has(v)) continue;
      seen.add(v);
      const node = index.producer(v);
      if (node === undefined) continue;
      const product = this.products.get(node.name);
      if (product !== undefined) return product;
      if (!this.passes(node)) continue;
      for (const input of node.inputs) if (sizeAt(this.facts, input) === size && !this.weight(input)) open.push(input);
    }
    return undefined;
  }

  /**
   * Whether the scores come of a product whose queries are weights, through values of as many elements. Weights on the right
   * that are a matrix are a projection: of the keys of a linear attention, for one.
   */
  private isFixed(value: string): boolean {
    const index = indexOf(this.graph);
    const size = sizeAt(this.facts, value);
    for (let v = value; ;) {
      const node = index.producer(v);
      if (node === undefined) return false;
      if (operator(node).product === 'matrix' || node.op === 'Einsum') {
        const [a = '', b = ''] = node.inputs;
        return this.weight(a) || (this.weight(b) && (dimsOf(this.facts, b)?.length ?? 0) > 2);
      }
      const next = this.passes(node)
        ? node.inputs.find((input) => sizeAt(this.facts, input) === size && !this.weight(input))
        : undefined;
      if (next === undefined) return false;
      v = next;
    }
  }

  /** The product that sums over an axis of a value, forward over what leaves the axis whole. */
  private gather(value: string, axis: number): { gather: Product; operand: Operand; keyAxis: number } | undefined {
    const index = indexOf(this.graph);
    const open: { value: string; axis: number }[] = [{ value, axis }];
    const seen = new Set<string>();
    for (let at = open.shift(); at !== undefined; at = open.shift()) {
      if (seen.has(at.value)) continue;
      seen.add(at.value);
      for (const node of index.consumers(at.value)) {
        const product = this.products.get(node.name);
        const operand = product?.operands.find((o) => o.value === at.value);
        if (product !== undefined) {
          if (operand?.contracted.includes(at.axis) === true && operand.contracted.length === 1)
            return { gather: product, operand, keyAxis: at.axis };
          continue;
        }
        for (const next of this.onward(node, at)) open.push(next);
      }
    }
    return undefined;
  }

  /** The operand that has the queries: the other one's own axis becomes the one along which shares sum to one. */
  private queriesOf(score: Product, target: string, axis: number): Operand {
    const [first, second] = score.operands;
    const from = first.own[0];
    const [seen, open] = [new Set<string>(), from === undefined ? [] : [{ value: score.output, axis: from.out }]];
    for (let at = open.shift(); at !== undefined; at = open.shift()) {
      if (at.value === target) return at.axis === axis ? second : first;
      if (seen.has(at.value)) continue;
      seen.add(at.value);
      for (const node of indexOf(this.graph).consumers(at.value)) open.push(...this.onward(node, at));
    }
    return first;
  }

  private onward(node: GraphNode, at: { value: string; axis: number }): { value: string; axis: number }[] {
    if (!this.passes(node)) return [];
    const from = dimsOf(this.facts, at.value);
    return node.outputs.flatMap((value) => {
      const to = dimsOf(this.facts, value);
      if (from === undefined || to === undefined) return [];
      const axis = axisAfter(this.graph, node, at.axis, from, to);
      return axis === undefined || to[axis] === undefined ? [] : [{ value, axis }];
    });
  }

  /** What scores and shares pass through: what is computed element by element, moved about, or mixed over heads. */
  private passes(node: GraphNode): boolean {
    const row = operator(node);
    if (row.elementwise !== undefined || row.flops === 0 || row.readThrough === true) return true;
    return this.mixesHeads(node);
  }

  private mixesHeads(node: GraphNode): boolean {
    const row = operator(node);
    const weight = node.inputs.find((v) => this.weight(v));
    const dims = weight === undefined ? undefined : dimsOf(this.facts, weight);
    if (dims === undefined) return false;
    if (row.product === 'convolution')
      return dims.slice(2).every((d) => d === 1) && dims[0] === dims[1] && dims[0]! <= MOST_HEADS;
    return row.product === 'matrix' && dims.length === 2 && dims[0] === dims[1] && dims[0]! <= MOST_HEADS;
  }

  private kindOf(score: Product | undefined, values: Operand): AttentionKind {
    if (score === undefined) return 'fixed';
    return this.countsChannels(values.value, values.contracted[0]!) ? 'channels' : 'tokens';
  }

  /**
   * Whether an axis counts channels: followed back, it is split off the last axis of a projection, or off the channels of a
   * convolution; tokens are an axis of their own, or places of a picture merged.
   */
  private countsChannels(value: string, axis: number): boolean {
    const index = indexOf(this.graph);
    const seen = new Set<string>();
    for (let at = { value, axis }; !seen.has(at.value);) {
      seen.add(at.value);
      const node = index.producer(at.value);
      if (node === undefined) return false;
      const row = operator(node);
      const rank = dimsOf(this.facts, at.value)?.length ?? 0;
      if (row.product === 'matrix') return at.axis === rank - 1;
      if (row.product === 'convolution') return at.axis === 1;
      if (row.channels !== undefined && row.normalises === true && row.channels === 'first') return at.axis === 1;
      const input = node.inputs.find((v) => v !== '' && !this.weight(v) && dimsOf(this.facts, v) !== undefined);
      if (input === undefined) return false;
      const [from, to] = [dimsOf(this.facts, input)!, dimsOf(this.facts, at.value)!];
      const before = axesBefore(node, at.axis, from, to);
      // Merged axes are places of a picture, or windows with their places.
      if (before.length !== 1) return false;
      at = { value: input, axis: before[0]! };
    }
    return false;
  }

  private readingOf(node: GraphNode): string {
    const product = this.products.get(node.name)!;
    const index = indexOf(this.graph);
    const shared = product.operands.some(({ value }) => this.comesOfShares(index.producer(value)));
    return shared
      ? 'linear attention: keys and values are joined before queries are known, so that there is no matrix of queries and keys'
      : 'a product of two computed values that is part of no attention that is understood';
  }

  /** Whether a value is made of shares or of others' products, a few nodes back. */
  private comesOfShares(node: GraphNode | undefined, depth = 6): boolean {
    if (node === undefined || depth === 0) return false;
    if (node.op === 'Softmax' || this.products.has(node.name)) return true;
    if (!this.passes(node)) return false;
    return node.inputs.some((v) => v !== '' && this.comesOfShares(indexOf(this.graph).producer(v), depth - 1));
  }
}

/** The module that a node stands in, or that of the fused operator in whose place it was written. */
function moduleOf(node: GraphNode): string {
  return scopeOf({ ...node, name: originOf(node.name) }).path;
}
