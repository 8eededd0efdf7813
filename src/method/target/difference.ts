import type { TargetKind } from './kind.js';
import type { Target } from './target.js';

/** `cat - dog`: the difference of the scores of two classes, why this one rather than that one. */
export const difference: TargetKind = {
  id: 'difference',
  read: (text, { scores }, read) => {
    const pair = /^(.+?)\s+[-−]\s+(.+)$/.exec(text.trim());
    if (pair === null) return undefined;
    try {
      // A class may have a dash in its name.
      return read(text);
    } catch {
      return minus(read(pair[1]!), read(pair[2]!), scores.length);
    }
  },
};

/** Both as weights of all scores: of classes, or of all that a map or a list of boxes holds. */
function minus(first: Target, second: Target, classes: number): Target {
  const weights = first.weights?.slice() ?? new Float32Array(classes);
  if (second.weights !== undefined) second.weights.forEach((w, i) => (weights[i]! -= w));
  else {
    weights[first.index]! += 1;
    weights[second.index]! -= 1;
  }
  return { index: first.index, label: `${first.label} − ${second.label}`, weights };
}
