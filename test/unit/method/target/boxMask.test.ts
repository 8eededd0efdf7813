import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { readRegion } from '../../../../src/base/region.js';
import type { Labels } from '../../../../src/input/labels.js';
import { predict } from '../../../../src/method/activations/prediction.js';
import { valuesOf } from '../../../../src/method/output/layout.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { TargetQuestion } from '../../../../src/method/target/kind.js';
import type { Box } from '../../../../src/result/output.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { openTiny, SIDE, tinyPicture } from '../tinyNet.js';
import { detectorNet, KINDS, PROTOTYPES, type DetectorNet } from './detectorNet.js';

const PLACES = 8;

describe('method/target: masks of boxes', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  after(() => sessions.dispose());

  const use = async (
    head: DetectorNet['head'],
    work: (subject: ModelSubject, question: TargetQuestion, boxes: readonly Box[]) => Promise<void>,
  ): Promise<void> => {
    const subject = await openTiny(detectorNet({ ...(head && { head }) }), sessions, { labels: KINDS });
    try {
      const labels: Labels = { names: KINDS, origin: { kind: 'metadata', detail: 'names' } };
      const x = tinyPicture();
      const [ranking] = await predict(subject, labels, x, 3, signal);
      const values = await subject.values(x, valuesOf(subject.output.layout!), signal);
      const sample = new Map([...values].map(([name, t]) => [name, t.data]));
      const question = { scores: ranking!.logits, labels, subject, sample, regions: ranking!.regions };
      await work(subject, question, ranking!.decoded!.boxes!);
    } finally {
      await subject.dispose();
    }
  };

  it('are where the prototypes, by the coefficients of a box, are above zero within it', async () => {
    await use('segment', async (subject, question, boxes) => {
      const rows = question.sample!.get('raw')!;
      const planes = question.sample!.get('protos')!;
      assert.ok(boxes.length > 1, `${boxes.length} boxes`);
      let painted = 0;
      for (const [rank, { candidate, box, mask }] of boxes.entries()) {
        const region = readRegion(mask!)!;
        assert.deepEqual([region.width, region.height], [PLACES, PLACES]);
        const sumAt = (place: number): number => {
          let sum = 0;
          for (let k = 0; k < PROTOTYPES; k++)
            sum += rows[(4 + KINDS.length + k) * 80 + candidate]! * planes[k * PLACES * PLACES + place]!;
          return sum;
        };
        const inside = (place: number): boolean => {
          const [px, py] = [place % PLACES, Math.floor(place / PLACES)].map((v) => ((v + 0.5) * SIDE) / PLACES);
          return px! >= box[0] && px! < box[2] && py! >= box[1] && py! < box[3];
        };
        const expected = Uint8Array.from(region.data, (_, i) => Number(inside(i) && sumAt(i) > 0));
        assert.deepEqual(region.data, expected, `box ${rank + 1}`);
        const places = [...expected.keys()].filter((i) => expected[i] === 1);
        painted += places.length;
        const text = `mask:box:${rank + 1}`;
        if (places.length === 0) {
          assert.throws(
            () => findTarget(text, question),
            (e: unknown) => e instanceof LensError && /is empty/.test(e.message) && e.hint !== undefined,
          );
          continue;
        }
        const target = findTarget(text, question);
        assert.match(target.label, new RegExp(`^mask of box ${rank + 1}: \\w+ \\(${places.length} of 64 places\\)$`));
        const [score] = await subject.asking(target).scores(tinyPicture(), target, 'logit', signal);
        const mean = places.reduce((sum, i) => sum + sumAt(i), 0) / places.length;
        assertClose(score!, mean, { absolute: 1e-4 }, text);
      }
      assert.ok(painted > 0, 'no mask has a place');
    });
  });

  it('are refused where there are none, or where a row means another box in another picture', async () => {
    const refused = (question: TargetQuestion, text: string, message: RegExp): void =>
      assert.throws(
        () => findTarget(text, question),
        (e: unknown) => e instanceof LensError && message.test(e.message) && e.hint !== undefined,
      );
    await use('v8', async (_, question) => refused(question, 'mask:box:1', /makes no masks/));
    await use('segment', async (_, question) => {
      refused(question, 'mask:box:0', /There is no box 0/);
      refused(question, 'mask:box:999', /There is no box 999: the model finds \d+/);
    });
  });
});
