import { canonical } from '../../base/canonical.js';
import { LensError } from '../../base/errors.js';
import type { Call } from '../../protocol/channel.js';
import type { NearestAnswer, NearestRequest, SetProgress } from '../../protocol/dataset.js';
import type { OpenModel } from '../model/open.js';
import type { SetFeatures } from './featureCache.js';
import { setFeatures } from './features.js';
import type { DatasetRoom } from './room.js';

/** Who is nearest to an example in the space of a layer, not in a picture of it. */
export async function nearest(
  model: OpenModel,
  room: DatasetRoom,
  request: NearestRequest,
  call: Call<SetProgress>,
): Promise<NearestAnswer> {
  const subject = await model.subject();
  const { name: _name, metric: _metric, k: _k, ...about } = request;
  const ask = (): Promise<SetFeatures> => setFeatures(model, subject, room, request, call);
  const { rows, examples, place } = await room.features.lately(canonical(about), ask);
  const [n = 0, d = 0] = rows.dims;
  const asked = examples.findIndex((e) => e.name === request.name);
  if (asked < 0) {
    throw new LensError('usage', 'dataset/example', `"${request.name}" is none of the pictures that were used.`, {
      hint: 'It may have been left out: see what the data set says.',
    });
  }
  const distances = new Float64Array(n);
  const own = rows.data.subarray(asked * d, (asked + 1) * d);
  for (let i = 0; i < n; i++) {
    const other = rows.data.subarray(i * d, (i + 1) * d);
    distances[i] = request.metric === 'cosine' ? angle(own, other) : euclidean(own, other);
  }
  const order = Int32Array.from(distances, (_, i) => i)
    .sort((a, b) => distances[a]! - distances[b]! || a - b)
    .filter((i) => i !== asked)
    .slice(0, Math.max(0, request.k));
  return {
    names: Array.from(order, (i) => examples[i]!.name),
    distances: Float32Array.from(order, (i) => distances[i]!),
    layer: place.layer,
  };
}

function euclidean(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) ** 2;
  return Math.sqrt(sum);
}

/** 1 - cosine; rows of zeros are half way from everything. */
function angle(a: Float32Array, b: Float32Array): number {
  let [product, x, y] = [0, 0, 0];
  for (let j = 0; j < a.length; j++) {
    product += a[j]! * b[j]!;
    x += a[j]! ** 2;
    y += b[j]! ** 2;
  }
  return x === 0 || y === 0 ? 0.5 : Math.max(0, 1 - product / Math.sqrt(x * y));
}
