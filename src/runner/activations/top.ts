import { concatenated } from '../../base/tensor.js';
import path from 'node:path';
import { isCancelled, LensError, throwIfCancelled, toErrorData } from '../../base/errors.js';
import { Newest } from '../../base/newest.js';
import { cutPicture, fieldBox, inOriginal } from '../../method/activations/field.js';
import { mapOf, type MapLayout } from '../../method/activations/layout.js';
import type { Call } from '../../protocol/channel.js';
import type { TopPicturesRequest, TopProgress } from '../../protocol/activations.js';
import type { TopPicture, TopPictures } from '../../result/activations.js';
import { concatBatches } from '../../session/batches.js';
import { stampOf } from '../../input/files.js';
import { expandInputs, type PendingInput } from '../input/inputs.js';
import type { OpenModel } from '../model/open.js';
import { siteOf, type Site } from './site.js';

/** What every channel of a layer did on every picture of a folder. */
interface Maxima {
  readonly inputs: readonly PendingInput[];
  /** `[pictures, channels]`: the greatest activation and the index in the map where it is. */
  readonly values: Float32Array;
  readonly places: Int32Array;
  /** `[pictures, channels]` */
  readonly means: Float32Array;
  /** Channels that were above zero, or that changed, on some picture. */
  readonly alive: Uint8Array;
  readonly failed: TopPictures['failed'];
  /** Pictures done; all when the work is over. */
  done: number;
}

/** The most layers and folders whose maxima are kept for one model. */
const MOST_KEPT = 8;
const kept = new WeakMap<OpenModel, Newest<string, Maxima>>();
const REPORT_MS = 500;

/** The pictures that excite one channel most; those of the layer's other channels are then known too. */
export async function topPicturesOf(
  model: OpenModel,
  request: TopPicturesRequest,
  call: Call<TopProgress>,
): Promise<TopPictures> {
  call.progress({ message: 'opening the model' });
  const site = await siteOf(model, request.layer);
  const { channel } = request;
  if (!Number.isInteger(channel) || channel < 0 || channel >= site.layout.channels) {
    throw new LensError(
      'usage',
      'activations/channel',
      `The layer "${site.layer.name}" has no channel ${channel}; it has ${site.layout.channels}.`,
    );
  }
  const maxima = await maximaOf(model, site, request, call);
  return answer(site, maxima, request, call.signal);
}

async function maximaOf(
  model: OpenModel,
  site: Site,
  request: TopPicturesRequest,
  call: Call<TopProgress>,
): Promise<Maxima> {
  const { signal } = call;
  const expanded = await expandInputs(model, request.inputs, signal);
  const pending = expanded.filter((input): input is PendingInput => 'load' in input);
  const stamps = await Promise.all(
    [...new Set(pending.map((p) => p.file))].map(async (f) => `${f} ${await stampOf(f)}`),
  );
  const key = JSON.stringify([site.layer.output, stamps]);
  const memory = kept.get(model) ?? new Newest<string, Maxima>(MOST_KEPT);
  kept.set(model, memory);
  const known = memory.get(key);
  if (known !== undefined) return known;
  const failed = expanded.flatMap((e) => ('error' in e ? [{ input: e.name, error: e.error }] : []));
  const maxima = await collect(site, pending, failed, request, call);
  memory.set(key, maxima);
  return maxima;
}

