import { LensError } from '../../base/errors.js';
import type { GraphProto, NodeProto, StoredTensor } from '../../checkpoint/model.js';
import { Attributes } from '../attributes.js';
import { constantOf } from '../constants.js';
import { mergeIf, resolveIf, unrollLoop, type ConstantLookup, type Merging } from './controlFlow.js';
import { definitionOf, inlineCall, type FunctionTable } from './inline.js';
import type { Names } from '../names.js';
import { mapGraphs } from '../nested.js';

const DEEPEST = 64;
const MOST_NODES = 100_000;

/** A graph without function calls, constants and resolvable control flow. */
export interface Flat {
  readonly nodes: readonly NodeProto[];
  readonly weights: ReadonlyMap<string, StoredTensor>;
}

/**
 * Inlines functions, resolves If and Loop where their conditions are constant, and turns Constant nodes into weights.
 * Inside graphs that stay nested the first two are done as well. `known` may tell of values that are no constants of the
 * file but are known all the same. With `merge` an If whose condition is not known
 * becomes both of its branches and a choice ({@link mergeIf}).
 */
export function flatten(
  graph: Pick<GraphProto, 'nodes' | 'initializers'>,
  functions: FunctionTable,
  names: Names,
  known: ConstantLookup = () => undefined,
  merge?: Merging,
): Flat {
  const weights = new Map<string, StoredTensor>(graph.initializers.map((w) => [w.name, w]));
  return { nodes: new Flattener(functions, names, merge).top(graph.nodes, weights, known), weights };
}

class Flattener {
  private count = 0;
  /** How many graphs that stay nested are around the nodes that are visited. */
  private depth = 0;

  constructor(
    private readonly functions: FunctionTable,
    private readonly names: Names,
    private readonly merge: Merging | undefined,
  ) {}

  top(nodes: readonly NodeProto[], weights: Map<string, StoredTensor>, known: ConstantLookup): NodeProto[] {
    const out: NodeProto[] = [];
    this.visit(
      nodes,
      (v) => weights.get(v) ?? known(v),
      [],
      out,
      (node) => {
        const value = constantValue(node);
        if (value === undefined) return false;
        weights.set(value.name, value);
        return true;
      },
    );
    return out;
  }

  /** Expands nodes into `out`. `take` may claim a node (a constant) before it is looked at. */
  private visit(
    nodes: readonly NodeProto[],
    constant: ConstantLookup,
    calls: readonly string[],
    out: NodeProto[],
    take: (node: NodeProto) => boolean,
  ): void {
    for (const node of nodes) {
      if (++this.count > MOST_NODES) {
        throw new LensError(
          'input',
          'graph/too-large',
          `The graph has more than ${MOST_NODES} nodes once its functions are expanded; this is no plausible network.`,
        );
      }
      if (take(node)) continue;
      const definition = definitionOf(node, this.functions);
      if (definition !== undefined) {
        const name = `${definition.domain}.${definition.name}`;
        if (calls.includes(name))
          throw new LensError('input', 'graph/recursion', `The function "${name}" calls itself.`);
        if (calls.length >= DEEPEST)
          throw new LensError('input', 'graph/recursion', `Functions are nested more than ${DEEPEST} deep.`);
        this.visit(inlineCall(node, definition, this.names), constant, [...calls, name], out, take);
        continue;
      }
      const expanded =
        resolveIf(node, constant, this.names) ??
        unrollLoop(node, constant, this.names) ??
        // Inside a graph that stays nested a choice would gain nothing.
        (this.merge === undefined || this.depth > 0 ? undefined : mergeIf(node, this.merge, this.names));
      if (expanded !== undefined) this.visit(expanded, constant, calls, out, take);
      else {
        const attributes = mapGraphs(node.attributes, (g) => this.nested(g, constant, calls));
        out.push(attributes === node.attributes ? node : { ...node, attributes });
      }
    }
  }

  /** A graph that stays nested: its constants stay nodes, but are known. */
  private nested(graph: GraphProto, outer: ConstantLookup, calls: readonly string[]): GraphProto {
    const inner = new Map<string, StoredTensor>(graph.initializers.map((w) => [w.name, w]));
    const out: NodeProto[] = [];
    this.depth++;
    this.visit(
      graph.nodes,
      (v) => inner.get(v) ?? outer(v),
      calls,
      out,
      (node) => {
        const value = constantValue(node);
        if (value !== undefined) inner.set(value.name, value);
        return false;
      },
    );
    this.depth--;
    return { ...graph, nodes: out };
  }
}

function constantValue(node: NodeProto): StoredTensor | undefined {
  if (node.op !== 'Constant' || node.domain !== '') return undefined;
  return constantOf(new Attributes(node.attributes), node.outputs[0] ?? '');
}
