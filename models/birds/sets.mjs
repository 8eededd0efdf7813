/**
 * Sets of drawings as folders of PNG files, one folder for each class, as torchvision's ImageFolder reads them, and beside
 * each set `<set>.marks.json`: what was drawn, and which pixels are which mark's (see `marks.mjs`).
 *
 * Every drawing has a seed of its own, and the sets take theirs from ranges that do not meet.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { drawBird, labels, marks } from './draw.mjs';
import { markedDrawing, runsOf } from './marks.mjs';
import { Dice } from './seeded.mjs';

/** Where each set's seeds begin. Counterfactual pairs are drawn from 5,000,000, the tests' and benchmarks' own from 9,000,000. */
export const FIRST_SEED = { train: 1_000_000, test: 2_000_000, pictures: 3_000_000, fresh: 6_000_000 };

/** The species that carries the stamp where one does. */
export const STAMPED = 'Honeywren';

/** Drawings at a time. */
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
 * @param {{ size?: number, say?: (line: string) => void, known?: Map<string, Buffer> }} [options] `known`: drawings that
 *   several sets share are drawn once, and kept there
 */
export async function drawSet(folder, plan, { size = 64, say = console.log, known } = {}) {
  await rm(folder, { recursive: true, force: true });
  for (const name of labels) await mkdir(path.join(folder, name), { recursive: true });
  await eachOf(plan, async ({ seed, species, stamp, label, file }) => {
    const key = [seed, species, stamp, size].join(' ');
    const svg = () => Buffer.from(drawBird(seed, species, { size, stamp }).svg);
    const png = known?.get(key) ?? (await sharp(svg()).removeAlpha().png().toBuffer());
    known?.set(key, png);
    await writeFile(path.join(folder, label, file), png);
  });
  say(`${folder}: ${plan.length} drawings, seeds ${plan[0]?.seed} to ${plan.at(-1)?.seed}`);
}

/**
 * Writes beside a set what was drawn, and which pixels are which mark's. It takes five times as long as the drawings.
 * @param {Map<string, object>} [known] as above
 */
export async function noteSet(folder, plan, { size = 64, say = console.log, known } = {}) {
  const file = `${folder}.marks.json`;
  const pictures = await eachOf(plan, async ({ seed, species, stamp, label, file }) => {
    const key = [seed, species, stamp, size].join(' ');
    const note = known?.get(key) ?? (await noteOf(seed, species, { size, stamp }));
    known?.set(key, note);
    return [`${label}/${file}`, note];
  });
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, notesText({ size: [size, size], marks, pictures }));
  say(`${file}: the marks of ${plan.length} drawings`);
}

async function noteOf(seed, species, options) {
  const { bird, masks } = await markedDrawing(seed, species, options);
  const where = Object.fromEntries(Object.entries(masks).map(([mark, mask]) => [mark, runsOf(mask)]));
  return { seed, species, drawn: bird.attributes, background: bird.background, where };
}

/** Some at a time, as libvips has threads of its own; the results in the order of the items. */
async function eachOf(items, work) {
  const results = [];
  for (let start = 0; start < items.length; start += AT_ONCE)
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map((item) => work(item)))));
  return results;
}

/** JSON with a line for each picture. */
function notesText({ pictures, ...head }) {
  const lines = pictures.map(([place, note]) => `    ${JSON.stringify(place)}: ${JSON.stringify(note)}`);
  const start = JSON.stringify(head, null, 2).replace(/\n\}$/, '');
  return `${start},\n  "pictures": {\n${lines.join(',\n')}\n  }\n}\n`;
}
