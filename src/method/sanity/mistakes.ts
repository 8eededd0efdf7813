import type { FloatTensor } from '../../base/tensor.js';
import type { Preprocessing } from '../../input/settings.js';
import type { SettingsChange } from '../../result/settings.js';
import { signTest } from './accuracy.js';

/** A way of preparing pictures that somebody might have set. */
export interface Preparation {
  readonly title: string;
  /** Beside what is set; nothing for the model's own. */
  readonly change?: SettingsChange;
  /** The tensor is written in one order of axes and read in the other. */
  readonly misread?: true;
  /** The keys of the settings file that it changes. */
  readonly keys: readonly string[];
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * The usual ways of preparing pictures, those that are mistakes for most models among them, which differ from what is set.
 *
 * @param own mean and deviation of the pictures at hand, of each channel from 0 to 1
 */
export function preparations(
  plan: Preprocessing,
  own: { readonly mean: readonly number[]; readonly std: readonly number[] },
): readonly Preparation[] {
  const { color, resize, crop, size, channels } = plan;
  const three = channels.value === 3;
  const unit = { range: [0, 1] as const };
  const grey = ({ mean, std }: { readonly mean: readonly number[]; readonly std: readonly number[] }) =>
    three ? { mean, std } : { mean: [average(mean)], std: [average(std)] };
  const values = ['input.mean', 'input.std', 'input.range'];
  const [height, width] = size.value;
  const swapped = color.value === 'BGR' ? 'RGB' : 'BGR';
  // The usual share of the picture that a centre crop leaves: 224 of 256.
  const side = Math.round((Math.min(height, width) * 256) / 224);
  const all: readonly (Preparation | undefined)[] = [
    three && color.value !== 'gray'
      ? { title: `colours as ${swapped}`, change: { color: swapped }, keys: ['input.color'] }
      : undefined,
    { title: 'pixels from 0 to 1, not normalised', change: { ...unit, mean: [0], std: [1] }, keys: values },
    { title: 'pixels from 0 to 255', change: { range: [0, 255], mean: [0], std: [1] }, keys: values },
    { title: 'pixels from -1 to 1', change: { range: [-1, 1], mean: [0], std: [1] }, keys: values },
    { title: 'mean and std of ImageNet', change: { ...unit, ...grey(IMAGENET) }, keys: values },
    { title: 'mean and std of these pictures', change: { ...unit, ...grey(own) }, keys: values },
    resize.value.mode === 'none'
      ? undefined
      : resize.value.mode === 'exact'
        ? {
            title: 'short side resized, centre cropped',
            change: { resize: { mode: 'shortSide', size: side }, crop: 'center' },
            keys: ['input.resize', 'input.crop'],
          }
        : {
            title: 'squeezed, not cropped',
            change: { resize: { mode: 'exact', size: [height, width] }, crop: 'none' },
            keys: ['input.resize', 'input.crop'],
          },
    ...(['bilinear', 'nearest'] as const).map((interpolation) =>
      resize.value.mode === 'none' || resize.value.interpolation === interpolation
        ? undefined
        : {
            title: `resized by ${interpolation} interpolation`,
            change: { resize: { interpolation } },
            keys: ['input.resize'],
          },
    ),
    three ? { title: 'channels last read as channels first', misread: true, keys: ['input.layout'] } : undefined,
  ];
  void crop;
  return all.filter((each) => each !== undefined);
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** The values of `H, W, C` in the places of `C, H, W`: what a model gets whose tensor was not transposed. */
export function misread(tensor: FloatTensor, layout: 'NCHW' | 'NHWC', channels: number): FloatTensor {
  const { data, dims } = tensor;
  const plane = data.length / channels;
  const out = new Float32Array(data.length);
  for (let p = 0; p < plane; p++)
    for (let c = 0; c < channels; c++) {
      // The same numbers in the other order; that they are read in this one is the mistake.
      if (layout === 'NCHW') out[p * channels + c] = data[c * plane + p]!;
      else out[c * plane + p] = data[p * channels + c]!;
    }
  return { type: 'float32', dims, data: out };
}

/** How a preparation did on the pictures, beside the one that is set. */
export interface Prepared {
  readonly right: readonly boolean[];
  /** Mean probability of the class that is taken. */
  readonly confidence: number;
}

/** Chance of a difference like this, or a larger one, where the other is no better; over the pictures that tell them apart. */
export function betterByChance(own: readonly boolean[], other: readonly boolean[]): number {
  const wins = other.filter((right, i) => right && !own[i]).length;
  const losses = own.filter((right, i) => right && !other[i]).length;
  return signTest(wins, wins + losses);
}
