import { isCancelled } from '../../base/errors.js';
import type { Rgb } from '../../base/picture.js';
import { encodePng } from '../../input/encode.js';
import { resize } from '../../input/resize.js';
import type { ComparedSet } from '../../result/comparison.js';
import { loadInput } from '../input/answers.js';
import type { Seen } from './answers.js';
import type { OpenSide } from './side.js';

/** Pictures of each list that are shown small. */
const LISTED = 24;
const SIDE = 96;

/** Small pictures, as the first model sees them, of those that stand first in the lists. */
export async function thumbnailsOf(
  { inputs }: OpenSide,
  seen: readonly Seen[],
  { predictions, spaces, reasons }: Pick<ComparedSet, 'predictions' | 'spaces' | 'reasons'>,
  signal: AbortSignal,
): Promise<ComparedSet['thumbnails']> {
  const wanted = new Set([
    ...(predictions?.disagreements ?? []).slice(0, LISTED).map((d) => d.example),
    ...(spaces?.order.subarray(0, LISTED) ?? []),
    ...(reasons?.rows ?? []).slice(0, LISTED).map((row) => row.example),
  ]);
  const out: { example: number; png: Uint8Array }[] = [];
  for (const example of [...wanted].sort((a, b) => a - b)) {
    try {
      const { picture } = await loadInput(inputs[seen[example]!.example]!, signal);
      const { data, width, height } = small(picture);
      out.push({ example, png: await encodePng(data, width, height) });
    } catch (error) {
      // It could be read before: whoever looks at the list sees its name without a picture.
      if (isCancelled(error)) throw error;
    }
  }
  return out;
}

function small(picture: Rgb): Rgb {
  const scale = SIDE / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const [width, height] = [picture.width, picture.height].map((n) => Math.max(1, Math.round(n * scale))) as [
    number,
    number,
  ];
  return resize({ ...picture, channels: 3 }, height, width, 'bilinear');
}
