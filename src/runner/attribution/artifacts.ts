import { encodePng } from '../../input/encode.js';
import { colormap } from '../../result/colormap.js';
import type { Explanation } from '../../result/explanation.js';
import { hasChannels, normalise, overlay, reduce } from '../../result/heatmap.js';
import type { Rgb } from '../../base/picture.js';

/** Pictures of small models are enlarged by a whole factor until their short side has this many pixels. */
const SMALLEST_SIDE = 224;

/** Nor is the long side of a narrow one made longer than this: a vector is one row. */
const LARGEST_SIDE = 2048;

/**
 * An explanation as a PNG: heat over the picture as the model sees it. Values per channel are shown by their magnitude
 * (L1, magma), signed values per pixel by a diverging map (red argues for the target). The 99.5th percentile is full heat.
 */
export async function overlayPng(explanation: Explanation): Promise<Uint8Array> {
  const { attribution } = explanation;
  const channels = hasChannels(attribution);
  const diverging = !channels && attribution.signed;
  const map = normalise(reduce(attribution, channels ? 'l1' : 'sum'));
  const picture = enlarge(explanation.picture);
  const { data, width, height } = overlay(
    picture,
    map,
    colormap(diverging ? 'RdBu' : 'magma'),
    diverging ? 0.85 : 0.65,
  );
  return encodePng(data, width, height);
}

function enlarge(picture: Rgb): Rgb {
  const { width: w, height: h } = picture;
  const factor = Math.min(
    Math.ceil(SMALLEST_SIDE / Math.min(w, h)),
    Math.max(1, Math.floor(LARGEST_SIDE / Math.max(w, h))),
  );
  if (factor <= 1) return picture;
  const width = picture.width * factor;
  const height = picture.height * factor;
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 3 * (Math.floor(y / factor) * picture.width + Math.floor(x / factor));
      data.set(picture.data.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return { width, height, data };
}
