import { LensError } from '../../base/errors.js';
import type { GraphProto, NodeProto, StoredTensor } from '../../checkpoint/model.js';
import { Attributes } from '../attributes.js';
import { constantOf } from '../constants.js';
import { mergeIf, resolveIf, unrollLoop, type ConstantLookup, type Merging } from './controlFlow.js';
import { definitionOf, inlineCall, type FunctionTable } from './inline.js';
import type { Names } from '../names.js';
import { mapGraphs } from '../nested.js';
import { unrollScan, type DimsLookup } from './scan.js';

const DEEPEST = 64;
const MOST_NODES = 100_000;

/** A graph without function calls, constants and resolvable control flow. */
export interface Flat {
  readonly nodes: readonly NodeProto[];
  readonly weights: ReadonlyMap<string, StoredTensor>;
}

/**
 * Inlines functions, resolves If and Loop where their conditions are constant and Scan where `known` tells the length of what
 * it goes through, and turns Constant nodes into weights. Inside graphs that stay nested the first two are done as well.
 * With `merge` an If whose condition is not known becomes both of its branches and a choice ({@link mergeIf}).
 */
export function flatten(
  graph: Pick<GraphProto, 'nodes' | 'initializers'>,
  functions: FunctionTable,
  names: Names,
  known: Known = NOTHING,
  merge?: Merging,
): Flat {
  const weights = new Map<string, StoredTensor>(graph.initializers.map((w) => [w.name, w]));
  return { nodes: new Flattener({ functions, names, known, merge, weights }).top(graph.nodes), weights };
}

/** What is known of values that are no constants of the file. */
export interface Known {
  readonly constant: ConstantLookup;
  readonly dims: DimsLookup;
}

const NOTHING: Known = { constant: () => undefined, dims: () => undefined };

interface Flattening {
  readonly functions: FunctionTable;
  readonly names: Names;
  readonly known: Known;
  readonly merge: Merging | undefined;
  /** Constants that are met become some of them. */
  readonly weights: Map<string, StoredTensor>;
}

class Flattener {
  private count = 0;
  /** How many graphs that stay nested are around the nodes that are visited. */
  private depth = 0;

  constructor(private readonly of: Flattening) {}

  private get names(): Names {
    return this.of.names;
  }

  top(nodes: readonly NodeProto[]): NodeProto[] {
    const { weights, known } = this.of;
    const out: NodeProto[] = [];
    this.visit(
      nodes,
      (v) => weights.get(v) ?? known.constant(v),
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
    const { merge } = this.of;
    for (const node of nodes) {
      if (++this.count > MOST_NODES) {
        throw new LensError(
          'input',
          'graph/too-large',
          `The graph has more than ${MOST_NODES} nodes once its functions are expanded; this is no plausible network.`,
        );
      }
      if (take(node)) continue;
      const definition = definitionOf(node, this.of.functions);
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
        // Of values inside a graph that stays nested no shapes are known.
        (this.depth > 0 ? undefined : unrollScan(node, this.dims, this.names, MOST_NODES / 2 - this.count)) ??
        // Inside a graph that stays nested a choice would gain nothing.
        (merge === undefined || this.depth > 0 ? undefined : mergeIf(node, merge, this.names));
      if (expanded !== undefined) this.visit(expanded, constant, calls, out, take);
      else {
        const attributes = mapGraphs(node.attributes, (g) => this.nested(g, constant, calls));
        out.push(attributes === node.attributes ? node : { ...node, attributes });
      }
    }
  }

  /** Of a weight, or as it is known. */
  private readonly dims: DimsLookup = (value) => this.of.weights.get(value)?.dims ?? this.of.known.dims(value);

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
