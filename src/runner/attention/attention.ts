import { given } from '../../base/given.js';
import { LensError, throwIfCancelled } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { encodePng } from '../../input/encode.js';
import type { Labels } from '../../input/labels.js';
import { chainOf, joined, relevanceSteps, rolloutSteps } from '../../method/attention/joined.js';
import { attentionOf, type ModelAttention } from '../../method/attention/layers.js';
import { matricesAndGradients, matricesOf } from '../../method/attention/matrices.js';
import { attentionParameters } from '../../method/attention/parameters.js';
import { parseParameters } from '../../method/parameters.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { AttentionAnswer, AttentionPicture, AttentionRequest } from '../../protocol/attention.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { AttentionLayer, AttentionMatrices, AttentionResult } from '../../result/attention.js';
import { mapOf, nearest, queryOf, type AskedToken } from '../../result/attentionMap.js';
import type { Outcome } from '../../result/explanation.js';
import { mapGrid } from '../../result/grid.js';
import type { ParametersOf } from '../../result/method.js';
import { describe, targetOf } from '../attribution/target.js';
import { NamedPictures } from '../attribution/named.js';
import { answerOf, attempt, loadInput, namesOf } from '../input/answers.js';
import { expandInputs, type ExpandedInput } from '../input/inputs.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { rank } from '../prediction/rank.js';

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
  const attention = await attentionOf(subject, signal);
  const layers = chosen(attention, request.layer, params);
  const inputs = await expandInputs(model, request.inputs, signal);
  const { labels, notes } = namesOf(model, subject, inputs);
  const results: Outcome<AttentionPicture>[] = [];
  const context = { model, subject, labels, attention, layers, params, request, asked };
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
  readonly attention: ModelAttention;
  readonly layers: readonly Layer[];
  readonly params: Params;
  readonly request: AttentionRequest;
  readonly asked: AskedToken | 'class' | { readonly row: number; readonly column: number };
}

async function one(context: Context, input: ExpandedInput, signal: AbortSignal): Promise<AttentionPicture> {
  const { model, subject, attention, layers, params, request } = context;
  const loaded = await loadInput(input, signal);
  const matrices = await matricesOf(subject, attention, layers, loaded.tensor, signal);
  const chain = params.map === 'attention' ? undefined : await chained(context, loaded, matrices, signal);
  const notes = [...loaded.notes, ...remarksOn(matrices)];
  const recipe = await recipeOf(model, {
    input,
    preprocessing: loaded.preprocessing,
    method: params.map,
    params,
    ...given({ layer: request.layer, target: chain?.target }),
    ...(chain?.target === undefined ? {} : { score: request.score ?? 'logit' }),
    provider: subject.provider?.used ?? 'cpu',
    notes,
  });
  const result: AttentionResult = {
    input: input.name,
    layers: matrices,
    ...given({ joined: chain?.matrix, target: chain?.target }),
    recipe,
    notes,
  };
  return { ...result, png: await pictureOf(context, result) };
}

/** A rollout, or a relevance of the target. */
async function chained(
  { model, subject, labels, attention, params, request }: Context,
  loaded: Awaited<ReturnType<typeof loadInput>>,
  matrices: readonly AttentionMatrices[],
  signal: AbortSignal,
): Promise<{ matrix: FloatTensor; target?: AttentionResult['target'] }> {
  const chain = chainOf(attention.layers, params.start);
  if (params.map === 'rollout') {
    const weights = chain.map((layer) => matrices.find((m) => m.layer === layer.name)!.weights);
    return { matrix: await joined(subject, rolloutSteps(weights, params.fusion), signal) };
  }
  const [ranking] = await rank(subject, labels, [loaded], undefined, 1, signal);
  if (ranking === undefined || 'error' in ranking)
    throw new LensError(
      'input',
      'attention/no-target',
      'The model answers this picture with nothing that could be explained.',
    );
  const named = new NamedPictures(model, subject);
  const target = await targetOf(request.target, { subject, labels, ranking, loaded, named }, signal);
  const asking = subject.asking(target);
  const of = asking.scoreAt(target, request.score ?? 'logit');
  const { weights, gradients } = await matricesAndGradients(asking, attention, chain, loaded.tensor, of, signal);
  return { matrix: await joined(subject, relevanceSteps(weights, gradients), signal), target: describe(target) };
}

