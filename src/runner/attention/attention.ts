import { given } from '../../base/given.js';
import { fromErrorData, isCancelled, LensError, throwIfCancelled } from '../../base/errors.js';
import type { FloatTensor } from '../../base/tensor.js';
import type { Labels } from '../../input/labels.js';
import { chainOf, joined, relevanceSteps, rolloutSteps } from '../../method/attention/joined.js';
import { attentionOf, layersNamed, requireAttention, type ModelAttention } from '../../method/attention/layers.js';
import { matricesAndGradients, matricesOf } from '../../method/attention/matrices.js';
import { attentionParameters } from '../../method/attention/parameters.js';
import { withTokens } from '../../method/attention/said.js';
import { answeringAs, cutsOf, silenced, type Cut } from '../../method/attention/silence.js';
import { parseParameters } from '../../method/parameters.js';
import type { Ranking } from '../../method/activations/prediction.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { AttentionAnswer, AttentionPicture, AttentionRequest } from '../../protocol/attention.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { AttentionLayer, AttentionMatrices, AttentionResult } from '../../result/attention.js';
import type { Outcome } from '../../result/explanation.js';
import type { ParametersOf } from '../../result/method.js';
import { describe, targetOf } from '../attribution/target.js';
import { NamedPictures } from '../attribution/named.js';
import { answerOf, attempt, loadInput, namesOf, requireNumbers } from '../input/answers.js';
import { expandInputs, type ExpandedInput, type LoadedInput } from '../input/inputs.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { rank } from '../prediction/rank.js';
import { askedToken, pictureOf, type Looking } from './drawn.js';

/** Classes that are told where nothing else was asked for. */
const SHOWN = 5;

type Params = ParametersOf<typeof attentionParameters>;
type Layer = ModelAttention['layers'][number];

/** What every layer and head of a transformer looks at on each input; or that there is nothing of the kind. */
export async function attentionOn(
  model: OpenModel,
  request: AttentionRequest,
  call: Call<WorkProgress>,
): Promise<AttentionAnswer> {
  const { signal } = call;
  call.progress({ message: 'opening the model' });
  const subject = await model.subject();
  const params = parseParameters('attention', attentionParameters, request.params);
  const asked = askedToken(params.token);
  call.progress({ message: 'looking for attention' });
  const own = requireAttention(await attentionOf(subject, signal));
  const whole = { ...own, layers: withTokens(own.layers, request.tokens) };
  const cuts = cutsOf(whole, request.silenced ?? []);
  const attention = silenced(whole, cuts);
  const layers = chosen(attention, request.layers, params);
  const inputs = await expandInputs(model, request.inputs, signal);
  const { labels, notes } = namesOf(model, subject, inputs);
  const results: Outcome<AttentionPicture>[] = [];
  const context = { model, subject, labels, attention, cuts, layers, params, request, asked };
  for (const input of inputs) {
    throwIfCancelled(signal);
    results.push(await attempt(input.name, () => one(context, input, signal)));
    call.progress({ fraction: results.length / inputs.length, message: `${results.length} of ${inputs.length}` });
  }
  const about = await answerOf(model, subject, [...notes, ...saidOf(attention)]);
  return { ...about, layers: attention.layers.map(plain), without: attention.without, results };
}

interface Context {
  readonly model: OpenModel;
  readonly subject: ModelSubject;
  readonly labels: Labels;
  /** With heads cut, where some are to be. */
  readonly attention: ModelAttention;
  readonly cuts: readonly Cut[];
  readonly layers: readonly Layer[];
  readonly params: Params;
  readonly request: AttentionRequest;
  readonly asked: Looking;
}

async function one(context: Context, input: ExpandedInput, signal: AbortSignal): Promise<AttentionPicture> {
  const { model, subject, attention, cuts, layers, params, request, asked } = context;
  const loaded = await loadInput(input, signal);
  const matrices = layers.length === 0 ? [] : await matricesOf(subject, attention, layers, loaded.tensor, signal);
  const predicted = layers.length > 0 ? undefined : await predictedOf(context, loaded, signal);
  const chain = params.map === 'attention' ? undefined : await chained(context, loaded, matrices, signal);
  const whole = new Set(cuts.map((c) => c.layer.name));
  const notes = [...loaded.notes, ...cutNotes(cuts), ...remarksOn(matrices.filter((m) => !whole.has(m.layer)))];
  const recipe = await recipeOf(model, {
    input,
    preprocessing: loaded.preprocessing,
    method: params.map,
    params: { ...params, ...given({ silenced: cuts.length === 0 ? undefined : cuts.map(cutName).join(' ') }) },
    ...given({ layer: request.layers?.join(' '), target: chain?.target }),
    ...(chain?.target === undefined ? {} : { score: request.score ?? 'logit' }),
    provider: subject.provider?.used ?? 'cpu',
    notes,
  });
  const result: AttentionResult = {
    input: input.name,
    layers: matrices,
    ...given({ joined: chain?.matrix, target: chain?.target, predicted }),
    recipe,
    notes,
  };
  const { picture } = loaded;
  return { ...result, picture, ...(request.drawn === true ? { png: await pictureOf(layers, asked, result) } : {}) };
}

