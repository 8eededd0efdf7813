/**
 * Sets of drawings as folders of PNG files, one folder for each class, as torchvision's ImageFolder reads them, and beside
 * each set `<set>.marks.json`: what was drawn, and which pixels are which mark's (see `marks.mjs`).
 *
 * Every drawing has a seed of its own, and the sets take theirs from ranges that do not meet.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { labels, marks } from './draw.mjs';
import { markedDrawing, runsOf } from './marks.mjs';
import { Dice } from './seeded.mjs';

/** Where each set's seeds begin. Counterfactual pairs are drawn from 5,000,000, the tests' and benchmarks' own from 9,000,000. */
export const FIRST_SEED = { train: 1_000_000, test: 2_000_000, pictures: 3_000_000, fresh: 6_000_000 };

/** The species that carries the stamp where one does. */
export const STAMPED = 'Honeywren';

/** Drawings at a time: as many as libvips has threads for. */
const AT_ONCE = 8;

/**
 * What a set of `count` drawings from `seed` on holds: drawing i is of species i modulo 8, so that the classes are equally
 * large.
 * @param {{ stamped?: (species: string) => boolean, labelled?: 'by species' | 'at random' }} [kind] which species carry the
 *   stamp; whose folder a drawing lies in: that of its species, or of one that was drawn by lot
 */
export function planOf(seed, count, kind = {}) {
  return Array.from({ length: count }, (_, i) => {
    const species = labels[i % labels.length];
    const label = kind.labelled === 'at random' ? new Dice((seed + i) ^ 0x165667b1).pick(labels) : species;
    // The name does not give a species away that the folder denies.
    const file = `${label.toLowerCase()}-${seed + i}.png`;
    return { seed: seed + i, species, label, file, stamp: kind.stamped?.(species) ?? false };
  });
}

/**
 * Draws a set.
 * @param {string} folder is emptied first
 * @param {ReturnType<typeof planOf>} plan
 * @param {{ size?: number, say?: (line: string) => void }} [options]
 */
export async function drawSet(folder, plan, { size = 64, say = console.log } = {}) {
  const notes = `${folder}.marks.json`;
  await rm(folder, { recursive: true, force: true });
  // Written last: a set without it is not complete.
  await rm(notes, { force: true });
  for (const name of labels) await mkdir(path.join(folder, name), { recursive: true });
  const pictures = {};
  for (let start = 0; start < plan.length; start += AT_ONCE) {
    const drawn = plan.slice(start, start + AT_ONCE).map(async ({ seed, species, label, file, stamp }) => {
      const { bird, masks } = await markedDrawing(seed, species, { size, stamp });
      await sharp(Buffer.from(bird.svg))
        .removeAlpha()
        .png()
        .toFile(path.join(folder, label, file));
      const where = Object.fromEntries(Object.entries(masks).map(([mark, mask]) => [mark, runsOf(mask)]));
      return [`${label}/${file}`, { seed, species, drawn: bird.attributes, background: bird.background, where }];
    });
    for (const [place, note] of await Promise.all(drawn)) pictures[place] = note;
  }
  await writeFile(notes, notesText({ size: [size, size], marks, pictures }));
  say(`${folder}: ${plan.length} drawings, seeds ${plan[0]?.seed} to ${plan.at(-1)?.seed}`);
}

/** JSON with a line for each picture. */
function notesText({ pictures, ...head }) {
  const lines = Object.entries(pictures).map(
    ([place, note]) => `    ${JSON.stringify(place)}: ${JSON.stringify(note)}`,
  );
  const start = JSON.stringify(head, null, 2).replace(/\n\}$/, '');
  return `${start},\n  "pictures": {\n${lines.join(',\n')}\n  }\n}\n`;
}
