import type { Crop, Rgb } from '../../base/picture.js';
import type { FloatTensor } from '../../base/tensor.js';
import { decodePicture } from '../../input/decode.js';
import { toTensor } from '../../input/preprocessing.js';
import type { Raster } from '../../input/resize.js';
import type { Preprocessing } from '../../input/settings.js';
import type { Doubt } from '../../result/doubt.js';
import { pictureDoubts } from './doubts.js';

/** A picture that was read as a plan says. */
export interface PreparedPicture {
  /** `[1, C, H, W]` or `[1, H, W, C]`. */
  readonly tensor: FloatTensor;
  /** As the model sees it, before normalisation. */
  readonly view: Rgb;
  readonly crop: Crop;
  /** What was done to the pixels of the file. */
  readonly notes: readonly string[];
  /** What is doubtful of this picture under this plan. */
  readonly doubts: readonly Doubt[];
}

/**
 * @param source a file, its bytes, or pixels
 * @throws LensError for what is no readable picture, or does not fit the plan
 */
export async function preparePicture(
  source: string | Uint8Array | Raster,
  plan: Preprocessing,
  signal: AbortSignal,
): Promise<PreparedPicture> {
  const decoded =
    typeof source === 'string' || source instanceof Uint8Array
      ? await decodePicture(source, { signal })
      : { ...source, notes: [] };
  return { ...toTensor(decoded, plan), notes: decoded.notes, doubts: pictureDoubts(decoded, plan) };
}
