/**
 * What the shipped .onnx files know of birds they have never seen. The figures in models/README.md come from here:
 *
 *   node models/birds/render.mjs && node models/birds/evaluate.mjs [--data out/birds/test] [MODEL.onnx ...]
 *
 * 1. Accuracy on a folder of drawings, through the PNG files, the sidecar's settings and ONNX Runtime.
 * 2. Whether the model looks at the marks: the same drawing twice, with one mark changed and nothing else. It counts
 *    only when the answer is right both times.
 */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as ort from 'onnxruntime-node';
import sharp from 'sharp';
import { drawBird, labels as drawn, species } from './draw.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: option, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string', default: 'out/birds/test' }, pairs: { type: 'string', default: '200' } },
});
const shipped = ['birds_cnn.onnx', 'birds_cnn_epoch1.onnx', 'birds_vit.onnx'].map((file) => path.join(here, file));
const batchSize = 50;

/** A classifier from PNG or SVG bytes to class indices. */
async function open(file) {
  const { input, labels } = JSON.parse(await readFile(file.replace(/\.onnx$/, '.lens.json'), 'utf8'));
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1 });
  const [height, width] = input.size;
  const plane = height * width;
  const classify = async (pictures) => {
    const answers = [];
    for (let start = 0; start < pictures.length; start += batchSize) {
      const batch = pictures.slice(start, start + batchSize);
      const x = new Float32Array(batch.length * 3 * plane);
      for (const [i, bytes] of batch.entries()) {
        const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
        if (info.width !== width || info.height !== height)
          throw new Error(`A picture is ${info.width}×${info.height}, not ${width}×${height}.`);
        for (let p = 0; p < plane; p++) {
          for (let c = 0; c < 3; c++)
            x[(i * 3 + c) * plane + p] = (data[p * 3 + c] / 255 - input.mean[c]) / input.std[c];
        }
      }
      const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', x, [batch.length, 3, height, width]) };
      const logits = (await session.run(feeds))[session.outputNames[0]];
      for (let i = 0; i < batch.length; i++) {
        const row = logits.data.subarray(i * labels.length, (i + 1) * labels.length);
        answers.push(row.indexOf(Math.max(...row)));
      }
    }
    return answers;
  };
  return { labels, classify };
}

async function testSet(folder) {
  const items = [];
  for (const label of drawn) {
    for (const file of (await readdir(path.join(folder, label))).sort())
      items.push({ label, bytes: await readFile(path.join(folder, label, file)) });
  }
  return items;
}

/** For each pair of neighbours on the ring of species: `count` drawings, each of both species, and the mark that differs. */
function counterfactuals(count) {
  const names = Object.keys(species);
  return names.map((name, i) => {
    const other = names.at(i - 1);
    const mark = Object.keys(species[name]).find((key) => species[name][key] !== species[other][key]);
    const seeds = Array.from({ length: count }, (_, k) => 5_000_000 + i * count + k);
    return {
      pair: [other, name],
      mark,
      drawings: seeds.flatMap((seed) => [other, name].map((n) => Buffer.from(drawBird(seed, n).svg))),
    };
  });
}

const percent = (part, whole) => `${((100 * part) / whole).toFixed(2)} %`;

const items = await testSet(option.data);
const pairs = counterfactuals(Number(option.pairs));
for (const file of positionals.length > 0 ? positionals : shipped) {
  const { labels, classify } = await open(file);
  const answers = await classify(items.map((item) => item.bytes));
  const right = items.filter((item, i) => labels[answers[i]] === item.label).length;
  console.log(
    `\n${path.basename(file)}: ${percent(right, items.length)} (${right} of ${items.length}, ${option.data})`,
  );

  console.log(`  ${'true \\ predicted'.padEnd(16)}${labels.map((l) => l.slice(0, 6).padStart(8)).join('')}`);
  for (const label of labels) {
    const counts = labels.map((_, k) => items.filter((item, i) => item.label === label && answers[i] === k).length);
    console.log(`  ${label.padEnd(16)}${counts.map((n) => String(n || '·').padStart(8)).join('')}`);
  }

  console.log('  one mark changed, both answers right:');
  for (const { pair, mark, drawings } of pairs) {
    const got = await classify(drawings);
    const both = Array.from({ length: got.length / 2 }, (_, k) =>
      pair.every((name, j) => labels[got[2 * k + j]] === name),
    ).filter(Boolean).length;
    console.log(`  ${mark.padEnd(16)}${pair.join(' / ').padEnd(28)}${percent(both, got.length / 2).padStart(9)}`);
  }
}
