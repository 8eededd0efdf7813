import type { Random } from '../base/random.js';
import type { TrainingRecipe } from '../result/training.js';
import type { TrainingPictures } from './pictures.js';

type Size = Pick<TrainingPictures, 'height' | 'width' | 'channels'>;

/** What happens to a picture in one epoch. */
export interface Augmentation {
  readonly flip: boolean;
  /** The part that is seen, in pixels of the picture; it may reach beyond it. */
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  /** Factors; 1 changes nothing. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
}

/** Nothing; of which part, the caller says. */
export const STILL = { flip: false, top: 0, left: 0, brightness: 1, contrast: 1, saturation: 1 } as const;

/** Aspect of a random part, as torchvision's RandomResizedCrop has it. */
const ASPECT = Math.log(4 / 3);

/** Draws what happens to a picture. All numbers are drawn whatever is switched on, so that a switch changes nothing else. */
export function drawn(
  random: Random,
  { flip, crop, translate, jitter }: Pick<TrainingRecipe, 'flip' | 'crop' | 'translate' | 'jitter'>,
  { height, width }: Size,
): Augmentation {
  const mirrored = random.uniform() < 0.5;
  const [area, aspect, y, x, down, right] = Array.from({ length: 6 }, () => random.uniform()) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const share = crop + (1 - crop) * area;
  // A part of the whole area has the picture's own aspect.
  const ratio = crop === 1 ? 1 : Math.exp(ASPECT * (2 * aspect - 1));
  const h = Math.min(height, height * Math.sqrt(share / ratio));
  const w = Math.min(width, width * Math.sqrt(share * ratio));
  const shift = (side: number, uniform: number): number => Math.round(side * translate * (2 * uniform - 1));
  const factor = (): number => 1 + jitter * (2 * random.uniform() - 1);
  return {
    flip: flip && mirrored,
    top: (height - h) * y + shift(height, down),
    left: (width - w) * x + shift(width, right),
    height: h,
    width: w,
    brightness: factor(),
    contrast: factor(),
    saturation: factor(),
  };
}

/** The picture so changed, again of its size. Where the part reaches beyond the picture its border goes on. */
export function augmented(
  bytes: Uint8Array,
  size: Size,
  change: Augmentation,
  into: Uint8Array = new Uint8Array(bytes.length),
): Uint8Array {
  if (change.height === size.height && change.width === size.width && Number.isInteger(change.top + change.left))
    moved(bytes, size, change, into);
  else resampled(bytes, size, change, into);
  recoloured(into, size.channels, change);
  return into;
}

const within = (v: number, end: number): number => (v < 0 ? 0 : v >= end ? end - 1 : v);

/** Whole pixels are copied as they are. */
function moved(bytes: Uint8Array, size: Size, { top, left, flip }: Augmentation, into: Uint8Array): void {
  const { height, width, channels } = size;
  for (let y = 0, o = 0; y < height; y++) {
    const row = within(y + top, height) * width;
    for (let x = 0; x < width; x++) {
      let i = (row + within((flip ? width - 1 - x : x) + left, width)) * channels;
      for (let c = 0; c < channels; c++) into[o++] = bytes[i++]!;
    }
  }
}

/** Bilinear, with the centres of pixels at halves. */
function resampled(bytes: Uint8Array, size: Size, change: Augmentation, into: Uint8Array): void {
  const { height, width, channels } = size;
  for (let y = 0, o = 0; y < height; y++) {
    const sy = change.top + ((y + 0.5) * change.height) / height - 0.5;
    const y0 = Math.floor(sy);
    const fy = sy - y0;
    const [above, below] = [within(y0, height) * width, within(y0 + 1, height) * width];
    for (let x = 0; x < width; x++) {
      const at = change.flip ? width - 1 - x : x;
      const sx = change.left + ((at + 0.5) * change.width) / width - 0.5;
      const x0 = Math.floor(sx);
      const fx = sx - x0;
      const [l, r] = [within(x0, width), within(x0 + 1, width)];
      for (let c = 0; c < channels; c++) {
        const a = bytes[(above + l) * channels + c]! * (1 - fx) + bytes[(above + r) * channels + c]! * fx;
        const b = bytes[(below + l) * channels + c]! * (1 - fx) + bytes[(below + r) * channels + c]! * fx;
        into[o++] = Math.round(a * (1 - fy) + b * fy);
      }
    }
  }
}

/** Luma of ITU-R BT.601, as Pillow turns colours to grey. */
const LUMA = [0.299, 0.587, 0.114] as const;

function luma(bytes: Uint8Array, i: number, channels: number): number {
  if (channels === 1) return bytes[i]!;
  return LUMA[0] * bytes[i]! + LUMA[1] * bytes[i + 1]! + LUMA[2] * bytes[i + 2]!;
}

/** Saturation around a pixel's grey, contrast around the picture's mean grey, then brightness. */
function recoloured(bytes: Uint8Array, channels: number, { brightness, contrast, saturation }: Augmentation): void {
  if (brightness === 1 && contrast === 1 && saturation === 1) return;
  let mean = 0;
  for (let i = 0; i < bytes.length; i += channels) mean += luma(bytes, i, channels);
  mean /= bytes.length / channels;
  for (let i = 0; i < bytes.length; i += channels) {
    const grey = luma(bytes, i, channels);
    for (let c = 0; c < channels; c++) {
      const saturated = grey + saturation * (bytes[i + c]! - grey);
      const v = Math.round(brightness * (mean + contrast * (saturated - mean)));
      bytes[i + c] = v < 0 ? 0 : v > 255 ? 255 : v;
    }
  }
}
