import { asSentence } from '../../base/shorter.js';
import { LensError, type RefusedOperator } from '../../base/errors.js';
import { isFloating } from '../../base/tensor.js';
import { Attributes } from '../../graph/attributes.js';
import type { Facts } from '../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { readsOf } from '../../graph/order.js';
import { inferTypes } from '../../graph/types.js';
import { wideFacts, widened } from '../../graph/rewrite/widen.js';
import { Algebra } from '../emit/algebra.js';
import { assemble } from './assemble.js';
import { BackwardContext, Context, Refusal, type ContextOptions } from '../emit/context.js';
import { dimsOf } from '../dims.js';
import { expandPath } from './expansion.js';
import { keepBlocked } from '../layout/layout.js';
import { total } from '../emit/contributions.js';
import { refusalError, withLayers } from './refusals.js';
import { answersOf, operatorName } from '../rules/registry.js';
import { computesWithIntegers, endsOf, isQuantised, relevance, typesOf } from './relevance.js';
import type { GradientGraph, GradientRequest } from '../request.js';
import type { Contribution, Ref } from '../rule.js';
import { writeScore, type Score } from './score.js';
import { Tape } from '../emit/tape.js';

/**
 * The graph that computes a score and its gradients: reverse-mode differentiation by source transformation. Time and
 * size are linear in the nodes between `wrt` and the score; everything else of the graph is left out.
 *
 * @throws LensError `unsupported` `gradient/unsupported` with every operator on the path that cannot be differentiated
 */
export function buildGradient(graph: Graph, facts: Facts, request: GradientRequest): GradientGraph {
  return new Builder(graph, facts, request).build();
}

/** The operators between `from` and `to` that stop a gradient, found by the same sweep. Without facts only the table is asked. */
export function differentiability(
  graph: Graph,
  from: readonly string[],
  to: string,
  facts?: Facts,
): { readonly yes: boolean; readonly refused: readonly RefusedOperator[] } {
  const refused =
    facts === undefined
      ? withLayers(graph, byTable(graph, from, to))
      : new Builder(graph, facts, { score: { value: to, seed: 'sum' }, wrt: from }).refusals();
  return { yes: refused.length === 0, refused };
}

function byTable(graph: Graph, from: readonly string[], to: string): RefusedOperator[] {
  const answer = answersOf(graph);
  const types = inferTypes(graph);
  const { active, path } = relevance(graph, (v) => types.get(v), from, to, new Set(), answer);
  const refused: RefusedOperator[] = endsOf(graph, active, from, to).map(ending);
  for (const node of path) {
    const a = answer(node);
    if (a.kind === 'refuse')
      refused.push({ op: operatorName(node.domain, node.op), node: node.name, reason: asSentence(a.reason) });
  }
  return refused;
}

/** The refusal of a node at which every way ends: its derivative is zero wherever it has one. */
function ending(node: GraphNode): RefusedOperator {
  return {
    op: operatorName(node.domain, node.op),
    node: node.name,
    reason: 'it gives out whole numbers or steps, and the input reaches the score in no other way',
  };
}

const EMPTY = new Attributes();

class Builder {
  private readonly notes = new Set<string>();
  private readonly refused: RefusedOperator[] = [];
  private readonly contributions = new Map<string, Contribution[]>();
  private readonly extra = new Map<GraphNode, string[]>();
  private readonly stop: ReadonlySet<string>;
  private readonly provider: string;
  /** The graph as it was given: the one whose nodes and layers a reader knows. */
  private readonly given: Graph;

  constructor(
    private graph: Graph,
    private facts: Facts,
    private readonly request: GradientRequest,
  ) {
    this.given = graph;
    // Before anything is written, so that constants keep their precision too.
    this.graph = widened(graph);
    if (this.graph !== graph) {
      this.facts = wideFacts(facts);
      this.notes.add('bfloat16 is computed as float32, for which there are kernels.');
    }
    this.stop = new Set(request.stop);
    this.provider = request.provider ?? 'cpu';
  }

