/**
 * Where the marks are. The generator draws the same bird with one mark changed and in nothing else, so the pixels that a
 * mark can be told by are known exactly: those that differ between the two. This holds for a mark that is absent, too: a
 * bird without a crown spot can be told by the place where one would be.
 *
 * As data (`marks.json`, one for each set of drawings): the names of the marks, and for each picture what was drawn and the
 * pixels of each mark as runs, start and length by turns, counted row by row from the upper left corner.
 */
import sharp from 'sharp';
import { drawBird, marks } from './draw.mjs';

/** The name that the stamp has among the marks, although it is none. */
export const STAMP = 'stamp';

const pixelsOf = (svg) => sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();

/**
 * A drawing as pixels, and the pixels of each of its marks.
 * @param {number} seed
 * @param {string} name of the species
 * @param {{ size?: number, attributes?: Record<string, string>, stamp?: boolean }} [options] as `drawBird` has them
 * @returns the drawing as RGB bytes, and for each mark (and the stamp, where there is one) one byte for each pixel: 1 where
 *   the mark can be seen
 */
export async function markedDrawing(seed, name, options = {}) {
  const bird = drawBird(seed, name, options);
  const size = options.size ?? 64;
  const rgb = await pixelsOf(bird.svg);
  const others = Object.entries(marks).map(([mark, values]) => [
    mark,
    { ...options, attributes: { ...bird.attributes, [mark]: values.find((value) => value !== bird.attributes[mark]) } },
  ]);
  if (options.stamp) others.push([STAMP, { ...options, stamp: false }]);
  const masks = await Promise.all(
    others.map(async ([mark, changed]) => [mark, differing(rgb, await pixelsOf(drawBird(seed, name, changed).svg))]),
  );
  return { bird, size, rgb, masks: Object.fromEntries(masks) };
}

/** 1 for each pixel that is not the same in two pictures. */
function differing(a, b) {
  const mask = new Uint8Array(a.length / 3);
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) mask[Math.floor(i / 3)] = 1;
  return mask;
}

/** Ones of a mask as runs: start and length by turns. */
export function runsOf(mask) {
  const runs = [];
  for (let p = 0; p < mask.length; p++) {
    if (mask[p] !== 1) continue;
    const start = p;
    while (p < mask.length && mask[p] === 1) p++;
    runs.push(start, p - start);
  }
  return runs;
}

/** A mask out of its runs. */
export function maskOf(runs, length) {
  const mask = new Uint8Array(length);
  for (let i = 0; i < runs.length; i += 2) mask.fill(1, runs[i], runs[i] + runs[i + 1]);
  return mask;
}
