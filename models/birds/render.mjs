/**
 * Renders the field guide to PNG files, one folder per species, as torchvision's ImageFolder reads them:
 *
 *   node models/birds/render.mjs [--out out/birds] [--train 6000] [--test 1600] [--size 64]
 *   node models/birds/render.mjs --pictures models/birds/pictures [--each 4] [--first 3000000]
 *   node models/birds/render.mjs --plate FILE.png       the plate in the README
 *
 * Every drawing has a seed of its own, and the three sets take theirs from ranges that do not meet:
 * train from 1,000,000, test from 2,000,000, the shipped pictures from 3,000,000.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { drawBird, labels, species } from './draw.mjs';

const firstSeed = { train: 1_000_000, test: 2_000_000 };

const { values: option } = parseArgs({
  options: {
    out: { type: 'string', default: 'out/birds' },
    train: { type: 'string', default: '6000' },
    test: { type: 'string', default: '1600' },
    size: { type: 'string', default: '64' },
    pictures: { type: 'string' },
    each: { type: 'string', default: '4' },
    first: { type: 'string', default: '3000000' },
    plate: { type: 'string' },
  },
});
const size = Number(option.size);

const raster = (svg) => sharp(Buffer.from(svg)).removeAlpha();

/** Drawing i of a set is of species i modulo 8, so that the classes are equally large. */
async function renderSet(folder, seed, count) {
  await rm(folder, { recursive: true, force: true });
  for (const name of labels) await mkdir(path.join(folder, name), { recursive: true });
  for (let i = 0; i < count; i++) {
    const bird = drawBird(seed + i, labels[i % labels.length], { size });
    await raster(bird.svg)
      .png()
      .toFile(path.join(folder, bird.label, `${bird.label.toLowerCase()}-${seed + i}.png`));
  }
  console.log(`${folder}: ${count} drawings, seeds ${seed} to ${seed + count - 1}`);
}

/** All species twice, larger than the models see them: the upper row with one seed, the lower each with its own. */
async function renderPlate(file) {
  const [edge, gap] = [144, 6];
  const names = Object.keys(species);
  const birds = [0, 1].flatMap((row) =>
    names.map((name, i) => [drawBird(row === 0 ? 4_000_033 : 4_000_100 + i, name, { size: edge }), row, i]),
  );
  const tiles = await Promise.all(
    birds.map(async ([bird, row, i]) => ({
      input: await raster(bird.svg).png().toBuffer(),
      left: gap + i * (edge + gap),
      top: gap + row * (edge + gap),
    })),
  );
  const [width, height] = [gap + names.length * (edge + gap), gap + 2 * (edge + gap)];
  const sheet = sharp({ create: { width, height, channels: 3, background: '#f4f1ea' } }).composite(tiles);
  await writeFile(file, await sheet.png({ palette: true, quality: 90 }).toBuffer());
  console.log(file);
}

if (option.plate) await renderPlate(option.plate);
else if (option.pictures) await renderSet(option.pictures, Number(option.first), Number(option.each) * labels.length);
else {
  await renderSet(path.join(option.out, 'train'), firstSeed.train, Number(option.train));
  await renderSet(path.join(option.out, 'test'), firstSeed.test, Number(option.test));
}
