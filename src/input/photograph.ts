import type { Crop, Rgb } from '../base/picture.js';
import { place } from './geometry.js';
import { resize, type Raster } from './resize.js';

/** Colour of what lies beside the picture, where the model sees more than there is. */
const BESIDE = [114, 114, 114] as const;

/**
 * The part of a picture that a model sees, as fine as the picture is.
 *
 * @param most length of its longer side, in pixels; finer pictures are averaged
 */
export function photographOf(picture: Raster & { readonly channels: 3 }, crop: Crop, most: number): Rgb {
  const scale = Math.min(1, most / Math.max(crop.width, crop.height));
  const size = (length: number): number => Math.max(1, Math.round(length * scale));
  const scaled = scale === 1 ? picture : resize(picture, size(picture.height), size(picture.width), 'bilinear');
  const { width, height, data } = place(
    scaled,
    Math.round(crop.left * scale),
    Math.round(crop.top * scale),
    size(crop.height),
    size(crop.width),
    BESIDE,
  );
  return { width, height, data };
}
