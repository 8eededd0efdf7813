import { given } from '../../base/given.js';
import { floatTensor } from '../../base/tensor.js';
import { storedBytes } from '../../checkpoint/elements.js';
import { pageOf } from '../../method/weights/page.js';
import { cosineMatrix } from '../../numeric/pca.js';
import { tokenGrid } from '../../method/weights/tokenGrid.js';
import type { ShownWeight } from '../../method/weights/view.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { WeightsRequest } from '../../protocol/weights.js';
import type { LayerWeights } from '../../result/weights.js';
import { readBlock } from '../../session/weightArray.js';
import type { OpenModel } from '../model/open.js';
import { choose } from './chosen.js';
import { knownStatistics, measureWeight } from './statistics.js';

/** Weights up to this size are measured without being asked. */
const MEASURED_AT_ONCE = 64 << 20;
/** Position embeddings of up to this many tokens get their similarities. */
const MOST_TOKENS = 2048;

/** A page of a layer's weights, and what is known of them. */
export async function layerWeights(
  model: OpenModel,
  request: WeightsRequest,
  call: Call<WorkProgress>,
): Promise<LayerWeights> {
  const { layer, all, shown } = await choose(model, request, call.signal);
  const sorted = request.page?.sort === 'norm';
  const measured = sorted || storedBytes(shown.array.stored) <= MEASURED_AT_ONCE;
  const statistics = measured
    ? await measureWeight(model, shown, call, request.random)
    : knownStatistics(model, shown, request.random);
  const order = sorted && statistics !== undefined ? byNorm(statistics.filterNorms) : undefined;
  const page = await pageOf(shown, request.page, order, call.signal);
  const notes: string[] = [];
  const { view } = shown.entry;
  const similarity = view === 'position' ? await positions(shown, notes, call.signal) : undefined;
  const color = model.resolved.preprocessing?.color.value;
  return {
    layer: layer.name,
    op: layer.op,
    weights: all.map((w) => w.entry),
    shown: shown.entry,
    page,
    ...given({ statistics, similarity }),
    ...(view === 'rgb' ? { channelOrder: color === 'BGR' ? 'BGR' : 'RGB' } : {}),
    notes,
  };
}

/** Filters by their norm, the greatest first. */
function byNorm(norms: Float32Array): Uint32Array {
  // A filter with NaN has no norm to speak of and comes first, where it is seen.
  const rank = (i: number): number => (Number.isNaN(norms[i]!) ? Infinity : norms[i]!);
  return Uint32Array.from(norms.keys()).sort((a, b) => rank(b) - rank(a) || a - b);
}

/** How like each position is to every other one. */
async function positions(
  shown: ShownWeight,
  notes: string[],
  signal: AbortSignal,
): Promise<LayerWeights['similarity'] | undefined> {
  const [tokens = 0] = shown.entry.shape;
  if (tokens > MOST_TOKENS) {
    notes.push(`The similarity of ${tokens} positions is not computed; ${MOST_TOKENS} are the most.`);
    return undefined;
  }
  const rows = floatTensor(shown.entry.shape, await readBlock(shown.array, [0, 0], shown.entry.shape, signal));
  return { values: cosineMatrix(rows), ...tokenGrid(tokens) };
}
