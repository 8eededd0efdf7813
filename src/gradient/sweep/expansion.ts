import type { RefusedOperator } from '../../base/errors.js';
import type { Facts } from '../../graph/facts.js';
import { makeAttributes } from '../../graph/attributes.js';
import type { Graph, GraphNode } from '../../graph/graph.js';
import { WRITTEN_OUT } from '../../graph/names.js';
import { Context, Refusal } from '../emit/context.js';
import { answersOf, operatorName } from '../rules/registry.js';
import { relevance, typesOf } from './relevance.js';
import type { GradientRequest } from '../request.js';
import { Tape } from '../emit/tape.js';

/** Expansions may write operators that are expanded in their turn, so deep at most. */
const DEPTH = 4;

export interface Expanded {
  readonly graph: Graph;
  readonly facts: Facts;
  readonly refused: readonly RefusedOperator[];
}

/** Replaces the operators on the path that are differentiated as several simpler ones (fused, attention, recurrent). */
export function expandPath(
  graph: Graph,
  facts: Facts,
  request: GradientRequest,
  provider: string,
  notes: Set<string>,
): Expanded {
  let current: Expanded = { graph, facts, refused: [] };
  const refused: RefusedOperator[] = [];
  for (let depth = 0; depth < DEPTH; depth++) {
    const next = once(current, request, provider, notes, refused);
    if (next === undefined) break;
    current = next;
  }
  return { ...current, refused };
}

function once(
  from: Expanded,
  request: GradientRequest,
  provider: string,
  notes: Set<string>,
  refused: RefusedOperator[],
): Expanded | undefined {
  const { graph, facts } = from;
  const answer = answersOf(graph, request.overrides);
  if (!graph.nodes.some((n) => answer(n).kind === 'expand')) return undefined;
  const stop = new Set(request.stop);
  const { path } = relevance(graph, typesOf(graph, facts), request.wrt, request.score.value, stop, answer);
  return written(from, { answer, wanted: (node) => path.has(node), provider, notes, refused });
}

/**
 * The graph with some of its fused operators written out as simpler ones, whatever is differentiated: what they hide, such as
 * the matrix of an attention, is a value then.
 */
export function expandWhere(graph: Graph, facts: Facts, wanted: (node: GraphNode) => boolean): Expanded {
  const refused: RefusedOperator[] = [];
  const how = { answer: answersOf(graph), wanted, provider: 'cpu', notes: new Set<string>(), refused };
  return { ...(written({ graph, facts, refused }, how) ?? { graph, facts }), refused };
}

interface Writing {
  readonly answer: ReturnType<typeof answersOf>;
  readonly wanted: (node: GraphNode) => boolean;
  readonly provider: string;
  readonly notes: Set<string>;
  readonly refused: RefusedOperator[];
}

function written(
  { graph, facts }: Expanded,
  { answer, wanted, provider, notes, refused }: Writing,
): Expanded | undefined {
  const known = new Set(refused.map((r) => r.node));
  const tape = new Tape(graph, facts, WRITTEN_OUT, true);
  const nodes: GraphNode[] = [];
  let changed = false;
  for (const node of graph.nodes) {
    const a = answer(node);
    if (a.kind !== 'expand' || !wanted(node) || known.has(node.name)) {
      nodes.push(node);
      continue;
    }
    tape.scope = node.name;
    try {
      const outputs = a.expand(new Context({ graph, facts, node, emit: tape, provider, notes }));
      node.outputs.forEach((output, i) => {
        if (output === '') return;
        const made = outputs[i];
        if (made === undefined) throw new Refusal(`its output ${i} is used and cannot be written as simpler operators`);
        tape.nodes.push(identity(tape.name('output'), made, output));
      });
      // They stand where it stood in the program: its module, and its line.
      const { doc, metadata } = node;
      nodes.push(...tape.nodes.splice(0).map((each) => ({ ...each, doc, metadata })));
      changed = true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      tape.nodes.length = 0;
      refused.push({ op: operatorName(node.domain, node.op), node: node.name, reason: error.reason });
      nodes.push(node);
    }
  }
  if (!changed) return undefined;
  return {
    graph: { ...graph, nodes, weights: new Map([...graph.weights, ...tape.weights]) },
    facts: {
      dynamicBatch: facts.dynamicBatch,
      batch: facts.batch,
      get: (value) => facts.get(value) ?? tape.learned.get(value),
    },
    refused,
  };
}

function identity(name: string, from: string, to: string): GraphNode {
  return {
    name,
    op: 'Identity',
    domain: '',
    inputs: [from],
    outputs: [to],
    attributes: makeAttributes({}),
    doc: '',
    metadata: new Map(),
  };
}
