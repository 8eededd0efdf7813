import { given } from '../../base/given.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { labelOf } from '../../input/labels.js';
import { embedPoints, qualityOf, type EmbedContext, type Moving } from '../../method/embedding/embed.js';
import { embeddingMethodById } from '../../method/embedding/methods.js';
import { parseParameters } from '../../method/parameters.js';
import type { Call } from '../../protocol/channel.js';
import type { LayoutAnswer, LayoutProgress, LayoutRequest } from '../../protocol/dataset.js';
import type { Embedding } from '../../result/embedding.js';
import type { SessionProducts } from '../../session/products.js';
import { answerOf } from '../input/answers.js';
import { recipeOf } from '../input/recipe.js';
import type { OpenModel } from '../model/open.js';
import { recordOf } from '../overview/describe.js';
import { pausing } from '../embedding/pausing.js';
import { teamFor } from '../embedding/threads/team.js';
import { classRows } from '../weights/rows.js';
import { setFeatures } from './features.js';
import type { DatasetRoom } from './room.js';
import type { Steered } from './steering.js';

/** Shortest time between two pictures of a layout on its way, and between two divergences, which cost a step each. */
const FRAME_MS = 100;
const DIVERGENCE_MS = 2000;

/** A data set, or the classes of a model, as points; shown while they move. */
export async function layout(
  model: OpenModel,
  room: DatasetRoom,
  products: SessionProducts,
  request: LayoutRequest,
  call: Call<LayoutProgress>,
): Promise<LayoutAnswer> {
  const method = embeddingMethodById(request.method);
  const params = parseParameters(method.id, method.parameters, request.params);
  const seed = request.seed ?? 0;
  const subject = await model.subject();
  const points = await pointsOf(model, room, request, call);
  return room.steering.during(request.run, async (steered) => {
    const context: EmbedContext = {
      products,
      seed,
      pause: pausing(call),
      team: (count) => teamFor(count, request.threads),
      drawn: frames(call, steered),
      stopped: () => steered.stopped(),
    };
    const { stoppedAt, ...found } = await embedPoints(points.rows, method, params, context);
    const placed = { ...found, points: inSpace(found.points, Number(params['components'] ?? 2)) };
    // Of many pictures the numbers take longer than the picture: that is there to be looked at meanwhile.
    call.progress({ message: 'how good the picture is', points: placed.points.data });
    const quality = await qualityOf(points.rows, placed.points, points.classes, context);
    const stopped = stoppedAt === undefined ? [] : [`Stopped by hand at step ${stoppedAt}.`];
    const some = quality?.probe?.examples;
    const of = `${some?.toLocaleString('en')} of ${points.files.length.toLocaleString('en')} pictures`;
    const drawn =
      some === undefined ? [] : [`The linear probe is of ${of}, drawn with the shares of the classes kept.`];
    const notes = [method.summary, ...points.notes, ...stopped, ...drawn];
    const about = await answerOf(model, subject, points.notes);
    const recipe = await recipeOf(model, {
      preprocessing: recordOf(model.resolved.preprocessing),
      method: method.id,
      params: { ...params, of: request.of, ...given({ split: request.split, most: request.most, stoppedAt }) },
      layer: points.layer,
      seed,
      provider: about.provider,
      notes,
    });
    const embedding: Embedding = {
      of: request.of,
      layer: points.layer,
      method: method.id,
      params,
      files: points.files,
      labels: points.labels,
      ...placed,
      ...given({ predicted: points.predicted, quality }),
      omitted: points.omitted,
      recipe,
    };
    return { ...about, embedding, notes, ...given({ stoppedAt }) };
  });
}

interface Points extends Pick<Embedding, 'layer' | 'files' | 'labels' | 'omitted' | 'predicted'> {
  readonly rows: Parameters<typeof embedPoints>[0];
  readonly classes: Int32Array;
  readonly notes: readonly string[];
}

async function pointsOf(
  model: OpenModel,
  room: DatasetRoom,
  request: LayoutRequest,
  call: Call<LayoutProgress>,
): Promise<Points> {
  if (request.of === 'weights') {
    const { rows, names, layer } = await classRows(model, request.layer, call.signal);
    const labels = names.map(() => '');
    return {
      layer,
      rows,
      files: names,
      labels,
      classes: new Int32Array(names.length).fill(-1),
      omitted: [],
      notes: [],
    };
  }
  const subject = await model.subject();
  const { place, rows, examples, matched, labels, predicted, omitted, notes } = await setFeatures(
    model,
    subject,
    room,
    request,
    call,
  );
  return {
    layer: place.layer,
    rows,
    files: examples.map((e) => e.name),
    labels: examples.map((e) => e.className ?? ''),
    classes: labels,
    omitted,
    ...(predicted.every((p) => p >= 0) ? { predicted: Array.from(predicted, (p) => labelOf(matched.names, p)) } : {}),
    notes,
  };
}

/** Where the points are, as often as somebody can look at it. A layout that is paused waits here. */
function frames(call: Call<LayoutProgress>, steered: Steered): (moving: Moving) => Promise<void> {
  let [frame, divergence] = [0, 0];
  return async ({ step, steps, points, divergence: measure }) => {
    const now = Date.now();
    if (now - frame >= FRAME_MS) {
      frame = now;
      const due = measure !== undefined && now - divergence >= DIVERGENCE_MS;
      if (due) divergence = now;
      call.progress({
        fraction: step / steps,
        message: `step ${step} of ${steps}`,
        points: points().data,
        step,
        steps,
        ...(due ? { divergence: measure() } : {}),
      });
    }
    await steered.resumed(call.signal);
  };
}

/** Points with all coordinates: of two pictures there is one component only, and the others are zero. */
function inSpace(points: FloatTensor, components: number): FloatTensor {
  const [n = 0, d = 0] = points.dims;
  if (d >= components) return points;
  const out = floatTensor([n, components]);
  for (let i = 0; i < n; i++) out.data.set(points.data.subarray(i * d, (i + 1) * d), i * components);
  return out;
}
