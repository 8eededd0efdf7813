import { labelOf, type Labels } from '../../input/labels.js';
import { classInRegions } from './class.js';
import type { TargetKind } from './kind.js';
import type { ClassRegions } from './regions.js';

const ID = 'side';

/** One of the two sides of a single Sigmoid: class 1 is the number itself, class 0 its opposite. */
export const side: TargetKind = {
  id: ID,
  read: (text, question) => classInRegions(ID, text, question),
  layoutOf: (layout) =>
    'binary' in layout && layout.binary === true
      ? { kind: ID, classes: 2, seen: (scores, labels) => sidesSeen(scores[0]!, labels) }
      : undefined,
};

/** Both sides of a logit. */
export function sidesSeen(logit: number, labels: Labels): ClassRegions {
  const name = (index: number): string => sideName(labels, index);
  return {
    kind: ID,
    probable: true,
    ranking: Float32Array.of(-logit, logit),
    shares: Float64Array.of(1 / (1 + Math.exp(logit)), 1 / (1 + Math.exp(-logit))),
    weights: (index) => Float32Array.of(index === 1 ? 1 : -1),
    label: name,
    name,
  };
}

/** Where one name is given it is that of what the number is for; the other side is what it is not. */
function sideName(labels: Labels, index: number): string {
  if (labels.names.length !== 1 || labels.origin.kind === 'default')
    return labels.names.length === 2 ? labelOf(labels, index) : `class ${index}`;
  return index === 1 ? labels.names[0]! : `not ${labels.names[0]!}`;
}
