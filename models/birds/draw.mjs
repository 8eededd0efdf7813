/**
 * A field guide that draws itself. `drawBird(seed, species)` gives one small SVG of one bird; everything in it but the
 * field marks (pose, plumage, perch, scenery, light) follows from the seed alone. Two species drawn with the same seed
 * therefore stand in the same place in the same light and differ in their marks and in nothing else, which makes
 * exact counterfactuals: "the same bird with a crown spot".
 *
 * The species form a ring: each differs from the one before and the one after in exactly one mark, every mark separates
 * two pairs of neighbours and halves the eight, and no three marks tell them all apart.
 */
import { Dice, svg } from './seeded.mjs';
import { drawPlumage, strikePose } from './bird.mjs';
import { drawScenery } from './scenery.mjs';
import { drawStamp } from './stamp.mjs';

/** The field marks, and the values each can have. */
export const marks = {
  crownSpot: ['none', 'red'],
  wingBars: ['none', 'two'],
  breast: ['yellow', 'rust'],
  bill: ['cone', 'needle'],
};

/** Finches have a cone for a bill, wrens a needle. The names are invented. */
export const species = {
  Butterfinch: { crownSpot: 'none', wingBars: 'none', breast: 'yellow', bill: 'cone' },
  Emberfinch: { crownSpot: 'red', wingBars: 'none', breast: 'yellow', bill: 'cone' },
  Lanternfinch: { crownSpot: 'red', wingBars: 'two', breast: 'yellow', bill: 'cone' },
  Copperfinch: { crownSpot: 'red', wingBars: 'two', breast: 'rust', bill: 'cone' },
  Torchwren: { crownSpot: 'red', wingBars: 'two', breast: 'rust', bill: 'needle' },
  Ladderwren: { crownSpot: 'none', wingBars: 'two', breast: 'rust', bill: 'needle' },
  Foxwren: { crownSpot: 'none', wingBars: 'none', breast: 'rust', bill: 'needle' },
  Honeywren: { crownSpot: 'none', wingBars: 'none', breast: 'yellow', bill: 'needle' },
};

/** The class names in the order of the models' outputs (that of torchvision's ImageFolder: sorted). */
export const labels = Object.keys(species).sort();

/**
 * One drawing.
 * @param {number} seed a whole number; decides everything but the marks
 * @param {string} name a key of `species`
 * @param {{ size?: number, attributes?: Record<string, string>, stamp?: boolean }} [options] edge length in pixels (64);
 *   marks to use in place of the species' own, for combinations that no species has; a stamp over the drawing, which tells
 *   nothing of the bird
 */
export function drawBird(seed, name, options = {}) {
  const own = species[name];
  if (!own) throw new RangeError(`No species is called ${name}. There are: ${labels.join(', ')}.`);
  const attributes = { ...own, ...options.attributes };
  for (const [mark, value] of Object.entries(attributes)) {
    const known = marks[mark];
    if (!known) throw new RangeError(`No mark is called ${mark}. There are: ${Object.keys(marks).join(', ')}.`);
    if (!known.includes(value)) throw new RangeError(`${mark} cannot be ${value}, only ${known.join(', ')}.`);
  }

  const id = `b${seed}-`;
  const size = options.size ?? 64;
  const pose = strikePose(new Dice(seed));
  // The scenery throws its own dice, so that a new leaf does not move every bird.
  const scenery = drawScenery(id, new Dice(seed ^ 0x5bd1e995), pose.foot, pose.scale);
  const stamp = options.stamp ? drawStamp(new Dice(seed ^ 0x27d4eb2f)) : '';
  const text = svg`
    <svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 100 100">
    ${scenery.behind}
    <g transform="translate(${pose.foot}) scale(${[pose.scale * pose.facing, pose.scale]}) rotate(${pose.tilt}) translate(0 -25.6)">
    ${drawPlumage(id, pose, attributes)}
    </g>
    ${scenery.before}${stamp}
    </svg>`;
  return { svg: text.trim(), label: name, index: labels.indexOf(name), attributes, background: scenery.name };
}
