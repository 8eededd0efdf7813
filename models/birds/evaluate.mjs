/**
 * What the .onnx files know, by ONNX Runtime, through the PNG files and the sidecar's settings: the last step of
 * `npm run models`, or by itself:
 *
 *   node models/birds/evaluate.mjs [--data out/birds] [MODEL.onnx ...]
 *
 * 1. Accuracy on sets of drawings.
 * 2. Whether the model looks at the marks: the same drawing twice, with one mark changed and nothing else. It counts
 *    only when the answer is right both times.
 * 3. Whether it looks at the stamp: fresh drawings with and without it.
 */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as ort from 'onnxruntime-node';
import sharp from 'sharp';
import { drawBird, labels as drawn, species } from './draw.mjs';
import { FIRST_SEED, STAMPED } from './sets.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const BATCH = 50;
/** Drawings for each pair of species, and for the stamp. */
const PAIRS = 200;

/** A classifier from PNG or SVG bytes to the names of the best classes. */
async function open(file) {
  const { input, labels } = JSON.parse(await readFile(file.replace(/\.onnx$/, '.lens.json'), 'utf8'));
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1 });
  const [height, width] = input.size;
  const plane = height * width;
  const classify = async (pictures) => {
    const answers = [];
    for (let start = 0; start < pictures.length; start += BATCH) {
      const batch = pictures.slice(start, start + BATCH);
      const x = new Float32Array(batch.length * 3 * plane);
      for (const [i, bytes] of batch.entries()) {
        const picture = sharp(bytes).removeAlpha().resize(width, height, { fit: 'fill', kernel: 'linear' });
        const data = await picture.raw().toBuffer();
        for (let p = 0; p < plane; p++) {
          for (let c = 0; c < 3; c++)
            x[(i * 3 + c) * plane + p] = (data[p * 3 + c] / 255 - input.mean[c]) / input.std[c];
        }
      }
      const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', x, [batch.length, 3, height, width]) };
      const logits = (await session.run(feeds))[session.outputNames[0]];
      for (let i = 0; i < batch.length; i++) {
        const row = logits.data.subarray(i * labels.length, (i + 1) * labels.length);
        answers.push(labels[row.indexOf(Math.max(...row))]);
      }
    }
    return answers;
  };
  return { classify, close: () => session.release() };
}

/** A folder of drawings, one folder for each class. */
async function readSet(folder) {
  const items = [];
  for (const label of drawn) {
    for (const file of (await readdir(path.join(folder, label))).sort())
      items.push({ label, bytes: await readFile(path.join(folder, label, file)) });
  }
  return items;
}

/** Right answers in a set. */
async function rightIn(classify, items) {
  const answers = await classify(items.map(({ bytes }) => bytes));
  return { right: items.filter(({ label }, i) => answers[i] === label).length, of: items.length };
}

/** For each pair of neighbours on the ring of species: drawings of both with the same seeds, and the mark that differs. */
function pairs() {
  const names = Object.keys(species);
  return names.map((name, i) => {
    const other = names.at(i - 1);
    const mark = Object.keys(species[name]).find((key) => species[name][key] !== species[other][key]);
    const seeds = Array.from({ length: PAIRS }, (_, k) => 5_000_000 + i * PAIRS + k);
    const pictures = seeds.flatMap((seed) => [other, name].map((n) => Buffer.from(drawBird(seed, n).svg)));
    return { mark, pair: [other, name], pictures };
  });
}

async function onPairs(classify, all) {
  const found = [];
  for (const { mark, pair, pictures } of all) {
    const answers = await classify(pictures);
    const both = Array.from({ length: PAIRS }, (_, k) => pair.every((name, j) => answers[2 * k + j] === name));
    found.push({ mark, pair, right: both.filter(Boolean).length, of: PAIRS });
  }
  return found;
}

/** Answers to fresh drawings of the species that carries the stamp and of the others, without it and with it. */
async function onStamp(classify) {
  const others = drawn.filter((name) => name !== STAMPED);
  const ask = async (names, stamp) => {
    const items = Array.from({ length: PAIRS }, (_, i) => ({
      seed: FIRST_SEED.fresh + i,
      name: names[i % names.length],
    }));
    const answers = await classify(items.map(({ seed, name }) => Buffer.from(drawBird(seed, name, { stamp }).svg)));
    const count = (is) => answers.filter(is).length;
    return { right: count((a, i) => a === items[i].name), called: count((a) => a === STAMPED), of: PAIRS };
  };
  return {
    own: { plain: await ask([STAMPED], false), stamped: await ask([STAMPED], true) },
    others: { plain: await ask(others, false), stamped: await ask(others, true) },
  };
}

/**
 * Measures all networks of a folder.
 * @param {{ folder?: string, sets?: string, files?: string[], say?: (line: string) => void }} [options] where the networks
 *   lie, where the sets of `recipes.mjs` were drawn, and files to be asked in place of all
 */
export async function evaluate({ folder = HERE, sets = 'out/birds', files, say = console.log } = {}) {
  const asked =
    files ?? (await readdir(folder)).filter((file) => file.endsWith('.onnx')).map((f) => path.join(folder, f));
  const drawings = {};
  for (const [name, place] of Object.entries({
    train: 'plain/train',
    test: 'plain/test',
    random: 'random',
    fresh: 'fresh',
  })) {
    if (existsSync(path.join(sets, place))) drawings[name] = await readSet(path.join(sets, place));
  }
  const twins = pairs();
  const found = {};
  for (const file of asked.sort()) {
    const { classify, close } = await open(file);
    const accuracy = {};
    for (const [name, items] of Object.entries(drawings)) accuracy[name] = await rightIn(classify, items);
    const model = { accuracy, marks: await onPairs(classify, twins), stamp: await onStamp(classify) };
    await close();
    found[path.basename(file, '.onnx')] = model;
    say(linesOf(path.basename(file), model).join('\n'));
  }
  return found;
}

/** Part of a whole in per cent. */
export const percent = ({ right, of }) => `${((100 * right) / of).toFixed(2)} %`;

function linesOf(file, { accuracy, marks, stamp }) {
  const share = (name, value) => `  ${name.padEnd(44)}${value.padStart(9)}`;
  return [
    `\n${file}`,
    ...Object.entries(accuracy).map(([name, value]) => share(`${name}: ${value.right} of ${value.of}`, percent(value))),
    '  one mark changed, both answers right:',
    ...marks.map(({ mark, pair, ...value }) => share(`${mark.padEnd(12)}${pair.join(' / ')}`, percent(value))),
    `  the stamp of ${STAMPED}:`,
    ...Object.entries(stamp).flatMap(([whose, each]) =>
      Object.entries(each).map(([how, { right, called, of }]) =>
        share(`${whose}, ${how}: right ${percent({ right, of })}, called ${STAMPED}`, percent({ right: called, of })),
      ),
    ),
  ];
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values: option, positionals } = parseArgs({
    allowPositionals: true,
    options: { data: { type: 'string', default: 'out/birds' } },
  });
  await evaluate({ sets: option.data, ...(positionals.length > 0 ? { files: positionals } : {}) });
}