async function collect(
  site: Site,
  pending: readonly PendingInput[],
  failedBefore: TopPictures['failed'],
  request: TopPicturesRequest,
  call: Call<TopProgress>,
): Promise<Maxima> {
  const { subject, layer, layout } = site;
  const { channels } = layout;
  const { signal } = call;
  const failed = [...failedBefore];
  const inputs: PendingInput[] = [];
  const values: Float32Array[] = [];
  const places: Int32Array[] = [];
  const means: Float32Array[] = [];
  const alive = new Uint8Array(channels);
  const first = new Float32Array(channels);
  const step = subject.batchSize('forward');
  let reported = performance.now();
  for (let from = 0; from < pending.length; from += step) {
    throwIfCancelled(signal);
    const part = pending.slice(from, from + step);
    const loaded = await Promise.all(
      part.map(async (input) => {
        try {
          return { input, tensor: (await input.load(signal)).tensor };
        } catch (error) {
          if (isCancelled(error)) throw error;
          failed.push({ input: input.name, error: toErrorData(error) });
          return undefined;
        }
      }),
    );
    const good = loaded.filter((l) => l !== undefined);
    if (good.length > 0) {
      const batch = concatBatches(good.map((g) => g.tensor));
      const out = await site.read(batch, signal);
      const size = out.data.length / good.length;
      good.forEach(({ input }, k) => {
        const found = peaks(layout, out.data.subarray(k * size, (k + 1) * size), alive, first, inputs.length === 0);
        inputs.push(input);
        values.push(found.values);
        places.push(found.places);
        means.push(found.means);
      });
    }
    const done = Math.min(pending.length, from + step);
    const message = `${layer.name}: ${done} of ${pending.length} pictures`;
    const progress = { fraction: done / pending.length, message };
    if (performance.now() - reported > REPORT_MS && done < pending.length) {
      const sofar = {
        inputs,
        values: concatenated(values),
        places: joinedPlaces(places),
        means: concatenated(means),
        alive,
        failed,
      };
      call.progress({ ...progress, top: await answer(site, { ...sofar, done }, request, signal) });
      reported = performance.now();
    } else call.progress(progress);
  }
  const all = {
    inputs,
    values: concatenated(values),
    places: joinedPlaces(places),
    means: concatenated(means),
    alive,
    failed,
  };
  return { ...all, done: inputs.length };
}

/** Greatest value, its place, and the mean of every channel. A channel that is the same everywhere on every picture stays dead. */
function peaks(
  layout: MapLayout,
  sample: Float32Array,
  alive: Uint8Array,
  first: Float32Array,
  isFirst: boolean,
): { values: Float32Array; places: Int32Array; means: Float32Array } {
  const { channels, height, width } = layout;
  const area = height * width;
  const values = new Float32Array(channels);
  const places = new Int32Array(channels);
  const means = new Float32Array(channels);
  const map = new Float32Array(area);
  for (let c = 0; c < channels; c++) {
    mapOf(layout, sample, c, map);
    let [best, at, sum] = [-Infinity, 0, 0];
    if (isFirst) first[c] = map[0]!;
    for (let i = 0; i < area; i++) {
      const v = map[i]!;
      if (v > best) [best, at] = [v, i];
      if (v !== first[c]) alive[c] = 1;
      sum += v;
    }
    values[c] = best;
    places[c] = at;
    means[c] = sum / area;
  }
  return { values, places, means };
}

function joinedPlaces(parts: readonly Int32Array[]): Int32Array {
  const out = new Int32Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

async function answer(
  site: Site,
  maxima: Maxima,
  request: TopPicturesRequest,
  signal: AbortSignal,
): Promise<TopPictures> {
  const { layout, field, subject, layer } = site;
  const { channels } = layout;
  const { channel } = request;
  const { inputs, values, places, means, alive, failed } = maxima;
  const n = inputs.length;
  const own = Float32Array.from({ length: n }, (_, k) => values[k * channels + channel]!);
  const order = [...own.keys()].sort((a, b) => own[b]! - own[a]! || a - b).slice(0, request.count ?? 9);
  const pictures: TopPicture[] = [];
  for (const k of order) {
    throwIfCancelled(signal);
    const input = inputs[k]!;
    const { picture, crop } = await input.load(signal);
    const place = places[k * channels + channel]!;
    const at = [Math.floor(place / layout.width), place % layout.width] as const;
    const box = fieldBox(field, ...at, subject.input);
    pictures.push({
      input: input.name,
      value: own[k]!,
      at,
      field: box,
      patch: cutPicture(picture, box),
      ...(crop === undefined ? {} : { original: inOriginal(box, crop, subject.input) }),
      ...(input.className === undefined ? {} : { label: path.basename(input.className) }),
    });
  }
  const maximum = new Float32Array(channels).fill(-Infinity);
  let mean = 0;
  for (let k = 0; k < n; k++) {
    mean += means[k * channels + channel]! / n;
    for (let c = 0; c < channels; c++) maximum[c] = Math.max(maximum[c]!, values[k * channels + c]!);
  }
  return {
    layer: layer.name,
    channel,
    channels,
    pictures,
    mean,
    max: n === 0 ? 0 : maximum[channel]!,
    seen: n,
    failed,
    dead: Int32Array.from([...alive.keys()].filter((c) => n > 0 && alive[c] === 0)),
    maxima: maximum,
    ...(layout.layout === 'vector' ? {} : { receptiveField: field }),
    notes: site.notes,
  };
}
