import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { WeightsRequest } from '../../protocol/weights.js';
import type { WeightStatistics } from '../../result/weights.js';
import { statisticsOf } from '../../method/weights/statistics.js';
import type { ShownWeight } from '../../method/weights/view.js';
import type { OpenModel } from '../model/open.js';
import { choose } from './chosen.js';

/** What was measured of a model's weights; goes when the model is opened anew. */
const measured = new WeakMap<OpenModel, Map<string, WeightStatistics>>();

export async function weightStatistics(
  model: OpenModel,
  request: WeightsRequest,
  call: Call<WorkProgress>,
): Promise<WeightStatistics> {
  const { shown } = await choose(model, request, call.signal);
  return measureWeight(model, shown, call, request.random);
}

/** What is known of a weight without reading it. */
export function knownStatistics(model: OpenModel, shown: ShownWeight, seed?: number): WeightStatistics | undefined {
  return measured.get(model)?.get(keyOf(shown, seed));
}

/** Reads all of a weight, once. `seed`: of the draw, where it is not the layer's own. */
export async function measureWeight(
  model: OpenModel,
  shown: ShownWeight,
  call: Call<WorkProgress>,
  seed?: number,
): Promise<WeightStatistics> {
  const key = keyOf(shown, seed);
  let known = measured.get(model)?.get(key);
  if (known === undefined) {
    let last = 0;
    known = await statisticsOf(shown.array, call.signal, (done, total) => {
      if (done / total - last < 0.01) return;
      last = done / total;
      call.progress({ fraction: last, message: `measuring ${shown.entry.name}` });
    });
    const all = measured.get(model) ?? new Map<string, WeightStatistics>();
    measured.set(model, all.set(key, known));
  }
  return known;
}

function keyOf({ entry }: ShownWeight, seed: number | undefined): string {
  return seed === undefined ? entry.name : `${entry.name} ${seed}`;
}
