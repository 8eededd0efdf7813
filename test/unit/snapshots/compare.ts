import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';

/** Pixels as a canvas has them: red, green, blue, alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * What may differ from the committed picture.
 *
 * Numbers of a run differ in their last digits between processors, and a value near the border of two colours takes the
 * other one: neighbours on a map of 256 colours are at most 8 levels apart. Edges of lines are smoothed by the browser, in
 * versions of it a little differently; a picture with lines allows for a share of such pixels.
 */
export interface Tolerance {
  /** Levels of a channel; default 8. */
  readonly levels?: number;
  /** Share of pixels that may be off by more; default none. */
  readonly share?: number;
}

const FOLDER = 'test/unit/snapshots/pictures';
const FAILURES = 'out/test/failures';

/** Whether the committed pictures are to be written anew: `UPDATE_SNAPSHOTS=1 npm run test:unit -- snapshots`. */
export const updating = process.env['UPDATE_SNAPSHOTS'] === '1';

/**
 * Compares with the committed picture.
 * @throws Error that says how much differs, with the picture, the expected one and their difference in out/test/failures
 */
export async function compare(name: string, pixels: Pixels, { levels = 8, share = 0 }: Tolerance = {}): Promise<void> {
  const file = path.join(FOLDER, `${name}.png`);
  if (updating) {
    mkdirSync(FOLDER, { recursive: true });
    await png(pixels).toFile(file);
    return;
  }
  if (!existsSync(file))
    throw new Error(`There is no ${file} to compare with: UPDATE_SNAPSHOTS=1 writes it; look at it then.`);
  const { data, info } = await sharp(readFileSync(file)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const expected = { width: info.width, height: info.height, data: new Uint8Array(data) };
  const size = (p: Pixels): string => `${p.width}×${p.height}`;
  if (size(expected) !== size(pixels)) {
    await keep(name, { drawn: pixels, expected });
    throw new Error(`${name} is ${size(pixels)} and was ${size(expected)}; see ${FAILURES}/${name}-*.png.`);
  }
  const { difference, count, worst } = differ(pixels, expected, levels);
  const total = pixels.width * pixels.height;
  if (count <= share * total) return;
  await keep(name, { drawn: pixels, expected, difference });
  throw new Error(
    `${name}: ${count} of ${total} pixels (${((100 * count) / total).toFixed(2)} %) are off by more than ${levels} levels, ` +
      `by ${worst} at most; ${(100 * share).toFixed(2)} % may be. See ${FAILURES}/${name}-{drawn,expected,difference}.png. ` +
      'Where the change is meant: UPDATE_SNAPSHOTS=1.',
  );
}

/** Where two pictures of one size differ: those pixels in red over a pale copy. */
function differ(a: Pixels, b: Pixels, levels: number): { difference: Pixels; count: number; worst: number } {
  const out = new Uint8Array(a.data.length);
  let [count, worst] = [0, 0];
  for (let i = 0; i < out.length; i += 4) {
    let off = 0;
    for (let c = 0; c < 4; c++) off = Math.max(off, Math.abs(a.data[i + c]! - b.data[i + c]!));
    worst = Math.max(worst, off);
    if (off > levels) count++;
    const grey = 200 + (b.data[i]! + b.data[i + 1]! + b.data[i + 2]!) / 14;
    out.set(off > levels ? [255, 0, 0, 255] : [grey, grey, grey, 255], i);
  }
  return { difference: { ...a, data: out }, count, worst };
}

async function keep(name: string, pictures: Readonly<Record<string, Pixels>>): Promise<void> {
  mkdirSync(FAILURES, { recursive: true });
  for (const [kind, pixels] of Object.entries(pictures))
    await png(pixels).toFile(path.join(FAILURES, `${name}-${kind}.png`));
}

function png({ width, height, data }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels: 4 } }).png({ compressionLevel: 9, palette: false });
}
