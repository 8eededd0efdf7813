import { IMAGENET_MEAN, IMAGENET_STD } from '../../input/conventions/imagenet.js';
import {
  CAFFE_MEAN,
  CIFAR10_MEAN,
  CIFAR10_STD,
  CLIP_MEAN,
  CLIP_STD,
  MNIST_MEAN,
  MNIST_STD,
} from '../../input/presets.js';
import type { PixelSettings, SettingsPartId } from '../../result/settings.js';

/** The readings of pixels that are common enough to be tried. */

export interface Candidate {
  readonly title: string;
  readonly settings: PixelSettings;
  /** What it says of each part; candidates with equal words are one answer to that part. */
  readonly parts: Readonly<Record<SettingsPartId, string>>;
  /** How uncommon it is: steps away from what most models are trained with. */
  readonly oddness: number;
}

interface Scaling {
  readonly title: string;
  readonly scale: string;
  readonly centring: string;
  readonly range: readonly [number, number];
  /** Red, green, blue, or one number. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly oddness: number;
}

const BYTES = 'pixels 0…255';
const UNIT = 'pixels 0…1';
const DOUBLE = 'pixels −1…1';
const DEVIATIONS = 'divided by a standard deviation';
const NONE = 'without centring';
const CENTRED = 'centred around 0';

const COLOUR: readonly Scaling[] = [
  {
    title: 'ImageNet mean and standard deviation',
    scale: DEVIATIONS,
    centring: CENTRED,
    range: [0, 1],
    mean: IMAGENET_MEAN,
    std: IMAGENET_STD,
    oddness: 0,
  },
  { title: '0…1', scale: UNIT, centring: NONE, range: [0, 1], oddness: 0 },
  { title: '−1…1', scale: DOUBLE, centring: CENTRED, range: [-1, 1], oddness: 0 },
  { title: '0…255', scale: BYTES, centring: NONE, range: [0, 255], oddness: 0 },
  {
    title: '0…255 minus ImageNet mean',
    scale: BYTES,
    centring: CENTRED,
    range: [0, 255],
    mean: CAFFE_MEAN,
    oddness: 0,
  },
  { title: '0…255 minus 128', scale: BYTES, centring: CENTRED, range: [0, 255], mean: [128], oddness: 1 },
  {
    title: '0…255 minus ImageNet mean in the other order',
    scale: BYTES,
    centring: CENTRED,
    range: [0, 255],
    mean: [...CAFFE_MEAN].reverse(),
    oddness: 2,
  },
  { title: '0…1 minus 0.5', scale: UNIT, centring: CENTRED, range: [0, 1], mean: [0.5], oddness: 1 },
  { title: '0…1 minus ImageNet mean', scale: UNIT, centring: CENTRED, range: [0, 1], mean: IMAGENET_MEAN, oddness: 1 },
  {
    title: 'ImageNet in one number',
    scale: DEVIATIONS,
    centring: CENTRED,
    range: [0, 1],
    mean: [0.449],
    std: [0.226],
    oddness: 1,
  },
  {
    title: 'CIFAR-10 mean and standard deviation',
    scale: DEVIATIONS,
    centring: CENTRED,
    range: [0, 1],
    mean: CIFAR10_MEAN,
    std: CIFAR10_STD,
    oddness: 1,
  },
  {
    title: 'CLIP mean and standard deviation',
    scale: DEVIATIONS,
    centring: CENTRED,
    range: [0, 1],
    mean: CLIP_MEAN,
    std: CLIP_STD,
    oddness: 1,
  },
];

const GREY: readonly Scaling[] = [
  { title: '0…1', scale: UNIT, centring: NONE, range: [0, 1], oddness: 0 },
  { title: '0…255', scale: BYTES, centring: NONE, range: [0, 255], oddness: 0 },
  { title: '−1…1', scale: DOUBLE, centring: CENTRED, range: [-1, 1], oddness: 0 },
  {
    title: 'MNIST mean and standard deviation',
    scale: DEVIATIONS,
    centring: CENTRED,
    range: [0, 1],
    mean: MNIST_MEAN,
    std: MNIST_STD,
    oddness: 0,
  },
  { title: '0…255 minus 128', scale: BYTES, centring: CENTRED, range: [0, 255], mean: [128], oddness: 1 },
  { title: '0…1 minus 0.5', scale: UNIT, centring: CENTRED, range: [0, 1], mean: [0.5], oddness: 1 },
  {
    title: 'ImageNet in one number',
    scale: DEVIATIONS,
    centring: CENTRED,
    range: [0, 1],
    mean: [0.449],
    std: [0.226],
    oddness: 1,
  },
];

/** Every reading that is tried for a model of so many channels. */
export function candidatesFor(channels: number): readonly Candidate[] {
  return channels === 1
    ? [...GREY.map((scaling) => greyOf(scaling, false)), ...GREY.map((scaling) => greyOf(scaling, true))]
    : [...COLOUR.map((scaling) => colourOf(scaling, 'RGB')), ...COLOUR.map((scaling) => colourOf(scaling, 'BGR'))];
}

function colourOf(scaling: Scaling, color: 'RGB' | 'BGR'): Candidate {
  const { title, scale, centring, range, mean = [0], std = [1], oddness } = scaling;
  const ordered = (values: readonly number[]): readonly number[] => {
    const three = values.length === 1 ? [values[0]!, values[0]!, values[0]!] : values;
    return color === 'BGR' ? [...three].reverse() : three;
  };
  // Caffe's models are BGR more often than not.
  const usual = mean === CAFFE_MEAN || color === 'RGB';
  return {
    title: `${color}, ${title}`,
    settings: { color, range, mean: ordered(mean), std: ordered(std) },
    parts: { scale, centring, order: color },
    oddness: oddness + (usual ? 0 : 1),
  };
}

/** White and black change places where `x` becomes `low + high − x` before anything else: a negative deviation says that. */
function greyOf(scaling: Scaling, inverted: boolean): Candidate {
  const { title, scale, centring, range, mean = [0], std = [1], oddness } = scaling;
  const [m, s] = [mean[0]!, std[0]!];
  return {
    title: inverted ? `inverted, ${title}` : title,
    settings: {
      color: 'gray',
      range,
      mean: [inverted ? range[0] + range[1] - m : m],
      std: [inverted ? -s : s],
    },
    parts: { scale, centring, order: inverted ? 'black and white exchanged' : 'grey as it is' },
    oddness: oddness + (inverted ? 1 : 0),
  };
}

/** Multiplier and offset of 8-bit pixels in each channel of the tensor, and the source channel of each. */
export function affineOf({ color, range, mean, std }: PixelSettings): {
  readonly scale: readonly number[];
  readonly shift: readonly number[];
  readonly source: readonly number[];
} {
  const [low, high] = range;
  return {
    scale: std.map((s) => (high - low) / 255 / s),
    shift: std.map((s, c) => (low - mean[c]!) / s),
    source: color === 'BGR' ? [2, 1, 0] : std.map((_, c) => c),
  };
}
