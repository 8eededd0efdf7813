import { colourMatrix, decorrelated } from './colours.js';
import { decayOf, halfOf, transform, type SpectrumSize } from './graph/fourier.js';

/** What pictures of a folder have in common, for pictures that are to look like them. Planes are colours from 0 to 1. */
export interface FolderStatistics {
  readonly pictures: number;
  /** Mean of each plane along the pictures' borders: what their background is. */
  readonly background: readonly number[];
  /** Mean logit of each plane. */
  readonly mean: readonly number[];
  /** `[C, C]`: independent directions of colour. */
  readonly colours: readonly number[];
}

/** What a spectrum is made to have; see {@link ImageOptions}. */
export interface SpectrumStatistics {
  /** `[C, H, ⌊W/2⌋ + 1]` */
  readonly magnitude: Float32Array;
  readonly spread: number;
}

/** As near to 0 and 1 as a logit is taken. */
const EDGE = 1e-3;

export function logit(v: number): number {
  const p = Math.min(1 - EDGE, Math.max(EDGE, v));
  return Math.log(p / (1 - p));
}

/** @param pictures `[C, H, W]` each, of one size */
export function statisticsOf(
  pictures: readonly Float32Array[],
  channels: number,
  { height, width }: SpectrumSize,
): FolderStatistics {
  const area = height * width;
  const border = new Float64Array(channels);
  const sums = new Float64Array(channels);
  const colours = new Float64Array(channels);
  const products = new Float64Array(channels * channels);
  for (const planes of pictures) {
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < area; i++) {
        const v = planes[c * area + i]!;
        colours[c]! += v;
        sums[c]! += logit(v);
        for (let d = 0; d < channels; d++) products[c * channels + d]! += v * planes[d * area + i]!;
        const [y, x] = [Math.floor(i / width), i % width];
        if (y === 0 || x === 0 || y === height - 1 || x === width - 1) border[c]! += v;
      }
    }
  }
  const n = pictures.length * area;
  const edge = pictures.length * Math.max(1, 2 * (height + width) - 4);
  const covariance = products.map((p, i) => {
    const [c, d] = [Math.floor(i / channels), i % channels];
    return p / n - (colours[c]! / n) * (colours[d]! / n);
  });
  return {
    pictures: pictures.length,
    background: Array.from(border, (v) => v / edge),
    mean: Array.from(sums, (v) => v / n),
    colours: colourMatrix(covariance, channels),
  };
}

/** The mean magnitude of the spectra of pictures, as logits in independent directions of colour, and their deviation. */
export function spectrumOf(
  pictures: readonly Float32Array[],
  channels: number,
  size: SpectrumSize,
  colours: readonly number[] | undefined,
): SpectrumStatistics {
  const half = halfOf(size.width);
  const plane = size.height * half;
  const magnitude = new Float64Array(channels * plane);
  let spread = 0;
  for (const picture of pictures) {
    const logits = Float64Array.from(picture, logit);
    const apart = colours === undefined ? logits : decorrelated(colours, logits, channels);
    const mean = apart.reduce((a, b) => a + b, 0) / apart.length;
    spread += Math.sqrt(apart.reduce((a, b) => a + (b - mean) ** 2, 0) / apart.length) / pictures.length;
    const spectrum = transform(apart, channels, size);
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < plane; i++)
        magnitude[c * plane + i]! +=
          Math.hypot(spectrum[2 * c * plane + i]!, spectrum[(2 * c + 1) * plane + i]!) / pictures.length;
  }
  return { magnitude: Float32Array.from(magnitude), spread };
}

/** What natural pictures have on the whole: magnitudes that fall as 1/f, as strong in every direction of colour. */
export function naturalSpectrum(channels: number, size: SpectrumSize): SpectrumStatistics {
  const one = decayOf(size, 1);
  return {
    magnitude: Float32Array.from({ length: channels * one.length }, (_, i) => one[i % one.length]!),
    spread: NATURAL_SPREAD,
  };
}

/** Standard deviation of the logits of photographs in independent directions of colour, roughly. */
const NATURAL_SPREAD = 1.5;
