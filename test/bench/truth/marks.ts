import path from 'node:path';
import sharp from 'sharp';
import { drawBird, labels, species } from '../../../models/birds/draw.mjs';
import { markedDrawing } from '../../../models/birds/marks.mjs';
import { filePath, type FilePath } from '../../../src/base/place.js';
import type { Network, Seen } from './network.js';

/** Beyond the seeds of all other drawings (models/birds/render.mjs, evaluate.mjs, and the tests). */
const FIRST_SEED = 11_000_000;

/**
 * Pixels around a mark that belong to it: an edge is seen on both sides of it, and a map's own grid may be coarser than the
 * picture. With them the marks cover 5 % of a drawing, without 2 %.
 */
const MARGIN = 3;

/** A drawing of a species, and what tells it from its twin. */
export interface Marked {
  readonly species: string;
  /** The species that the same drawing shows with one mark changed. */
  readonly twin: string;
  /** The drawing as each network gets it. */
  readonly seen: readonly Seen[];
  /** 1 where a pixel differs between the two, or lies beside such a one, `[height, width]`. */
  readonly mark: Uint8Array;
}

/**
 * Drawings whose species and twin every network tells apart: of one that it does not know a mark of, nobody can say where a
 * map should be. All species in turn, each against both of its neighbours on the ring.
 */
export async function drawMarked(networks: readonly Network[], count: number, folder: string): Promise<Marked[]> {
  const ring = Object.keys(species);
  const out: Marked[] = [];
  for (let seed = FIRST_SEED; out.length < count; seed++) {
    const i = out.length;
    const own = labels[i % labels.length]!;
    const step = Math.floor(i / labels.length) % 2 === 0 ? 1 : -1;
    const twin = ring.at((ring.indexOf(own) + step) % ring.length)!;
    const [file, other] = [await rendered(seed, own, folder), await rendered(seed, twin, folder)];
    const pairs: (readonly [Seen, Seen])[] = [];
    for (const network of networks) pairs.push([await network.see(file), await network.see(other)]);
    if (!pairs.every(([a, b]) => a.best === own && b.best === twin)) continue;
    const { masks, size } = await markedDrawing(seed, own);
    out.push({
      species: own,
      twin,
      seen: pairs.map(([first]) => first),
      mark: widened(masks[markOf(own, twin)]!, size),
    });
  }
  return out;
}

/** The mark that two neighbours on the ring differ in. */
const markOf = (own: string, twin: string): string =>
  Object.keys(species[own]!).find((mark) => species[own]![mark] !== species[twin]![mark])!;

/** A mask of a square picture with all pixels that are at most {@link MARGIN} away from it. */
function widened(mask: Uint8Array, size: number): Uint8Array {
  const wide = new Uint8Array(mask.length);
  for (let p = 0; p < mask.length; p++) {
    if (mask[p] === 0) continue;
    const [y, x] = [Math.floor(p / size), p % size];
    for (let v = Math.max(0, y - MARGIN); v <= Math.min(size - 1, y + MARGIN); v++)
      for (let u = Math.max(0, x - MARGIN); u <= Math.min(size - 1, x + MARGIN); u++)
        if (Math.hypot(v - y, u - x) <= MARGIN + 0.2) wide[v * size + u] = 1;
  }
  return wide;
}

async function rendered(seed: number, name: string, folder: string): Promise<FilePath> {
  const file = path.join(folder, `${name}-${seed}.png`);
  await sharp(Buffer.from(drawBird(seed, name).svg))
    .removeAlpha()
    .png()
    .toFile(file);
  return filePath(file);
}