  /** The refusals of the sweep, without a graph. */
  refusals(): readonly RefusedOperator[] {
    try {
      this.sweep();
    } catch (error) {
      if (error instanceof LensError && error.refused !== undefined) return error.refused;
      throw error;
    }
    return withLayers(this.given, this.refused);
  }

  build(): GradientGraph {
    const { tape, score, seed, gradients } = this.sweep();
    if (this.refused.length > 0) throw refusalError(withLayers(this.given, this.refused));
    const wrt = new Map<string, Ref>();
    for (const value of new Set(this.request.wrt)) {
      tape.scope = value;
      const ref = gradients.get(value);
      wrt.set(value, ref ?? this.zeroFor(tape, value));
    }
    tape.prune([score.score, ...wrt.values()]);
    const { layouts = true } = this.request;
    return assemble({
      graph: layouts ? keepBlocked(this.graph, this.facts, tape, this.provider) : this.graph,
      facts: this.facts,
      request: this.request,
      tape,
      extra: this.extra,
      score: score.score,
      seed,
      gradients: wrt,
      notes: [...this.notes],
    });
  }

  private sweep(): {
    tape: Tape;
    score: Score;
    seed: { name: string; request: GradientRequest } | undefined;
    gradients: Map<string, Ref>;
  } {
    const { request } = this;
    this.checkRequest();
    const expanded = expandPath(this.graph, this.facts, request, this.provider, this.notes);
    this.graph = expanded.graph;
    this.facts = expanded.facts;
    this.refused.push(...expanded.refused);
    const given = new Set(expanded.refused.map((r) => r.node));

    const answer = answersOf(this.graph, request.overrides);
    const typeOf = typesOf(this.graph, this.facts);
    const { active, path } = relevance(this.graph, typeOf, request.wrt, request.score.value, this.stop, answer);
    this.refused.push(...endsOf(this.graph, active, request.wrt, request.score.value).map(ending));
    const tape = new Tape(this.graph, this.facts, 'grad');
    tape.scope = 'score';
    const target = this.contextOf(targetNode(request.score.value), tape);
    const seedless = request.score.seed === 'sum' || request.score.seed === 'top';
    const seed = seedless ? undefined : tape.name(request.score.seed);
    if (seed !== undefined)
      tape.declare(seed, request.score.seed === 'index' ? 'int64' : target.type(request.score.value));
    const score = guarded(() => writeScore(target, this.facts, request.score, seed), request.score.value);
    this.contribute(request.score.value, score.gradient);

    const gradients = new Map<string, Ref>();
    const asked = new Set(request.wrt);
    const index = indexOf(this.graph);
    const transparent = (value: string): boolean => {
      const maker = index.producer(value);
      return (
        maker !== undefined &&
        !asked.has(value) &&
        !this.stop.has(value) &&
        request.overrides?.has(operatorName(maker.domain, maker.op)) !== true
      );
    };
    const take = (value: string): Ref | undefined => {
      const done = gradients.get(value);
      if (done !== undefined) return done;
      const list = this.contributions.get(value);
      if (list === undefined) return undefined;
      this.contributions.delete(value);
      const a = new Algebra(target);
      const sum = total(a, list, () => target.dims(value));
      if (sum !== undefined) {
        gradients.set(value, sum);
        if (this.facts.get(value) !== undefined) tape.settle(sum, target.dims(value));
      }
      return sum;
    };
    for (let i = this.graph.nodes.length - 1; i >= 0; i--) {
      const node = this.graph.nodes[i]!;
      if (!path.has(node)) continue;
      tape.scope = node.name;
      const outputGradients = node.outputs.map((o) => (o === '' || this.stop.has(o) ? undefined : take(o)));
      if (outputGradients.every((g) => g === undefined)) continue;
      const context = new BackwardContext({
        ...this.contextOptions(node, tape),
        outputGradients,
        active,
        extra: this.extra,
        transparent,
      });
      const a = answer(node);
      let reason: string | undefined;
      if (given.has(node.name)) reason = '';
      else if (a.kind === 'refuse') reason = a.reason;
      else if (a.kind === 'expand') reason = 'it could not be written as simpler operators';
      else if (computesWithIntegers(node, a, active, typeOf))
        reason = 'it computes with whole numbers, through which no gradient passes';
      if (reason === undefined && a.kind === 'rule') {
        try {
          a.rule(context).forEach((c, k) => {
            if (c !== undefined && context.wants(k)) this.contribute(node.inputs[k]!, c);
          });
        } catch (error) {
          if (!(error instanceof Refusal))
            throw new Error(
              `The gradient rule of ${operatorName(node.domain, node.op)} failed at node "${node.name}"`,
              { cause: error },
            );
          reason = error.reason;
        }
      }
      if (reason !== undefined) {
        if (reason !== '')
          this.refused.push({ op: operatorName(node.domain, node.op), node: node.name, reason: asSentence(reason) });
        // The sweep goes on with a stand-in, so that every refusal is found at once; the graph is never given out.
        for (const v of readsOf(node)) {
          if (active.has(v) && !this.contributions.has(v)) this.contribute(v, standIn(tape, outputGradients));
        }
      }
    }
    for (const value of asked) {
      tape.scope = value;
      take(value);
    }
    return { tape, score, seed: seed === undefined ? undefined : { name: seed, request }, gradients };
  }

