/**
 * Draws the field guide as PNG files:
 *
 *   node models/birds/render.mjs [--out out/birds] [--train 6000] [--test 1600] [--size 64]
 *   node models/birds/render.mjs --pictures models/birds/pictures [--each 4] [--first 3000000]
 *   node models/birds/render.mjs --plate FILE.png       the plate in the README
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { drawBird, labels, species } from './draw.mjs';
import { drawSet, FIRST_SEED, noteSet, planOf } from './sets.mjs';

const { values: option } = parseArgs({
  options: {
    out: { type: 'string', default: 'out/birds' },
    train: { type: 'string', default: '6000' },
    test: { type: 'string', default: '1600' },
    size: { type: 'string', default: '64' },
    pictures: { type: 'string' },
    each: { type: 'string', default: '4' },
    first: { type: 'string', default: String(FIRST_SEED.pictures) },
    plate: { type: 'string' },
  },
});
const size = Number(option.size);

/** All species twice, larger than the models see them: the upper row with one seed, the lower each with its own. */
async function renderPlate(file) {
  const [edge, gap] = [144, 6];
  const names = Object.keys(species);
  const birds = [0, 1].flatMap((row) =>
    names.map((name, i) => [drawBird(row === 0 ? 4_000_033 : 4_000_100 + i, name, { size: edge }), row, i]),
  );
  const tiles = await Promise.all(
    birds.map(async ([bird, row, i]) => ({
      input: await sharp(Buffer.from(bird.svg)).removeAlpha().png().toBuffer(),
      left: gap + i * (edge + gap),
      top: gap + row * (edge + gap),
    })),
  );
  const [width, height] = [gap + names.length * (edge + gap), gap + 2 * (edge + gap)];
  const sheet = sharp({ create: { width, height, channels: 3, background: '#f4f1ea' } }).composite(tiles);
  await writeFile(file, await sheet.png({ palette: true, quality: 90 }).toBuffer());
  console.log(file);
}

async function render(folder, seed, count) {
  const plan = planOf(seed, count);
  await drawSet(folder, plan, { size });
  await noteSet(folder, plan, { size });
}

if (option.plate) await renderPlate(option.plate);
else if (option.pictures) await render(option.pictures, Number(option.first), Number(option.each) * labels.length);
else {
  for (const set of ['train', 'test']) await render(path.join(option.out, set), FIRST_SEED[set], Number(option[set]));
}
