import type { FloatTensor } from '../../base/tensor.js';
import { concatBatches } from '../../session/batches.js';
import { cosine } from '../../numeric/cosine.js';
import type { NaturalLayer } from '../../result/reconstruction.js';
import { featureMapOf } from '../subject/featureMap.js';
import type { ModelSubject } from '../subject/modelSubject.js';

/**
 * The way that a picture takes through a model, beside that of natural pictures of its class (Geirhos et al. 2024, Don't
 * trust your eyes, arXiv:2306.04719): of each layer, how like the activations of the class those of the picture are. They are
 * averaged over places, counted in standard deviations of all natural pictures, and compared by their angle to the mean of
 * the class; 1 is as like as pictures of the class are in the mean, 0 as pictures of other classes are.
 */

/** Below this, a layer does not tell the class from others: what it says would be noise, enlarged. */
const LEAST_GAP = 0.1;
/** Fewer pictures of a class have no band. */
export const LEAST_PICTURES = 10;

/** Values of a model that a way leads through, by the layers that they come out of. */
export interface Site {
  readonly layer: string;
  readonly value: string;
}

/** Layers with channels, or vectors; each value once. */
export function sitesOf(subject: ModelSubject): readonly Site[] {
  const seen = new Set<string>();
  return subject.layers.flatMap(({ name, output: value }) => {
    const fact = subject.facts.get(value);
    if (fact === undefined || seen.has(value) || !fact.type.startsWith('float')) return [];
    const map = featureMapOf(subject, value);
    const vector =
      fact.base.length === 2 && (subject.facts.dynamicBatch ? fact.slope[0] === 1 && fact.base[0] === 0 : true);
    if (map === undefined && !vector) return [];
    seen.add(value);
    return [{ layer: name, value }];
  });
}

/** Activations of pictures, each averaged over places: for each site, one row for each picture. */
export async function pooled(
  subject: ModelSubject,
  sites: readonly Site[],
  batch: FloatTensor,
  signal: AbortSignal,
): Promise<readonly (readonly Float64Array[])[]> {
  const n = batch.dims[0]!;
  const values = await subject.values(
    batch,
    sites.map((s) => s.value),
    signal,
  );
  return sites.map(({ value }) => {
    const { data } = values.get(value)!;
    const size = data.length / n;
    const map = featureMapOf(subject, value);
    return Array.from({ length: n }, (_, k) => {
      const sample = data.subarray(k * size, (k + 1) * size);
      if (map === undefined) return Float64Array.from(sample);
      const out = new Float64Array(map.channels);
      for (let c = 0; c < map.channels; c++) {
        for (let y = 0; y < map.height; y++) for (let x = 0; x < map.width; x++) out[c]! += sample[map.at(c, y, x)]!;
        out[c]! /= map.height * map.width;
      }
      return out;
    });
  });
}

/** {@link pooled} of many pictures, in pieces. */
export async function pooledAll(
  subject: ModelSubject,
  sites: readonly Site[],
  pictures: readonly FloatTensor[],
  { signal, done }: { readonly signal: AbortSignal; done(count: number): void },
): Promise<readonly (readonly Float64Array[])[]> {
  const rows: Float64Array[][] = sites.map(() => []);
  for (let from = 0; from < pictures.length; from += PIECE) {
    const part = pictures.slice(from, from + PIECE);
    const found = await pooled(subject, sites, concatBatches(part), signal);
    found.forEach((some, i) => rows[i]!.push(...some));
    done(Math.min(pictures.length, from + PIECE));
  }
  return rows;
}

const PIECE = 16;

/**
 * The way of one picture.
 *
 * @param natural for each site, a row for each natural picture
 * @param classOf the class of each natural picture
 * @param row for each site, that of the picture
 */
export function naturalPath(
  sites: readonly Site[],
  { natural, classOf }: { readonly natural: readonly (readonly Float64Array[])[]; readonly classOf: readonly number[] },
  row: readonly Float64Array[],
  { own, other }: { readonly own: number; readonly other: number },
): readonly NaturalLayer[] {
  return sites.map(({ layer }, i): NaturalLayer => {
    const standard = standardiser(natural[i]!);
    const rows = natural[i]!.map(standard);
    const picture = standard(row[i]!);
    const scale = scaleOf(rows, classOf, own);
    if (scale === undefined) return { layer };
    const others = scaleOf(rows, classOf, other);
    return {
      layer,
      value: scale.of(picture),
      low: quantile(scale.own, 0.1),
      high: quantile(scale.own, 0.9),
      ...(others === undefined ? {} : { other: others.of(picture) }),
    };
  });
}

interface Scale {
  of(row: Float64Array): number;
  /** Of the natural pictures of the class, each without itself in the mean. */
  readonly own: Float32Array;
}

/** Where a layer tells a class from others: how like it a row is. */
function scaleOf(rows: readonly Float64Array[], classOf: readonly number[], wanted: number): Scale | undefined {
  const mine = rows.filter((_, i) => classOf[i] === wanted);
  const rest = rows.filter((_, i) => classOf[i] !== wanted);
  if (mine.length < 2 || rest.length === 0) return undefined;
  const total = sum(mine);
  const mean = total.map((v) => v / mine.length);
  // A picture is not compared with a mean that it is a part of.
  const like = mine.map((row) =>
    cosine(
      row,
      total.map((v, j) => (v - row[j]!) / (mine.length - 1)),
    ),
  );
  const unlike = rest.map((row) => cosine(row, mean));
  const [top, base] = [average(like), average(unlike)];
  if (!(top - base >= LEAST_GAP)) return undefined;
  const scaled = (v: number): number => (v - base) / (top - base);
  return { of: (row) => scaled(cosine(row, mean)), own: Float32Array.from(like, scaled) };
}

/** From activations to standard deviations of the natural pictures; what never varies says nothing. */
function standardiser(rows: readonly Float64Array[]): (row: Float64Array) => Float64Array {
  const mean = sum(rows).map((v) => v / rows.length);
  const variance = new Float64Array(mean.length);
  for (const row of rows) for (let j = 0; j < mean.length; j++) variance[j]! += (row[j]! - mean[j]!) ** 2 / rows.length;
  return (row) => row.map((v, j) => (variance[j]! > 1e-20 ? (v - mean[j]!) / Math.sqrt(variance[j]!) : 0));
}

function sum(rows: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) for (let j = 0; j < out.length; j++) out[j]! += row[j]!;
  return out;
}

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Linear between ranks, as NumPy has it. */
function quantile(values: Float32Array, share: number): number {
  const sorted = values.slice().sort();
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (at - below) * ((sorted[below + 1] ?? low) - low);
}
