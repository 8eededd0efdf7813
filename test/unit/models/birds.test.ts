import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import sharp from 'sharp';
import { drawBird, labels, marks, species } from '../../../models/birds/draw.mjs';

const folder = path.resolve('models/birds');
/** Beyond the seeds of the training, test and shipped drawings (models/birds/render.mjs). */
const unseen = 9_000_000;

interface Sidecar {
  input: { size: [number, number]; mean: number[]; std: number[] };
  labels: string[];
}

function sidecar(model: string): Sidecar {
  return JSON.parse(readFileSync(path.join(folder, `${model}.lens.json`), 'utf8')) as Sidecar;
}

/** The share of right answers over `count` new birds. */
async function accuracy(model: string, count: number): Promise<number> {
  const { input, labels: names } = sidecar(model);
  const [height, width] = input.size;
  const plane = height * width;
  const birds = Array.from({ length: count }, (_, i) => drawBird(unseen + i, labels[i % labels.length]!));
  const x = new Float32Array(count * 3 * plane);
  for (const [i, bird] of birds.entries()) {
    const pixels = await sharp(Buffer.from(bird.svg)).removeAlpha().raw().toBuffer();
    assert.equal(pixels.length, 3 * plane);
    for (let j = 0; j < pixels.length; j++) {
      const c = j % 3;
      x[(i * 3 + c) * plane + (j - c) / 3] = (pixels[j]! / 255 - input.mean[c]!) / input.std[c]!;
    }
  }
  const session = await ort.InferenceSession.create(path.join(folder, `${model}.onnx`), { intraOpNumThreads: 1 });
  const { logits } = await session.run({ image: new ort.Tensor('float32', x, [count, 3, height, width]) });
  assert.deepEqual(logits!.dims, [count, names.length]);
  const scores = logits!.data as Float32Array;
  const right = birds.filter((bird, i) => {
    const row = scores.subarray(i * names.length, (i + 1) * names.length);
    return names[row.indexOf(Math.max(...row))] === bird.label;
  });
  await session.release();
  return right.length / count;
}

describe('models/birds: the drawings', () => {
  it('draws the same picture for the same seed, today and on every machine', () => {
    const text = labels.map((name, i) => drawBird(77 + i, name).svg).join('');
    assert.equal(text, labels.map((name, i) => drawBird(77 + i, name).svg).join(''));
    // The models are trained on these very drawings: whoever changes them must render and train again.
    assert.equal(createHash('sha256').update(text).digest('hex').slice(0, 16), 'daf229ce1ee838ac');
  });

  it('draws another picture for another seed', () => {
    const pictures = new Set(
      Array.from({ length: 50 }, (_, seed) => drawBird(seed, 'Emberfinch').svg.replaceAll(/b\d+-/g, '')),
    );
    assert.equal(pictures.size, 50);
  });

  it('gives every species marks of its own, each mark shared by several', () => {
    const kinds = Object.values(species);
    assert.equal(kinds.length, 8);
    assert.equal(new Set(kinds.map((kind) => JSON.stringify(kind))).size, 8);
    for (const [mark, values] of Object.entries(marks)) {
      for (const value of values)
        assert.ok(kinds.filter((kind) => kind[mark] === value).length >= 2, `${mark}: ${value}`);
    }
    for (const name of labels) assert.deepEqual(drawBird(1, name).attributes, species[name]);
  });

  it('makes neighbours differ in one mark', () => {
    const kinds = Object.values(species);
    for (const [i, kind] of kinds.slice(1).entries()) {
      assert.equal(Object.keys(marks).filter((mark) => kind[mark] !== kinds[i]![mark]).length, 1);
    }
  });

  it('changes nothing but the mark between two species with the same seed', () => {
    const lines = (name: string): string[] => drawBird(5, name).svg.split('<');
    const without = lines('Butterfinch');
    const added = lines('Emberfinch').filter((element) => !without.includes(element));
    assert.equal(drawBird(5, 'Butterfinch', { attributes: { crownSpot: 'red' } }).svg, drawBird(5, 'Emberfinch').svg);
    assert.deepEqual(
      added.map((element) => element.split(' ')[0]),
      ['g', 'ellipse', 'ellipse'],
    );
  });

  it('draws every background for every species', () => {
    for (const name of labels) {
      assert.equal(new Set(Array.from({ length: 60 }, (_, seed) => drawBird(seed, name).background)).size, 5);
    }
  });

  it('refuses what it cannot draw', () => {
    assert.throws(() => drawBird(1, 'Dodo'), /No species is called Dodo/);
    assert.throws(() => drawBird(1, 'Foxwren', { attributes: { bill: 'hook' } }), /bill cannot be hook/);
    assert.throws(() => drawBird(1, 'Foxwren', { attributes: { tail: 'long' } }), /No mark is called tail/);
  });
});

describe('models/birds: the models', () => {
  for (const model of ['birds_cnn', 'birds_cnn_epoch1', 'birds_vit']) {
    it(`${model} names its outputs after the species`, () => assert.deepEqual(sidecar(model).labels, labels));

    it(`${model} is small, holds its weights and tells nothing of the machine it was made on`, () => {
      const bytes = readFileSync(path.join(folder, `${model}.onnx`));
      assert.ok(bytes.length < 1_500_000, `${bytes.length} bytes`);
      const text = bytes.toString('latin1');
      // The lines that the exporter noted are the lines of the shipped file.
      const source = readFileSync(path.join(folder, 'net.py'), 'utf8').split('\n');
      const noted = [...text.matchAll(/File "models\/birds\/net\.py", line (\d+), in forward\n +(.+)/g)];
      assert.ok(noted.length >= 10, `${noted.length} source lines`);
      for (const [, line, code] of noted)
        assert.ok(source[Number(line) - 1]!.trim().startsWith(code!.trim()), `line ${line}`);
      assert.doesNotMatch(text, /File "(\/|[A-Za-z]:)/);
    });
  }

  it('are below 8 MB together', () => {
    const files = readdirSync('models', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.onnx'));
    const bytes = files.reduce((sum, file) => sum + statSync(path.join('models', file)).size, 0);
    assert.ok(bytes < 8e6, `${bytes} bytes`);
  });

  it('birds_cnn knows at least 95 % of 40 birds that nobody has seen', async () => {
    const found = await accuracy('birds_cnn', 40);
    assert.ok(found >= 0.95, `accuracy: ${found}`);
  });

  it('birds_vit knows at least 90 % of them', async () => {
    const found = await accuracy('birds_vit', 40);
    assert.ok(found >= 0.9, `accuracy: ${found}`);
  });

  it('birds_cnn_epoch1 has learned something, and much less', async () => {
    const early = await accuracy('birds_cnn_epoch1', 80);
    assert.ok(early > 1 / 8 && early < 0.9, `${early}`);
  });
});
