import type { ComparedSet } from '../../result/comparison.js';
import { smallPicture } from '../input/smallPicture.js';
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
    const png = await smallPicture(inputs[seen[example]!.example]!, SIDE, signal);
    if (png !== undefined) out.push({ example, png });
  }
  return out;
}
