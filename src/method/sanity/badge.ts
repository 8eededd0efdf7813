import { given } from '../../base/given.js';
import { throwIfCancelled } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { ruleSet } from '../../gradient/brought/overrides.js';
import { toFloat32 } from '../../base/tensor.js';
import type { Graph } from '../../graph/graph.js';
import type { WeightReplacement } from '../../graph/layers/layer.js';
import type { Attribution } from '../../result/explanation.js';
import { reduce, type ValueMap } from '../../result/heatmap.js';
import type { ParameterSchema, ParametersOf, ParameterValue } from '../../result/method.js';
import type { SanityCheck, SanityStage } from '../../result/sanity.js';
import type { AttributionAnswer, AttributionMethod, AttributionRequest } from '../method.js';
import type { ModelSubject } from '../subject/modelSubject.js';
import { isOneScore } from '../target/target.js';
import { cascadeOf, randomised, stagesOf, tamed, weightsIn } from './randomise.js';
import { entropyRise, spearman, ssim, unitMagnitudes } from './similarity.js';
import { findingOf, sentenceOf } from './verdict.js';

export interface SanityQuestion extends AttributionRequest<ParameterSchema> {
  readonly method: AttributionMethod;
  /** Depths of the cascade; default 5. */
  readonly depths?: number;
  /** `independent`: one layer is random at a time, and all others are as they were trained. */
  readonly order?: 'cascading' | 'independent';
  /** Weights of another network in place of drawn ones, as they are: of all layers on the way to what is explained. */
  readonly others?: WeightReplacement;
}

export interface SanityContext {
  readonly signal: AbortSignal;
  /** 0 to 1, and what is being done. */
  progress(fraction: number, message: string): void;
  /** Awaited between runs: more urgent work goes first. */
  pause?(): Promise<void>;
}

export type SanityCurve = Omit<
  SanityCheck,
  'input' | 'method' | 'params' | 'target' | 'score' | 'seed' | 'milliseconds'
> & {
  /** As the maps were computed. */
  readonly params: Readonly<Record<string, ParameterValue>>;
};

const DEPTHS = 5;
/** Random weights are thrown away after one map: sessions are rewritten for speed only where a map takes many samples. */
const QUICK = 2;

/**
 * The cascading randomisation test of one method on one picture (Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim 2018,
 * Sanity Checks for Saliency Maps, arXiv:1810.03292): maps of the model whose weights are random from the output down to
 * ever lower layers, compared with the map of the model as it is.
 */
export async function sanityCurve(
  subject: ModelSubject,
  question: SanityQuestion,
  context: SanityContext,
): Promise<SanityCurve> {
  const { signal } = context;
  const { input, method, seed } = question;
  const cascade = cascadeOf(subject.graph, subject.layers, subject.scoreAt(question.target, question.score).value);
  const stages = stagesOf(cascade, Math.min(question.depths ?? DEPTHS, cascade.length + 1));
  const independent = question.order === 'independent';
  const params = lighter(question.params);
  const options = { quickSamples: QUICK, ...given({ pause: context.pause }) };
  const total = stages.length + 1;
  const notes = new Set<string>();
  const cut = Object.keys(params).filter((key) => params[key] !== question.params[key]);
  if (cut.length > 0)
    notes.add(`For the check, every map was computed with ${cut.map((k) => `${k} ${params[k]}`).join(', ')}.`);

  context.progress(0, 'the map of the model as it is');
  const own = await withSubject(subject.reweighted(new Map(), options), (s) => ask(s, { ...question, params }, signal));
  const original = mapOf(own.attribution);
  // A layer that the method chose on the trained model is the layer of every map.
  const layer = own.layer ?? question.layer;
  const asked = { ...question, params, ...given({ layer }) };
  const found: SanityStage[] = [];
  const counted: boolean[] = [];
  let weights: WeightReplacement = new Map();
  for (const [i, stage] of stages.entries()) {
    throwIfCancelled(signal);
    await context.pause?.();
    context.progress((i + 1) / total, `random from the output down to ${stage.layer}`);
    const random = independent ? cascade.slice(stage.layers - 1, stage.layers) : cascade.slice(0, stage.layers);
    weights =
      question.others === undefined
        ? await randomised(subject.graph, random, random.length, seed, signal, independent ? new Map() : weights)
        : weightsIn(subject.graph, random, question.others);
    const other =
      question.others === undefined
        ? await tamed(subject, cascade, weights, input, options, signal)
        : { subject: subject.reweighted(weights, options) };
    if ('note' in other && other.note !== undefined) notes.add(other.note);
    const { map, note, values } = await withSubject(other.subject, (s) => randomMap(s, asked, signal));
    if (note !== undefined) notes.add(note);
    if (!map.sound)
      notes.add(`The map of the network that is random down to ${stage.layer} is not all finite numbers.`);
    const says = !flat(map.map);
    if (!says)
      notes.add(`The map of the network that is random down to ${stage.layer} has one value everywhere: not counted.`);
    counted.push(says);
    found.push({
      layer: stage.layer,
      layers: stage.layers,
      share: stage.layers / stage.of,
      ...alike(original.map, map.map),
      spearmanSigned: spearman(toFloat32(own.attribution.values), values),
      map: unitMagnitudes(map.map),
    });
  }
  // A map of nothing is unlike any other, which says nothing about the method.
  const telling = found.filter((_, i) => counted[i]);
  const empty = flat(original.map) || telling.length === 0;
  const finding = empty
    ? ({
        similarity: 0,
        cascade: 0,
        measures: [],
        verdict: 'empty',
        sentence: sentenceOf({ similarity: 0 }, 'empty'),
      } as const)
    : findingOf(telling, method.properties.edges === true && rectifies(subject.graph));
  return {
    params,
    ...given({ layer }),
    original: unitMagnitudes(original.map),
    stages: found,
    ...finding,
    notes: [...notes],
  };
}