  private contextOptions(node: GraphNode, emit: Tape): ContextOptions {
    const { graph, facts, provider, notes } = this;
    return { graph, facts, node, emit, provider, notes };
  }

  private contextOf(node: GraphNode, emit: Tape): Context {
    return new Context(this.contextOptions(node, emit));
  }

  private contribute(value: string, c: Contribution): void {
    const list = this.contributions.get(value);
    if (list === undefined) this.contributions.set(value, [c]);
    else list.push(c);
  }

  private zeroFor(tape: Tape, value: string): Ref {
    const context = this.contextOf(targetNode(value), tape);
    return guarded(() => {
      const a = new Algebra(context);
      const like = isFloating(context.type(value))
        ? value
        : tape.constant({ type: 'float32', dims: [], data: Float32Array.of(0) });
      return a.zeros(dimsOf(context.fact(value)), like);
    }, value);
  }

  private checkRequest(): void {
    const { request } = this;
    const typeOf = typesOf(this.graph, this.facts);
    for (const value of request.wrt) {
      const type = typeOf(value);
      if (type === undefined) throw unknownValue(value);
      if (isQuantised(type) && !this.graph.weights.has(value)) {
        this.notes.add(
          `"${value}" holds whole numbers (${type}); its gradient is that of the same numbers taken as real.`,
        );
      } else if (!isFloating(type)) {
        throw new LensError(
          'unsupported',
          'gradient/integer-value',
          `"${value}" holds ${type} values, which have no gradient.`,
          { hint: 'Choose a method that only asks for scores, e.g. occlusion.' },
        );
      }
    }
    const type = typeOf(request.score.value);
    if (type === undefined) throw unknownValue(request.score.value);
    if (!isFloating(type) && !isQuantised(type)) {
      throw new LensError(
        'unsupported',
        'gradient/integer-value',
        `"${request.score.value}" holds ${type} values, which cannot be differentiated.`,
        {
          hint: 'Score a value in front of the operator that turns numbers into labels or indices.',
        },
      );
    }
  }
}

function unknownValue(value: string): LensError {
  return new LensError('input', 'gradient/no-value', `The model has no value named "${value}".`);
}

function targetNode(value: string): GraphNode {
  return {
    name: 'score',
    op: 'Score',
    domain: '',
    inputs: [value],
    outputs: [],
    attributes: EMPTY,
    doc: '',
    metadata: new Map(),
  };
}

function standIn(tape: Tape, gradients: readonly (Ref | undefined)[]): Ref {
  return gradients.find((g) => g !== undefined) ?? tape.ints([0]);
}

function guarded<T>(work: () => T, value: string): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new LensError('unsupported', 'gradient/shape', `No gradient at "${value}": ${error.reason}.`);
  }
}
