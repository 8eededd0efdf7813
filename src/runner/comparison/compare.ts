import path from 'node:path';
import { given } from '../../base/given.js';
import type { Graph } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import { sizeOf } from '../../base/tensor.js';
import type { Call } from '../../protocol/channel.js';
import type { CompareModelsRequest } from '../../protocol/comparison.js';
import type { ModelRequest, WorkProgress } from '../../protocol/request.js';
import type { ComparedModel, Comparison, NumberFormat, Side } from '../../result/comparison.js';
import type { SessionProducts } from '../../session/products.js';
import type { DatasetRoom } from '../dataset/room.js';
import { answerOf } from '../input/answers.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { sha256Of } from '../model/stamp.js';
import { recordOf } from '../overview/describe.js';
import { setQuestion } from './question.js';
import { compareOnSet } from './set.js';
import type { OpenSide } from './side.js';
import { weightChanges } from './weights.js';

/** Two models: their weights, and, where a data set is given, what they make of it. */
export async function compareModels(
  models: Readonly<Record<Side, OpenModel>>,
  request: CompareModelsRequest,
  rooms: { readonly products: SessionProducts; readonly datasets: DatasetRoom },
  call: Call<WorkProgress>,
): Promise<Comparison> {
  const { other, place, seed = 0 } = request;
  const asked: Readonly<Record<Side, ModelRequest>> = { a: request, b: other };
  const weights = await weightChanges(
    { model: models.a, random: request.randomWeights },
    { model: models.b, random: other.randomWeights },
    call,
  );
  call.progress({ message: 'opening the models' });
  const question = place === undefined ? undefined : await setQuestion(models, place, request, rooms, call.signal);
  const set = question === undefined ? undefined : await compareOnSet(question, place!, request, call);
  const a = await modelOf(models.a, asked.a, asked.b, question?.sides.a);
  const b = await modelOf(models.b, asked.b, asked.a, question?.sides.b);
  const recipe = await recipeOf(models.a, {
    preprocessing: a.preprocessing,
    method: 'compare',
    params: {
      ...given({ random_weights: request.randomWeights }),
      other: path.basename(other.model),
      other_sha256: b.sha256,
      ...given({ other_random_weights: other.randomWeights }),
      ...given({
        set: place === undefined ? undefined : path.basename(place),
        split: request.split,
        most: request.most,
        layered: request.layered,
      }),
      ...given({ layout: set?.spaces?.layout, method: set?.reasons?.method, explained: set?.reasons?.explained }),
      ...(set?.reasons === undefined ? {} : request.params),
    },
    ...given({ layer: request.layer }),
    seed,
    ...(set === undefined ? {} : { provider: a.provider }),
    notes: set?.notes ?? [],
  });
  return { a, b, weights, ...given({ set }), recipe };
}

async function modelOf(
  model: OpenModel,
  request: ModelRequest,
  other: ModelRequest,
  side: OpenSide | undefined,
): Promise<ComparedModel> {
  const { path: file, checkpoint, graph } = model.file;
  const about =
    side === undefined
      ? {
          sha256: await sha256Of(file),
          provider: 'none',
          preprocessing: recordOf(model.resolved.preprocessing),
          warnings: [...checkpoint.warnings],
        }
      : await answerOf(model, side.subject, side.notes);
  const { sha256, provider, preprocessing, warnings } = about;
  return {
    name: nameOf(request, other),
    file,
    sha256,
    ...given({ random: request.randomWeights }),
    format: formatOf(graph),
    provider,
    preprocessing,
    warnings,
  };
}

/** The file's name, with its folder where the other is called the same. */
function nameOf({ model, randomWeights }: ModelRequest, other: ModelRequest): string {
  const alike = model !== other.model && path.basename(model) === path.basename(other.model);
  const name = alike
    ? path.join(path.basename(path.dirname(path.resolve(model))), path.basename(model))
    : path.basename(model);
  return randomWeights === undefined ? name : `${name} with random weights (seed ${randomWeights})`;
}

/** How most numbers of a network are stored. */
function formatOf(graph: Graph): NumberFormat {
  const quantised = graph.nodes.some((node) => {
    const { quantises, answersQuantised, integerProduct, operand, readThrough, storage } = operator(node);
    const dequantises = readThrough === true && storage !== undefined;
    return (
      quantises === true || answersQuantised === true || integerProduct === true || operand !== undefined || dequantises
    );
  });
  if (quantised) return 'quantised';
  const counts = new Map<string, number>();
  for (const { type, dims } of graph.weights.values()) counts.set(type, (counts.get(type) ?? 0) + sizeOf(dims));
  const known: readonly NumberFormat[] = ['float32', 'float64', 'float16', 'bfloat16'];
  return known.reduce((most, type) => ((counts.get(type) ?? 0) > (counts.get(most) ?? 0) ? type : most), 'float32');
}
