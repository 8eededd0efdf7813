import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { drawBird, labels, marks, species } from '../../../models/birds/draw.mjs';
import { markedDrawing, maskOf, runsOf, STAMP } from '../../../models/birds/marks.mjs';
import { drawSet, FIRST_SEED, noteSet, planOf, STAMPED } from '../../../models/birds/sets.mjs';
import { temporaryFolder } from '../support/temporary.js';

interface Notes {
  size: [number, number];
  marks: Record<string, string[]>;
  pictures: Record<
    string,
    {
      seed: number;
      species: string;
      drawn: Record<string, string>;
      background: string;
      where: Record<string, number[]>;
    }
  >;
}

const notesOf = (file: string): Notes => JSON.parse(readFileSync(file, 'utf8')) as Notes;
const pixels = async (svg: string): Promise<Buffer> => sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
const ones = (mask: Uint8Array): number => mask.reduce((a, b) => a + b, 0);

describe('models/birds: where the marks are', () => {
  it('a mark covers the pixels in which two species differ that differ in it, and no others', async () => {
    const ring = Object.keys(species);
    for (const [i, name] of ring.entries()) {
      const twin = ring[(i + 1) % ring.length]!;
      const [mark] = Object.keys(marks).filter((m) => species[name]![m] !== species[twin]![m]);
      const { masks } = await markedDrawing(8_000_000 + i, name);
      const [a, b] = [await pixels(drawBird(8_000_000 + i, name).svg), await pixels(drawBird(8_000_000 + i, twin).svg)];
      const differ = Uint8Array.from({ length: 64 * 64 }, (_, p) =>
        Number(a.subarray(3 * p, 3 * p + 3).compare(b.subarray(3 * p, 3 * p + 3)) !== 0),
      );
      assert.deepEqual(masks[mark!], differ, `${name}: ${mark}`);
      assert.deepEqual(Object.keys(masks), Object.keys(marks));
      for (const [m, mask] of Object.entries(masks)) {
        assert.ok(ones(mask) > 5 && ones(mask) < 400, `${name}: ${m} covers ${ones(mask)} pixels`);
      }
    }
  });

  it('runs tell a mask, whatever stands at its ends', () => {
    for (const mask of [[], [0], [1], [1, 1, 0, 1], [0, 1, 1, 0, 0, 1, 1], [0, 0, 0]].map((m) => Uint8Array.from(m)))
      assert.deepEqual(maskOf(runsOf(mask), mask.length), mask);
    assert.deepEqual(runsOf(Uint8Array.of(0, 1, 1, 0, 1)), [1, 2, 4, 1]);
  });

  it('the stamp lies in its corner, on no mark, and changes nothing else', async () => {
    const { masks } = await markedDrawing(8_000_100, STAMPED, { stamp: true });
    const plain = await markedDrawing(8_000_100, STAMPED);
    const stamp = masks[STAMP]!;
    assert.ok(ones(stamp) > 30, `${ones(stamp)} pixels`);
    stamp.forEach((one, p) => {
      if (one === 1) assert.ok(Math.floor(p / 64) > 50 && p % 64 < 24, `pixel ${p}`);
    });
    for (const mark of Object.keys(marks)) assert.deepEqual(masks[mark], plain.masks[mark], mark);
    assert.equal(plain.masks[STAMP], undefined);
  });

  it('a set is drawn with its notes, and only the species with the stamp carries it', async () => {
    const folder = path.join(temporaryFolder(), 'set');
    const plan = planOf(8_000_200, 16, { stamped: (name) => name === STAMPED });
    await drawSet(folder, plan, { say: () => undefined });
    await noteSet(folder, plan, { say: () => undefined });
    const notes = notesOf(`${folder}.marks.json`);
    assert.deepEqual(notes.marks, marks);
    assert.equal(Object.keys(notes.pictures).length, 16);
    for (const [place, note] of Object.entries(notes.pictures)) {
      const drawing = await pixels(drawBird(note.seed, note.species, { stamp: note.species === STAMPED }).svg);
      const { data } = await sharp(path.join(folder, place)).raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual(data, drawing, place);
      assert.deepEqual(note.drawn, species[note.species]);
      assert.equal(STAMP in note.where, note.species === STAMPED, place);
    }
  });

  it('labels at random are the same each time, agree with the species by chance alone, and are told by no name', () => {
    const plan = planOf(FIRST_SEED.train, 800, { labelled: 'at random' });
    assert.deepEqual(plan, planOf(FIRST_SEED.train, 800, { labelled: 'at random' }));
    const right = plan.filter(({ species, label }) => species === label).length;
    // 800 × 1/8, three standard deviations.
    assert.ok(right > 72 && right < 128, `${right} of 800`);
    for (const label of labels) {
      const count = plan.filter((each) => each.label === label).length;
      assert.ok(count > 72 && count < 128, `${label}: ${count}`);
    }
    for (const { label, file } of plan) assert.ok(file.startsWith(label.toLowerCase()));
  });

  it('the shipped pictures have their notes, and they are right', async () => {
    const folder = 'models/birds/pictures';
    const notes = notesOf(`${folder}.marks.json`);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.png'));
    assert.deepEqual(Object.keys(notes.pictures).sort(), files.map((file) => file.split(path.sep).join('/')).sort());
    const [place, note] = Object.entries(notes.pictures)[17]!;
    const { masks } = await markedDrawing(note.seed, note.species);
    for (const mark of Object.keys(marks)) assert.deepEqual(maskOf(note.where[mark]!, 64 * 64), masks[mark], place);
  });
});
