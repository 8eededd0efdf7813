import { memo } from '../../base/memo.js';
import { secantRules } from '../../gradient/brought/secant.js';
import { twinned, type Twins } from '../../gradient/brought/twoPasses.js';
import type { Rule } from '../../gradient/rule.js';
import type { Graph } from '../../graph/graph.js';
import { fillTensor } from '../fill.js';
import { attributionMethod } from '../method.js';
import type { DerivedGraph, Subject } from '../subject/subject.js';
import { channelAttribution, scoreNotes, unitOf } from './shared/answer.js';
import { baselineParameter, reduceParameter } from './shared/parameters.js';

/**
 * (x - x') · multiplier, the multiplier being the chain of the secants' slopes between baseline and input: adds up to
 * S(x) - S(x') exactly where every operator on the way can be split so (`delta` says what is left).
 */
export const deeplift = attributionMethod({
  id: 'deeplift',
  title: 'DeepLIFT',
  summary: 'How does the difference to a baseline, unit by unit, add up to the difference of the scores?',
  citation:
    'Shrikumar, Greenside, Kundaje 2017, Learning Important Features Through Propagating Activation Differences, arXiv:1704.02685 (rescale rule)',
  parameters: { baseline: baselineParameter, reduce: reduceParameter },
  group: 'rules',
  needs: 'gradient',
  passes: { forward: 2, gradient: 2 },
  layer: 'none',
  properties: { signed: true, complete: true, seeded: true, linear: true, shape: 'channel' },
  async run(subject, request, context) {
    const { input, target, score, params } = request;
    const of = subject.scoreAt(target, score);
    const baseline = fillTensor(params.baseline, input, subject.input, context.random);
    const { derived, baselineInput } = secantGraph(subject, of.value);
    const rules = { key: 'deeplift', make: () => derived, feeds: { [baselineInput]: baseline } };
    const { gradients, notes } = await subject.gradients(input, { of, rules }, context.signal);
    const gradient = gradients.get(subject.input.name)!;
    const values = gradient.data.map((m, i) => m * (input.data[i]! - baseline.data[i]!));
    const [whole] = await subject.scores(input, target, score, context.signal);
    const [start] = await subject.scores(baseline, target, score, context.signal);
    return {
      attribution: channelAttribution(values, subject.input, unitOf(subject, request), params.reduce),
      delta: values.reduce((a, b) => a + b, 0) - (whole! - start!),
      notes: [...scoreNotes(subject, score), ...notes],
    };
  },
});

interface SecantGraph {
  readonly derived: DerivedGraph;
  readonly baselineInput: string;
}

const secantGraphs = memo<Graph, string, SecantGraph>();

/** The model twice, for the input and its baseline, with the secants' slopes as rules: once for each value explained. */
function secantGraph(subject: Subject, value: string): SecantGraph {
  return secantGraphs(subject.graph, value, () => {
    // The rules read the twins' names when they are applied, which is after the twins are made.
    let twins: Twins | undefined;
    const overrides: ReadonlyMap<string, Rule> = secantRules((v) => twins!.twin(v));
    twins = twinned(subject.graph, subject.facts, subject.input.name, value, overrides);
    return { derived: { graph: twins.graph, facts: twins.facts, overrides }, baselineInput: twins.input };
  });
}
