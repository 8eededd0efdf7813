import type { ModelSubject } from '../subject/modelSubject.js';
import { box } from './box.js';
import { boxes } from './boxes.js';
import { oneClass } from './class.js';
import { difference } from './difference.js';
import type { TargetKind, TargetQuestion } from './kind.js';
import { mask } from './mask.js';
import { place } from './place.js';
import { region } from './region.js';
import type { ClassLayout } from './regions.js';
import { side } from './side.js';
import { similar } from './similar.js';
import type { Target } from './target.js';
import { unit } from './unit.js';
import { value } from './value.js';
import { whole } from './whole.js';

/** Every kind of target, in the order in which a text is offered to them. The last takes what no other did, or refuses it. */
export const TARGET_KINDS: readonly TargetKind[] = [
  unit,
  difference,
  similar,
  box,
  mask,
  place,
  value,
  side,
  region,
  boxes,
  whole,
  oneClass,
];

/**
 * The target that a person wrote, e.g. `top1`, `tabby cat`, `cat - dog`, `conv3#5`.
 *
 * @throws LensError `target/…` where the text means nothing in this model
 */
export function findTarget(text: string, question: TargetQuestion): Target {
  return readBy(TARGET_KINDS, text, question);
}

/** The first answer of the kinds; a part of a text is read by those that come after the one that asks. */
function readBy(kinds: readonly TargetKind[], text: string, question: TargetQuestion): Target {
  for (const [i, kind] of kinds.entries()) {
    const later = kinds.slice(i + 1);
    const target = kind.read(text, question, (part) => readBy(later, part, question));
    if (target !== undefined) return target;
  }
  throw new Error(`No kind of target reads "${text}"`);
}

/**
 * How classes lie in the scores of a sample, where they are a map of classes or a list of boxes. Undefined for everything
 * else.
 */
export function classLayoutOf(subject: Pick<ModelSubject, 'output'>): ClassLayout | undefined {
  const { layout } = subject.output;
  if (layout === undefined) return undefined;
  for (const kind of TARGET_KINDS) {
    const found = kind.layoutOf?.(layout);
    if (found !== undefined) return found;
  }
  return undefined;
}
