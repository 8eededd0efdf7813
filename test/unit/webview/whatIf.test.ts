import assert from 'node:assert/strict';
import type { PictureEdit, Rgb } from '../../../src/base/picture.js';
import { address } from '../../../src/base/place.js';
import type { ClassScore } from '../../../src/result/explanation.js';
import { blurred, meanColour, PaintLayer, paintedOver } from '../../../webview/explain/whatIf/layer.js';
import { whatIfRows } from '../../../webview/explain/whatIf/rows.js';
import { WhatIf } from '../../../webview/explain/whatIf/whatIf.js';
import { assertClose } from '../support/close.js';
import { explanationWith } from '../support/explanation.js';

const plain = (width: number, height: number, colour: readonly number[]): Rgb => ({
  width,
  height,
  data: Uint8Array.from({ length: 3 * width * height }, (_, i) => colour[i % 3]!),
});
const score = (index: number, probability: number): ClassScore => ({
  index,
  label: `class ${index}`,
  probability,
  logit: probability,
});
const settle = async (): Promise<void> => {
  for (let i = 0; i < 30; i++) await new Promise((resolve) => setImmediate(resolve));
};
const picture = address('file:///cat.png');
const spot = (x: number, y: number) => ({ x, y });

/** A what-if over a red picture of 8 × 8 whose host answers when the test says so. */
function begun() {
  const asked: { readonly edit: PictureEdit | undefined; answer(scores: readonly ClassScore[]): void }[] = [];
  const painted: (PictureEdit | undefined)[] = [];
  const kept: PictureEdit[] = [];
  const host = {
    scores: ({ edit }: { edit?: PictureEdit }) =>
      new Promise<readonly ClassScore[]>((resolve) => asked.push({ edit, answer: resolve })),
    paint: async ({ painted: p }: { painted?: { edit: PictureEdit } }) => void painted.push(p?.edit),
    keepEdit: async ({ edit }: { edit: PictureEdit }) => `edit-${kept.push(edit)}`,
  };
  const w = new WhatIf(
    host,
    () => undefined,
    () => ({}),
    () => Promise.resolve(),
  );
  const shown = (parts: Parameters<typeof explanationWith>[0] = {}) => ({
    explanation: explanationWith({ picture: plain(8, 8, [200, 0, 0]), ...parts }),
    picture,
    current: true,
    partial: false,
  });
  w.follow(shown());
  return { w, asked, painted, kept, shown };
}

describe('what if, by hand', () => {
  it('asks about the picture as it is, then about what is painted, one question at a time, the newest next', async () => {
    const { w, asked } = begun();
    w.show(true);
    await settle();
    assert.equal(asked.length, 1);
    assert.equal(asked[0]!.edit, undefined);
    asked[0]!.answer([score(0, 0.9), score(1, 0.1)]);
    await settle();
    assert.equal(asked.length, 1, 'nothing is painted: nothing more to ask');
    w.stroke({ phase: 'begin', from: spot(1, 1), to: spot(1, 1) });
    await settle();
    assert.equal(asked.length, 2);
    const first = asked[1]!.edit!;
    w.stroke({ phase: 'move', from: spot(1, 1), to: spot(5, 1) });
    w.stroke({ phase: 'move', from: spot(5, 1), to: spot(7, 7) });
    w.stroke({ phase: 'end', from: spot(7, 7), to: spot(7, 7) });
    await settle();
    assert.equal(asked.length, 2, 'one at a time');
    asked[1]!.answer([score(1, 0.6), score(0, 0.4)]);
    await settle();
    assert.equal(w.after?.[0]?.index, 1, 'it moves while one paints');
    assert.equal(asked.length, 3, 'two strokes are one question');
    assert.notDeepEqual(asked[2]!.edit, first);
    asked[2]!.answer([score(1, 0.8), score(0, 0.2)]);
    await settle();
    assert.equal(w.after?.[0]?.probability, 0.8);
    assert.equal(w.before?.[0]?.probability, 0.9);
    assert.equal(w.working, false);
  });

  it('undoes strokes one by one, and clears them, which can be undone too', async () => {
    const { w } = begun();
    w.show(true);
    for (const x of [1, 6]) {
      w.stroke({ phase: 'begin', from: spot(x, 4), to: spot(x, 4) });
      w.stroke({ phase: 'move', from: spot(x, 4), to: spot(x, 5) });
      w.stroke({ phase: 'end', from: spot(x, 5), to: spot(x, 5) });
    }
    const both = w.share;
    w.clear();
    assert.equal(w.edit, undefined);
    w.undo();
    assert.equal(w.share, both);
    w.undo();
    assert.ok(w.share > 0 && w.share < both, `${w.share} of ${both}`);
    w.undo();
    assert.equal(w.edit, undefined);
    assert.equal(w.canUndo, false);
  });

  it('moves a square by keys that touches nothing until it is pressed', () => {
    const { w } = begun();
    w.show(true);
    w.choose({ share: 0.25 });
    w.stroke({ phase: 'over', from: spot(2, 2), to: spot(2, 2) });
    assert.equal(w.share, 4 / 64, 'it is seen, and asked about');
    w.stroke({ phase: 'over', from: spot(4, 4), to: spot(4, 4) });
    assert.equal(w.share, 4 / 64);
    w.stroke({ phase: 'stamp', from: spot(4, 4), to: spot(4, 4) });
    w.stroke({ phase: 'over', from: spot(7, 7), to: spot(7, 7) });
    assert.equal(w.share, 8 / 64);
    w.stroke({ phase: 'leave', from: spot(7, 7), to: spot(7, 7) });
    assert.equal(w.share, 4 / 64);
  });

  it('keeps what was painted over another method and a page that comes back, not over another picture', async () => {
    const { w, shown, kept, painted } = begun();
    w.show(true);
    w.stroke({ phase: 'begin', from: spot(1, 1), to: spot(1, 1) });
    const { edit } = w;
    w.follow(shown({ score: 'probability' }));
    assert.equal(w.edit, edit);
    w.follow(shown({ edited: { pixels: 1, sha256: '' }, picture: plain(8, 8, [0, 0, 0]) }));
    assert.equal(w.edit, edit, 'an edited picture is not the one to paint on');
    assert.deepEqual(w.picture, plain(8, 8, [200, 0, 0]));
    const id = await w.keep();
    assert.equal(w.editOf(id), edit);
    assert.equal(kept[0], edit);
    await settle();
    assert.equal(painted.at(-1), edit, 'the host knows it, should the page be thrown away');
    const next = begun();
    next.w.restore({ picture: address('file:///dog.png'), edit: edit! });
    next.w.follow({ ...next.shown(), picture: address('file:///dog.png') });
    assert.deepEqual(next.w.edit, edit);
    assert.equal(next.w.open, true);
    w.follow({ ...shown(), picture: address('file:///dog.png') });
    assert.equal(w.edit, undefined);
  });

  it('says what is wrong, and goes on', async () => {
    const { w, asked } = begun();
    const failing = asked as unknown as { answer(scores: Promise<never>): void }[];
    w.show(true);
    await settle();
    failing[0]!.answer(Promise.reject(new Error('no such file')));
    await settle();
    assert.match(w.error?.message ?? '', /no such file/);
    w.stroke({ phase: 'begin', from: spot(1, 1), to: spot(1, 1) });
    await settle();
    asked[1]!.answer([score(0, 1)]);
    await settle();
    asked[2]!.answer([score(0, 0.5)]);
    await settle();
    assert.equal(w.error, undefined);
    assert.equal(w.after?.[0]?.probability, 0.5);
  });

  it('says nothing of another picture that is wrong with the one before', async () => {
    const { w, asked, shown } = begun();
    const failing = asked as unknown as { answer(scores: Promise<never>): void }[];
    const fail = async (at: number): Promise<void> => {
      failing[at]!.answer(Promise.reject(new Error('no such file')));
      await settle();
    };
    w.show(true);
    await settle();
    await fail(0);
    w.follow({ ...shown(), picture: address('file:///dog.png') });
    assert.equal(w.error, undefined, 'of before');
    await settle();
    w.follow({ ...shown(), picture: address('file:///emu.png') });
    await fail(1);
    assert.equal(w.error, undefined, 'it came late');
  });
});