/** Whether a graph has what methods that show edges treat in their own way; without it they are the gradient. */
export function rectifies({ nodes }: Graph): boolean {
  const own = ruleSet('guided_backprop');
  return nodes.some(({ op }) => own.has(op));
}

/** SSIM of scaled magnitudes, Spearman of magnitudes, and the rise of entropy from the first to the second. */
export function alike(a: ValueMap, b: ValueMap): Pick<SanityStage, 'ssim' | 'spearman' | 'entropyRise'> {
  return {
    ssim: ssim(unitMagnitudes(a), unitMagnitudes(b)),
    spearman: spearman(a.values.map(Math.abs), b.values.map(Math.abs)),
    entropyRise: entropyRise(a, b),
  };
}

async function ask(subject: ModelSubject, question: SanityQuestion, signal: AbortSignal): Promise<AttributionAnswer> {
  const { method, depths: _depths, order: _order, others: _others, ...request } = question;
  return method.run(subject, request, { signal, random: new Random(request.seed), progress: () => undefined });
}

/**
 * The map of a random network. Where its final ReLU shuts the target off, the map would be nothing at all whatever the
 * method: then the class that the random network prefers is explained, which is as good as any in it.
 */
async function randomMap(
  subject: ModelSubject,
  question: SanityQuestion,
  signal: AbortSignal,
): Promise<{ readonly map: ReturnType<typeof mapOf>; readonly values: Float32Array; readonly note?: string }> {
  const { attribution } = await ask(subject, question, signal);
  const map = mapOf(attribution);
  const first = { map, values: toFloat32(attribution.values) };
  const { target, input } = question;
  if (!flat(map.map) || !isOneScore(target)) return first;
  const { logits } = await subject.predict(input, signal);
  const best = logits.data.reduce((at, v, i) => (v > logits.data[at]! ? i : at), 0);
  if (best === target.index || !(logits.data[best]! > logits.data[target.index]!)) return first;
  const asked = { ...question, target: { ...target, index: best } };
  const second = (await ask(subject, asked, signal)).attribution;
  return {
    map: mapOf(second),
    values: toFloat32(second.values),
    note: 'Random networks that give the class no score were asked about the class that they prefer.',
  };
}

/** One value everywhere. */
const flat = ({ values }: ValueMap): boolean => values.every((v) => v === values[0]);

async function withSubject<T>(subject: ModelSubject, work: (subject: ModelSubject) => Promise<T>): Promise<T> {
  try {
    return await work(subject);
  } finally {
    await subject.dispose();
  }
}

/** Magnitudes, one per pixel; what is no number counts as 0. */
function mapOf(attribution: Attribution): { readonly map: ValueMap; readonly sound: boolean } {
  const map = reduce(attribution, 'l1');
  const sound = map.values.every(Number.isFinite);
  return { map: sound ? map : { ...map, values: map.values.map((v) => (Number.isFinite(v) ? v : 0)) }, sound };
}

/** Most samples and steps of a map for the check: six maps should not take six times as long as the one on show. */
const MOST: Readonly<Record<string, number>> = { samples: 200, steps: 20 };

function lighter(params: ParametersOf<ParameterSchema>): ParametersOf<ParameterSchema> {
  const entries = Object.entries(params).map(([key, value]) => {
    const most = MOST[key];
    return [key, most !== undefined && typeof value === 'number' ? Math.min(most, value) : value];
  });
  return Object.fromEntries(entries) as ParametersOf<ParameterSchema>;
}
