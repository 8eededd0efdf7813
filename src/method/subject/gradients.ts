import { remembered } from '../../base/memo.js';
import { floatTensor, toFloat32, type FloatTensor } from '../../base/tensor.js';
import { ruleSet } from '../../gradient/brought/overrides.js';
import type { GradientGraph, GradientRequest, SeedKind } from '../../gradient/request.js';
import { namedLike } from '../../gradient/sweep/namedLike.js';
import { buildGradient } from '../../gradient/sweep/engine.js';
import { prune, withOutputs } from '../../graph/edits.js';
import { dimsAt } from '../../graph/facts.js';
import { activationBytes } from '../../graph/measure/memory.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import { concatBatches } from '../../session/batches.js';
import { batchWithin, withinLimit } from '../../session/plan.js';
import type { GraphForms } from '../../session/session.js';
import { feedsOf, seedFeed, type Fed } from './feeds.js';
import { inPieces } from './pieces.js';
import { factOf, samplesOf } from './samples.js';
import type { SubjectSessions } from './sessions.js';
import type { GradientAnswer, GradientOptions, Subject } from './subject.js';
import type { ScoresAt } from '../target/scoreAt.js';

/** A gradient of samples that may belong to several questions. */
export type SamplesOptions = Omit<GradientOptions, 'of'> & { readonly of: ScoresAt };

/** A gradient's values and the model's together, as a multiple of the model's alone, which none comes near. */
const AT_MOST = 5;

/** The one way to a gradient: a graph for each question, made once and in the form of its provider, run in pieces. */
export class Gradients {
  private readonly graphs = new Map<string, Promise<GradientGraph>>();
  private readonly plans = new Map<string, ReturnType<SubjectSessions['plan']>>();

  constructor(
    private readonly model: Fed & Pick<Subject, 'batchSize'>,
    private readonly sessions: SubjectSessions,
  ) {}

  async of(batch: FloatTensor, options: SamplesOptions, signal: AbortSignal): Promise<GradientAnswer> {
    const { model } = this;
    const { of, rules, wrt = [model.input.name] } = options;
    const wanted = (options.values ?? []).filter((v) => v !== model.input.name);
    const seed = seedOf(of);
    const named = typeof rules === 'object' ? { own: rules.key } : (rules ?? '');
    const key = `gradient ${JSON.stringify([of.value, seed, wrt, named, wanted])}`;
    const request: GradientRequest = { score: { value: of.value, seed }, wrt, keep: wanted };
    const made = await this.graph(key, rules, request);
    const outputs = [...new Set([made.score, ...wrt.map((v) => made.gradients.get(v)!), ...wanted])];
    const forms: GraphForms = async (provider) =>
      provider === 'cpu'
        ? made.graph
        : namedLike(await this.graph(`${key} ${provider}`, rules, { ...request, provider }), made).graph;
    const beside = Object.entries(typeof rules === 'object' ? (rules.feeds ?? {}) : {});
    const size = await this.fitting(key, made.graph, model.batchSize('gradient'));
    const pieces = await inPieces(batch.dims[0]!, size, model.facts, signal, ({ of: part, n, from }) =>
      this.sessions.use({ key, graph: made.graph, forms, samples: n }, async (session) => {
        const others = Object.fromEntries(beside.map(([name, samples]) => [name, part(samples)]));
        const feeds = feedsOf(model, made.graph, part(batch), n, others);
        if (made.seed !== undefined)
          feeds[made.seed] = seedFeed(of, factOf(model.facts, of.value), model.facts, n, from);
        const raw = await session.run(feeds, outputs, signal);
        return {
          scores: floatTensor([n], toFloat32(raw[made.score]!)),
          gradients: wrt.map((v) => samplesOf(model.facts, v, raw[made.gradients.get(v)!]!, n)),
          values: wanted.map((v) => samplesOf(model.facts, v, raw[v]!, n)),
        };
      }),
    );
    const values = new Map(wanted.map((v, i) => [v, concatBatches(pieces.map((p) => p.values[i]!))]));
    if (options.values?.includes(model.input.name)) values.set(model.input.name, batch);
    return {
      scores: concatBatches(pieces.map((p) => p.scores)).data,
      gradients: new Map(wrt.map((v, i) => [v, concatBatches(pieces.map((p) => p.gradients[i]!))])),
      values,
      notes: made.notes,
    };
  }

