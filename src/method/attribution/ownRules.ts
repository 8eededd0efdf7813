import type { FloatTensor, Tensor } from '../../base/tensor.js';
import { floatTensor, toFloat32 } from '../../base/tensor.js';
import { buildGradient } from '../../gradient/sweep/engine.js';
import type { GradientGraph } from '../../gradient/request.js';
import type { Rule } from '../../gradient/rule.js';
import type { Facts } from '../../graph/facts.js';
import { prune } from '../../graph/edits.js';
import type { Graph } from '../../graph/graph.js';
import { concatBatches, sliceBatch } from '../../session/batches.js';
import { dimsOf, zeros } from '../../session/probe.js';
import { asType, seedFeed } from '../subject/pieces.js';
import type { ScoreAt, Subject } from '../subject/subject.js';

/** A graph with backward rules that a method brings itself. */
export interface OwnGraph {
  readonly graph: Graph;
  readonly facts: Facts;
  readonly overrides: ReadonlyMap<string, Rule>;
}

const made = new WeakMap<Subject, Map<string, Promise<GradientGraph>>>();

/**
 * "Gradients" of one sample's score with respect to the input, by a method's own backward rules on a graph derived from
 * the model's.
 *
 * @param key tells graphs of this model apart; the graph is made once
 * @param feeds samples with batch 1 by input name; other inputs are fed with zeros
 */
export async function gradientByOwnRules(
  subject: Subject,
  key: string,
  make: () => OwnGraph | Promise<OwnGraph>,
  of: ScoreAt,
  feeds: Readonly<Record<string, FloatTensor>>,
  signal: AbortSignal,
): Promise<{ readonly score: number; readonly gradient: FloatTensor; readonly notes: readonly string[] }> {
  if (of.pick === 'sum') throw new Error('A sum has no seed');
  const seed = 'index' in of.pick ? 'index' : 'direction';
  const wrt = subject.input.name;
  const name = JSON.stringify([key, of.value, seed]);
  const known = made.get(subject) ?? new Map<string, Promise<GradientGraph>>();
  made.set(subject, known);
  let making = known.get(name);
  if (making === undefined) {
    making = (async () => {
      const { graph, facts, overrides } = await make();
      const built = buildGradient(graph, facts, { score: { value: of.value, seed }, wrt: [wrt], keep: [], overrides });
      return { ...built, graph: prune(built.graph, [built.score, built.gradients.get(wrt)!]) };
    })();
    making.catch(() => known.delete(name));
    known.set(name, making);
  }
  const { graph, score, gradients, notes, seed: seedName } = await making;
  const n = subject.facts.dynamicBatch ? 1 : subject.facts.batch;
  const all: Record<string, Tensor> = {};
  for (const input of graph.inputs) {
    if (input.name === seedName) all[input.name] = seedFeed(of, subject.facts.get(of.value)!, subject.facts, n, 0);
    else {
      const given = feeds[input.name];
      all[input.name] =
        given === undefined
          ? zeros(input.type ?? 'float32', dimsOf(input, {}, n), input.name)
          : asType(concatBatches(Array.from({ length: n }, () => given)), input.type ?? 'float32');
    }
  }
  const raw = await subject.derived(name, graph, all, signal);
  const found = raw[gradients.get(wrt)!]!;
  return {
    score: toFloat32(raw[score]!)[0]!,
    gradient: sliceBatch(floatTensor(found.dims, toFloat32(found)), 0, 1),
    notes,
  };
}
