import { LensError } from '../../base/errors.js';
import { paintedPlaces } from '../../base/region.js';
import { labelOf } from '../../input/labels.js';
import { boxesOf } from '../output/detection/boxes.js';
import { maskRegion } from '../output/detection/masks.js';
import type { DetectionLayout } from '../output/layout.js';
import { HeadBuilder } from './head.js';
import type { TargetQuestion } from './kind.js';
import type { Target } from './target.js';

/**
 * `mask:box:1`, the mask of a box: the mean, over the places of the mask as it is now, of the sum of the prototypes by the
 * coefficients of the box's candidate, before the Sigmoid.
 */
export function maskOfBox(rank: number, question: TargetQuestion, layout: DetectionLayout): Target {
  const { labels, subject, sample } = question;
  const { masks, boxes, suppressed } = layout;
  const prototypes = masks?.prototypes;
  if (masks === undefined || prototypes === undefined)
    throw refuse('The detector makes no masks: it answers boxes alone.', 'Explain the box itself, e.g. box:1.');
  if (suppressed) {
    throw refuse(
      'The rows of this detector are ordered by their scores, so that the mask of one cannot be followed from picture to picture.',
      `Explain the box itself, box:${rank}, or export the detector without suppression (nms=False, end2end=False).`,
    );
  }
  if (sample === undefined) throw new Error('The values of the boxes are needed');
  const list = rank < 1 ? [] : boxesOf(layout, sample, { labels, input: subject.input, most: rank });
  const chosen = list[rank - 1];
  if (chosen === undefined) {
    throw refuse(
      `There is no box ${rank}: ${rank < 1 ? 'they are counted from 1' : `the model finds ${list.length} in this picture`}.`,
      'Choose one that is listed, the best is mask:box:1.',
    );
  }
  const region = maskRegion(layout, sample, chosen, subject.input);
  const places = region === undefined ? 0 : paintedPlaces(region);
  if (region === undefined || places === 0)
    throw refuse(
      `The mask of box ${rank} is empty: no place in it is likelier than not.`,
      `Explain box:${rank} itself.`,
    );
  const { height, width } = prototypes;
  const { candidate, index } = chosen;
  const offsets = Array.from({ length: masks.count }, (_, k) => masks.at(candidate, k));
  const what = JSON.stringify(['mask of a box', boxes.value, prototypes, offsets, Array.from(region.data)]);
  const b = new HeadBuilder(subject.facts, boxes.value, what);
  const planes = b.reshape(b.rows(prototypes.value), [masks.count, height * width]);
  const share = b.constant(
    Array.from(region.data, (v) => v / places),
    [height * width, 1],
  );
  const means = b.reshape(b.op('MatMul', [planes, share], [masks.count, 1]), [masks.count]);
  const sum = b.reduce('ReduceSum', b.mul(means, b.take(b.rows(boxes.value), offsets)));
  const name = labelOf(labels, index);
  return {
    index,
    label: `mask of box ${rank}: ${name} (${places} of ${height * width} places)`,
    head: b.done(sum),
    box: chosen.box,
  };
}

function refuse(sentence: string, hint: string): LensError {
  return new LensError('usage', 'target/mask', sentence, { hint });
}
