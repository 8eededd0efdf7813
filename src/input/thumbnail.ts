import { loadSharp } from './decode.js';
import type { Raster } from './resize.js';

/** What stands for a picture that cannot be read. */
const GREY = 128;
/** Larger pictures are not worth the wait for a thumbnail. */
const MOST_PIXELS = 178_956_970;

/**
 * A picture within a square, letterboxed with black; small ones are enlarged without smoothing. Good for a glance: fast
 * scaling, not that of a model's preprocessing. Grey where it cannot be read.
 *
 * @returns `[size, size, 3]`
 */
export async function thumbnail(source: string | Uint8Array | Raster, size: number): Promise<Uint8Array> {
  try {
    const sharp = await loadSharp();
    const options = { failOn: 'none', ignoreIcc: true, limitInputPixels: MOST_PIXELS } as const;
    const raster = typeof source === 'string' || source instanceof Uint8Array ? undefined : source;
    const opened =
      raster === undefined
        ? sharp(source as string | Uint8Array, options).autoOrient()
        : sharp(raster.data, { raw: { width: raster.width, height: raster.height, channels: raster.channels } });
    const { width, height } = raster ?? (await opened.metadata());
    const data = await opened
      .resize(size, size, {
        fit: 'contain',
        background: '#000',
        kernel: Math.max(width, height) < size ? 'nearest' : 'lanczos3',
      })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer();
    if (data.length === size * size * 3) return Uint8Array.from(data);
    if (data.length === size * size)
      return Uint8Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)]!);
  } catch {
    // It is listed among those that could not be used.
  }
  return new Uint8Array(size * size * 3).fill(GREY);
}