/** The layers that are asked about. */
function chosen({ layers, without }: ModelAttention, name: string | undefined, { map }: Params): readonly Layer[] {
  if (layers.length === 0) {
    const [first] = without;
    const because =
      first === undefined ? '' : ` What joins two computed values is ${first.op} "${first.node}": ${first.reason}.`;
    throw new LensError('unsupported', 'attention/none', `This model has no attention.${because}`, {
      hint: 'Explain its pictures by another method: the verb "methods" lists them.',
    });
  }
  if (name === undefined || map !== 'attention') return layers;
  const found = layers.filter((l) => l.name === name || l.node === name || l.name.startsWith(`${name}.`));
  if (found.length > 0) return found;
  throw new LensError('usage', 'attention/layer', `There is no attention in a layer "${name}".`, {
    hint: `There is some in ${layers
      .slice(0, 12)
      .map((l) => l.name)
      .join(', ')}${layers.length > 12 ? ' …' : ''}.`,
  });
}

function askedToken(text: string): Context['asked'] {
  if (text === 'class') return 'class';
  if (text === 'centre') return { y: 0.5, x: 0.5 };
  const match = /^(\d+)\s*,\s*(\d+)$/.exec(text);
  if (match !== null) return { row: Number(match[1]), column: Number(match[2]) };
  throw new LensError('usage', 'attention/token', `"${text}" is no token.`, {
    hint: 'Write class, centre, or ROW,COLUMN of the grid of tokens, counted from 0.',
  });
}

/** Rows are layers, columns heads; of a rollout or relevance one map. Shared colours: shares can be compared. */
async function pictureOf({ layers, asked }: Context, result: AttentionResult): Promise<Uint8Array> {
  const maps: FloatTensor[] = [];
  let columns = 1;
  if (result.joined !== undefined) {
    const [layer] = layers;
    const [n = 0] = result.joined.dims;
    const at = layer === undefined ? undefined : tokenOf(layer, asked);
    const map = at && mapOf(layer!, floatTensor([1, 1, n, n], result.joined.data), 0, at);
    if (map !== undefined) maps.push(map);
  } else {
    const shown = layers.filter((l) => l.to !== undefined && tokenOf(l, asked) !== undefined);
    columns = Math.max(1, ...shown.map((l) => l.heads));
    const [rows, width] = [0, 1].map((side) => Math.max(1, ...shown.map((l) => l.to!.grid[side]!))) as [number, number];
    for (const layer of shown) {
      const { weights } = result.layers.find((m) => m.layer === layer.name)!;
      for (let h = 0; h < columns; h++)
        maps.push(
          h < layer.heads
            ? nearest(mapOf(layer, weights, h, tokenOf(layer, asked)!)!, rows, width)
            : floatTensor([rows, width]),
        );
    }
  }
  if (maps.length === 0) maps.push(matrixOf(result));
  const [h = 1, w = 1] = maps[0]!.dims;
  const all = floatTensor([maps.length, h, w]);
  maps.forEach((map, i) => all.data.set(map.data, i * h * w));
  const { data, width, height } = mapGrid(all, { columns });
  return encodePng(data, width, height);
}

/** The first matrix itself, where tokens have no place that is known. */
function matrixOf({ joined, layers }: AttentionResult): FloatTensor {
  if (joined !== undefined) return joined;
  const { weights } = layers[0]!;
  const [, , q = 1, k = 1] = weights.dims;
  return floatTensor([q, k], weights.data.slice(0, q * k));
}

function tokenOf(layer: AttentionLayer, asked: Context['asked']): ReturnType<typeof queryOf> {
  // Without a class token the middle of the picture is looked from.
  if (asked === 'class') return queryOf(layer, { prefix: 0 }) ?? queryOf(layer, { y: 0.5, x: 0.5 });
  if ('row' in asked) {
    const [rows, columns] = layer.from?.grid ?? [1, 1];
    return queryOf(layer, { y: (asked.row + 0.5) / rows, x: (asked.column + 0.5) / columns });
  }
  return queryOf(layer, asked);
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