  /**
   * Samples that one run of a gradient graph may take. Its values are at most a few times those of the model; only where
   * that could be too much are their shapes worked out.
   */
  private async fitting(key: string, graph: Graph, size: number): Promise<number> {
    const { facts } = this.model;
    const limit = this.sessions.memoryLimit;
    const forward = activationBytes(this.model.graph, { ...facts, batch: facts.dynamicBatch ? 1 : facts.batch }).total;
    if (AT_MOST * forward * (facts.dynamicBatch ? size : 1) <= limit) return size;
    const plan = await remembered(this.plans, key, () =>
      this.sessions.plan(graph, (name) => {
        const fact = facts.get(name);
        return fact === undefined ? undefined : dimsAt(fact, facts.dynamicBatch ? 1 : facts.batch);
      }),
    );
    const words = { ...plan, what: 'The gradient of the model' };
    if (facts.dynamicBatch) return batchWithin((n) => n * plan.bytes, size, limit, words);
    withinLimit(plan.bytes, limit, words);
    return size;
  }

  private graph(key: string, rules: GradientOptions['rules'], request: GradientRequest): Promise<GradientGraph> {
    return remembered(this.graphs, key, async () => {
      const { graph, facts, overrides } = await this.rulesOf(rules);
      const values = request.keep ?? [];
      const made = buildGradient(graph, facts, overrides === undefined ? request : { ...request, overrides });
      const outputs = [...new Set([made.score, ...made.gradients.values(), ...values])];
      // Only what is fetched: the original outputs would be computed for nothing.
      return { ...made, graph: prune(withSources(made.graph, graph, values), outputs) };
    });
  }

  /** The graph that is differentiated, and the rules that stand in for the registered ones. */
  private async rulesOf(
    rules: GradientOptions['rules'],
  ): Promise<Pick<Fed, 'graph' | 'facts'> & Pick<GradientRequest, 'overrides'>> {
    if (typeof rules === 'object') return rules.make();
    const { graph, facts } = this.model;
    return rules === undefined ? { graph, facts } : { graph, facts, overrides: ruleSet(rules) };
  }
}

/** How a graph is told what is differentiated. */
export function seedOf({ pick }: ScoresAt): SeedKind {
  if (pick === 'sum' || pick === 'top') return pick;
  return 'index' in pick || 'indices' in pick ? 'index' : 'direction';
}

/** Forward values that the gradient graph lost by pruning, put back from the graph that was differentiated. */
function withSources(gradient: Graph, source: Graph, values: readonly string[]): Graph {
  const index = indexOf(gradient);
  const lost = values.filter((v) => index.producer(v) === undefined);
  if (lost.length === 0)
    return withOutputs(gradient, [
      ...gradient.outputs.map((o) => o.name),
      ...values.filter((v) => !gradient.outputs.some((o) => o.name === v)),
    ]);
  const part = prune(source, lost);
  const have = new Set(gradient.nodes.flatMap((n) => n.outputs));
  const nodes = part.nodes.filter((n) => !n.outputs.some((o) => o !== '' && have.has(o)));
  const inputs = part.inputs.filter((i) => !gradient.inputs.some((g) => g.name === i.name));
  return withSources(
    {
      ...gradient,
      nodes: [...gradient.nodes, ...nodes],
      inputs: [...gradient.inputs, ...inputs],
      weights: new Map([...part.weights, ...gradient.weights]),
    },
    source,
    values,
  );
}