describe('what is painted', () => {
  it('covers the picture with the colour, or takes its details away', () => {
    const striped: Rgb = {
      width: 48,
      height: 48,
      data: Uint8Array.from({ length: 3 * 48 * 48 }, (_, i) => (Math.floor(i / 3) % 2) * 255),
    };
    const layer = new PaintLayer(striped);
    layer.paint({ size: 10, shape: 'square' }, spot(24, 24), spot(24, 24), 'blur');
    const soft = paintedOver(striped, layer.edit()).data;
    const middle = soft[3 * (24 * 48 + 24)]!;
    assertClose(middle, 127, { absolute: 12 }, 'stripes of 0 and 255 become grey');
    assert.equal(soft[0], striped.data[0], 'beside the brush it is as it was');
    layer.paint({ size: 2, shape: 'square' }, spot(24, 24), spot(24, 24), [10, 20, 30]);
    assert.deepEqual(
      [...paintedOver(striped, layer.edit()).data.subarray(3 * (24 * 48 + 24), 3 * (24 * 48 + 24) + 3)],
      [10, 20, 30],
    );
  });

  it('takes few strokes back where each takes much memory', () => {
    const layer = new PaintLayer({ width: 4096, height: 2048, data: new Uint8Array(3 * 4096 * 2048) });
    for (let stroke = 0; stroke < 4; stroke++) layer.begin();
    let undone = 0;
    for (; layer.canUndo; undone++) layer.undo();
    assert.equal(undone, 1, '33.6 MB each');
  });

  it('blurs nothing that is plain, up to the edges, and keeps the mean', () => {
    const flat = plain(7, 5, [13, 200, 77]);
    assert.deepEqual(blurred(flat), flat);
    assert.deepEqual(meanColour(flat), [13, 200, 77]);
  });
});

describe('predictions before and after', () => {
  it('stay in their place, the target among them, and what has risen comes below', () => {
    const before = [score(0, 0.5), score(1, 0.3), score(2, 0.1), score(3, 0.06), score(4, 0.04)];
    const after = [score(4, 0.7), score(1, 0.2), score(0, 0.05), score(2, 0.03), score(3, 0.02)];
    const rows = whatIfRows(before, after, 3, 2);
    assert.deepEqual(
      rows.map((r) => r.index),
      [0, 1, 3, 4],
    );
    assert.deepEqual(
      rows.map((r) => [r.before?.probability, r.after?.probability]),
      [
        [0.5, 0.05],
        [0.3, 0.2],
        [0.06, 0.02],
        [0.04, 0.7],
      ],
    );
    assert.deepEqual(
      whatIfRows(before, undefined, undefined, 2).map((r) => r.after),
      before.slice(0, 2),
    );
  });
});