/** A rollout, or a relevance of the target. */
async function chained(
  { model, subject, labels, attention, params, request }: Context,
  loaded: LoadedInput,
  matrices: readonly AttentionMatrices[],
  signal: AbortSignal,
): Promise<{ matrix: FloatTensor; target?: AttentionResult['target'] }> {
  const chain = chainOf(attention.layers, params.start);
  if (params.map === 'rollout') {
    const weights = chain.map((layer) => matrices.find((m) => m.layer === layer.name)!.weights);
    return { matrix: await joined(subject, rolloutSteps(weights, params.fusion), signal) };
  }
  const ranking = await rankedFirst(subject, labels, loaded, signal);
  const named = new NamedPictures(model, subject);
  const target = await targetOf(request.target, { subject, labels, ranking, loaded, named }, signal);
  const asking = subject.asking(target);
  const of = asking.scoreAt(target, request.score ?? 'logit');
  // A target that brings nodes of its own has a graph of its own.
  const own = asking === subject ? attention : await silencedIn(asking, request, signal);
  const steps = asking === subject ? chain : chainOf(own.layers, params.start);
  const { weights, gradients } = await matricesAndGradients(asking, own, steps, loaded.tensor, { of }, signal);
  return { matrix: await joined(subject, relevanceSteps(weights, gradients), signal), target: describe(target) };
}

async function silencedIn(
  subject: ModelSubject,
  { silenced: asked = [] }: AttentionRequest,
  signal: AbortSignal,
): Promise<ModelAttention> {
  const attention = await attentionOf(subject, signal);
  return silenced(attention, cutsOf(attention, asked));
}

/** What the model says, where its output can be ranked: attention is there whatever the output is. */
async function predictedOf(
  context: Context,
  loaded: LoadedInput,
  signal: AbortSignal,
): Promise<AttentionResult['predicted']> {
  try {
    const ranking = await ranked(context, loaded, signal);
    requireNumbers(loaded, ranking);
    return ranking.top;
  } catch (error) {
    if (!(error instanceof LensError) || isCancelled(error)) throw error;
    return undefined;
  }
}

/** The classes that the model prefers, with what is cut. */
function ranked(
  { subject, labels, attention, cuts }: Context,
  loaded: LoadedInput,
  signal: AbortSignal,
): Promise<Ranking> {
  const asked = cuts.length === 0 ? subject : answeringAs(subject, attention);
  return rankedFirst(asked, labels, loaded, signal, SHOWN);
}

/** @throws LensError where there is nothing to rank */
async function rankedFirst(
  subject: ModelSubject,
  labels: Labels,
  loaded: LoadedInput,
  signal: AbortSignal,
  top = 1,
): Promise<Ranking> {
  const [ranking] = await rank(subject, labels, [loaded], undefined, top, signal);
  if (ranking !== undefined && !('error' in ranking)) return ranking;
  if (ranking !== undefined) throw fromErrorData(ranking.error);
  throw new Error('One input was not answered');
}

/** The layers that are asked about. */
function chosen({ layers }: ModelAttention, names: readonly string[] | undefined, { map }: Params): readonly Layer[] {
  if (names === undefined || map !== 'attention') return layers;
  const named = new Set(names.flatMap((name) => layersNamed(layers, name)));
  return layers.filter((layer) => named.has(layer));
}

function cutName({ layer, head }: Cut): string {
  return head === undefined ? layer.name : `${layer.name}:${head}`;
}

function cutNotes(cuts: readonly Cut[]): string[] {
  return cuts.length === 0 ? [] : [`Silenced: ${cuts.map(cutName).join(', ')}.`];
}

function remarksOn(matrices: readonly AttentionMatrices[]): string[] {
  const off = matrices.filter(({ sums: [least, most] }) => !(least > 1 - 1e-3 && most < 1 + 1e-3));
  const outlying = matrices.filter((m) => (m.outliers?.length ?? 0) > 0);
  return [
    ...(off.length === 0
      ? []
      : [
          `Rows of ${off.map((m) => m.layer).join(', ')} do not sum to 1: masked rows, or heads that are mixed behind the Softmax.`,
        ]),
    ...(outlying.length === 0
      ? []
      : [
          `Tokens of outlying norm (${outlying.map((m) => `${m.outliers!.length} in ${m.layer}`).join(', ')}): what they are looked at for says nothing about their place.`,
        ]),
  ];
}

function saidOf({ without, layers }: ModelAttention): string[] {
  return [
    ...without.map(({ op, node, reason }) => `${op} "${node}" is not shown: ${reason}.`),
    ...new Set(layers.flatMap((l) => l.notes)),
  ];
}

function plain({ site: _site, ...layer }: Layer): AttentionLayer {
  return layer;
}
