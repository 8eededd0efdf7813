import { LensError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { FloatTensor } from '../../base/tensor.js';
import type { Attribution } from '../../result/explanation.js';
import { hasChannels } from '../../result/heatmap.js';
import { toFloat32 } from '../../base/tensor.js';
import type { RoarParameters } from '../../result/roar.js';
import { normaliseInto, type Normalisation, type TrainingPictures } from '../../training/pictures.js';
import { gridOf } from '../fill.js';
import type { InputSpec } from '../subject/subject.js';
import { brightness, randomMap, sobel } from './baselines.js';
import { percentagesOf } from './road.js';
import { rankedPixels } from './order.js';

/**
 * Remove and retrain, Hooker, Erhan, Kindermans, Kim 2019 (arXiv:1806.10758): for every picture the values of which a method
 * says that they matter most are replaced by their channel's mean over the training pictures, of test pictures too, and a
 * network learns anew from what is left.
 *
 * Of every value of a picture `[height, width, channels]` its level says from which fraction on it is removed: the first of
 * the rising fractions, or as many as there are for never.
 */
export type Levels = Uint8Array;

export type Removal = Pick<RoarParameters, 'keep' | 'rank' | 'map'> & { readonly fractions: readonly number[] };

/** Most fractions that levels can tell apart. */
const MOST = 255;

export function removalOf({ fractions: text, keep, rank, map }: RoarParameters): Removal {
  const fractions = percentagesOf(text);
  if (fractions.length < MOST) return { fractions, keep, rank, map };
  throw new LensError(
    'usage',
    'roar/fractions',
    `${fractions.length} fractions are more than a picture has shades of.`,
    {
      hint: 'Five are usual: 10,30,50,70,90.',
    },
  );
}

/** The shape of a picture of bytes. */
export type Shape = Pick<TrainingPictures, 'height' | 'width' | 'channels'>;

/**
 * Levels of a picture from numbers that say how much its values matter.
 *
 * @param importance for each value `[height, width, channels]`, or for each pixel `[height, width]`
 * @param random orders equal numbers
 */
export function levelsOf(importance: ArrayLike<number>, shape: Shape, removal: Removal, random: Random): Levels {
  const pixels = shape.height * shape.width;
  const { channels } = shape;
  const each = importance.length === pixels ? 1 : channels;
  const joined = removal.rank === 'pixels' && each > 1 ? overPixels(importance, pixels, channels) : importance;
  const order = rankedPixels(joined, random);
  if (removal.keep) order.reverse();
  const spread = joined.length === pixels && channels > 1 ? channels : 1;
  const { fractions } = removal;
  const levels = new Uint8Array(pixels * channels).fill(fractions.length);
  let place = 0;
  for (const [level, fraction] of fractions.entries()) {
    for (const end = Math.round((order.length * fraction) / 100); place < end; place++)
      for (let c = 0; c < spread; c++) levels[order[place]! * spread + c] = level;
  }
  return levels;
}

function overPixels(importance: ArrayLike<number>, pixels: number, channels: number): Float64Array {
  return Float64Array.from({ length: pixels }, (_, p) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += importance[p * channels + c]!;
    return sum;
  });
}

/**
 * How much the values of a picture matter by a map of the model's input: the channels of the map stand for those of the
 * picture that they are made of. Maps of one value for each pixel are taken with their signs.
 */
export function importanceOf(
  attribution: Attribution,
  spec: InputSpec,
  { channels }: Shape,
  { source }: Pick<Normalisation, 'source'>,
  { map }: Pick<Removal, 'map'>,
): Float64Array {
  const values = toFloat32(attribution.values);
  const { height, width } = spec;
  const pixels = height * width;
  const expected = hasChannels(attribution) ? spec.channels * pixels : pixels;
  if (values.length !== expected)
    throw new LensError(
      'usage',
      'benchmark/map-size',
      `The map has ${values.length} values for ${height}×${width} pixels.`,
      {
        hint: 'Leave it enlarged to the picture (upsample).',
      },
    );
  if (!values.every(Number.isFinite))
    throw new LensError('runtime', 'benchmark/map', 'The map holds values that are not finite numbers.');
  if (!hasChannels(attribution)) return Float64Array.from(values);
  const out = new Float64Array(pixels * channels);
  const grid = gridOf(spec);
  for (let c = 0; c < spec.channels; c++)
    for (let p = 0; p < pixels; p++) {
      const v = values[grid.at(c, Math.floor(p / width), p % width)]!;
      out[p * channels + source[c]!]! += map === 'squared' ? v * v : v;
    }
  return out;
}

/** What says nothing of the model: random numbers, for each value or pixel, and edges, for each pixel. */
export function baselineImportance(
  baseline: 'random' | 'edges',
  bytes: Uint8Array,
  { height, width, channels }: Shape,
  { rank }: Pick<Removal, 'rank'>,
  random: Random,
): ArrayLike<number> {
  if (baseline === 'random') return randomMap(rank === 'pixels' ? height * width : bytes.length, random);
  const plane = channels === 3 ? brightness({ width, height, data: bytes }) : bytes;
  return sobel(plane, height, width);
}

/** Mean of each channel over all pictures, as bytes. */
export function channelMeans(pictures: TrainingPictures): Uint8Array {
  const { channels, height, width, count } = pictures;
  const sums = new Float64Array(channels);
  const bytes = new Uint8Array(height * width * channels);
  for (let i = 0; i < count; i++) {
    pictures.bytes(i, bytes);
    for (let k = 0; k < bytes.length; k++) sums[k % channels]! += bytes[k]!;
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / (count * height * width)));
}

/** The same pictures with what is removed up to a level replaced by the channel's mean. */
export function withRemoved(
  pictures: TrainingPictures,
  levels: readonly Levels[],
  level: number,
  means: Uint8Array,
): TrainingPictures {
  const { count, classes, height, width, channels } = pictures;
  return {
    count,
    classes,
    height,
    width,
    channels,
    label: (i) => pictures.label(i),
    bytes: (i, into) => {
      pictures.bytes(i, into);
      const of = levels[i]!;
      for (let k = 0; k < of.length; k++) if (of[k]! <= level) into[k] = means[k % channels]!;
    },
  };
}

/** A picture of bytes as the model gets it, batch 1. */
export function tensorOf(
  bytes: Uint8Array,
  shape: Shape,
  normalise: Normalisation,
  dims: readonly number[],
): FloatTensor {
  const data = new Float32Array(normalise.source.length * shape.height * shape.width);
  normaliseInto(bytes, shape, normalise, data, 0);
  return { type: 'float32', dims: [1, ...dims], data };
}
