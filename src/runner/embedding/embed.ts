import path from 'node:path';
import { given } from '../../base/given.js';
import { LensError } from '../../base/errors.js';
import { svgToPng } from '../../input/encode.js';
import { embedPoints, qualityOf, type EmbedContext } from '../../method/embedding/embed.js';
import { embeddingMethodById } from '../../method/embedding/methods.js';
import { parseParameters } from '../../method/parameters.js';
import type { Call } from '../../protocol/channel.js';
import type { EmbedAnswer, EmbedRequest } from '../../protocol/embedding.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Embedding } from '../../result/embedding.js';
import { axisWords, spreadOut } from '../../result/embeddingWords.js';
import { MOST_PICTURES, PICTURE_SHARE, type LayoutReport } from '../../result/layoutReport.js';
import { intoUnitSquare, scatterSvg } from '../../result/scatter.js';
import type { SessionProducts } from '../../session/products.js';
import { answerOf } from '../input/answers.js';
import { recipeOf } from '../input/recipe.js';
import { smallPicture } from '../input/smallPicture.js';
import type { OpenModel } from '../model/open.js';
import { recordOf } from '../overview/describe.js';
import { classRows } from '../weights/rows.js';
import { featuresOf, type Features } from './features.js';
import { pausing } from './pausing.js';
import { teamFor } from './threads/team.js';

/** What a model makes of a data set, or of its classes, as points. */
export async function embed(
  model: OpenModel,
  products: SessionProducts,
  request: EmbedRequest,
  call: Call<WorkProgress>,
): Promise<EmbedAnswer> {
  const method = embeddingMethodById(request.method);
  const params = parseParameters(method.id, method.parameters, request.params);
  const seed = request.seed ?? 0;
  const features =
    request.of === 'weights'
      ? await weightRows(model, request.layer, call.signal)
      : await featuresOf(model, request, call);
  if (features.files.length === 0) throw nothingLeft(features);
  const context: EmbedContext = {
    products,
    seed,
    pause: pausing(call),
    team: (points) => teamFor(points, request.threads),
  };
  const placed = await embedPoints(features.rows, method, params, context);
  const quality = await qualityOf(features.rows, placed.points, features.classes, context);
  const subject = await model.subject();
  const answer = await answerOf(model, subject, features.notes);
  const notes = [method.summary];
  const recipe = await recipeOf(model, {
    preprocessing: recordOf(model.resolved.preprocessing),
    method: method.id,
    params: { ...params, of: request.of },
    layer: features.layer,
    seed,
    provider: answer.provider,
    notes,
  });
  const embedding: Embedding = {
    of: request.of,
    layer: features.layer,
    method: method.id,
    params,
    files: features.files,
    labels: features.labels,
    ...placed,
    ...given({ predicted: features.predicted, quality }),
    omitted: features.omitted,
    recipe,
  };
  const svg = scatterSvg({
    title: `${path.basename(request.model)}: ${features.layer} by ${method.title}`,
    notes: wordsOf(embedding, notes),
    axes: axisWords(embedding),
    points: embedding.points,
    labels: request.of === 'weights' ? features.files : embedding.labels,
  });
  const report: LayoutReport = {
    title: `${path.basename(request.model)}: ${features.layer} by ${method.title}`,
    embedding,
    of: features.files.length + features.omitted.length,
    provider: answer.provider,
    notes: [...notes, ...answer.warnings],
    thumbnails: request.thumbnails === true ? await thumbnailsOf(features, embedding, call.signal) : [],
  };
  return { ...answer, embedding, svg, png: await svgToPng(svg), report };
}

const SIDE = 64;

/** Small pictures of points that lie apart. */
async function thumbnailsOf(
  { inputs }: Features,
  { points }: Embedding,
  signal: AbortSignal,
): Promise<LayoutReport['thumbnails']> {
  const out: { point: number; png: Uint8Array }[] = [];
  if (inputs.length === 0) return out;
  for (const point of spreadOut(intoUnitSquare(points), PICTURE_SHARE, MOST_PICTURES)) {
    const png = await smallPicture(inputs[point]!, SIDE, signal);
    if (png !== undefined) out.push({ point, png });
  }
  return out;
}

async function weightRows(model: OpenModel, layer: string | undefined, signal: AbortSignal): Promise<Features> {
  const { rows, names, layer: name } = await classRows(model, layer, signal);
  return {
    layer: name,
    rows,
    files: names,
    inputs: [],
    labels: names.map(() => ''),
    classes: new Int32Array(names.length).fill(-1),
    omitted: [],
    notes: [],
  };
}

function nothingLeft({ omitted }: Features): LensError {
  const [first] = omitted;
  return new LensError(
    'input',
    'embed/empty',
    `No picture could be used${first === undefined ? '' : `: ${first.error.message}`}`,
    {
      hint: 'Give it a folder of pictures, a list, a .parquet or an .npz file.',
    },
  );
}

function wordsOf({ quality, files, omitted, divergence, recipe }: Embedding, notes: readonly string[]): string[] {
  const percent = (v: number): string => `${(100 * v).toFixed(1)} %`;
  const words = [
    `${files.length} points${omitted.length > 0 ? `, ${omitted.length} left out` : ''}; seed ${recipe.seed}; ${recipe.model.file} ${recipe.model.sha256.slice(0, 12)}`,
  ];
  if (quality !== undefined) {
    const asked = quality.asked < files.length ? ` of ${quality.asked} points` : '';
    words.push(
      `trustworthiness ${quality.trustworthiness.toFixed(3)}, continuity ${quality.continuity.toFixed(3)} (${quality.k} neighbours${asked})${divergence === undefined ? '' : `, divergence ${divergence.toFixed(3)}`}`,
    );
    if (quality.probe !== undefined)
      words.push(
        `linear probe ${percent(quality.probe.accuracy)} ± ${percent(quality.probe.sd)}, always the largest class ${percent(quality.probe.majority)}`,
      );
  }
  return [...words, ...notes];
}
