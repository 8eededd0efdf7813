import { isCancelled } from '../../base/errors.js';
import type { Rgb } from '../../base/picture.js';
import { encodePng } from '../../input/encode.js';
import { resize } from '../../input/resize.js';
import { loadInput } from './answers.js';
import type { ExpandedInput } from './inputs.js';

/** A small picture, as the model sees it, as PNG; nothing where it cannot be read any more. */
export async function smallPicture(
  input: ExpandedInput,
  side: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    const { picture } = await loadInput(input, signal);
    const { data, width, height } = small(picture, side);
    return await encodePng(data, width, height);
  } catch (error) {
    // It could be read before: whoever looks at it sees its name without a picture.
    if (isCancelled(error)) throw error;
    return undefined;
  }
}

function small(picture: Rgb, side: number): Rgb {
  const scale = side / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const [width, height] = [picture.width, picture.height].map((n) => Math.max(1, Math.round(n * scale))) as [
    number,
    number,
  ];
  return resize({ ...picture, channels: 3 }, height, width, 'bilinear');
}
