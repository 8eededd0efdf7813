import { sizeOf, toFloat32 } from '../../base/tensor.js';
import { factOf, sampleDims } from '../subject/samples.js';
import { HeadBuilder, type Head } from './head.js';
import type { TargetKind, TargetQuestion } from './kind.js';
import { numberOf, type Target } from './target.js';

/** `cat - dog`: the difference of two targets, why this one rather than that one. */
export const difference: TargetKind = {
  id: 'difference',
  read: (text, question, read) => {
    const pair = /^(.+?)\s+[-−]\s+(.+)$/.exec(text.trim());
    if (pair === null) return undefined;
    try {
      // A class may have a dash in its name.
      return read(text);
    } catch {
      return minus(read(pair[1]!), read(pair[2]!), question);
    }
  },
};

const isSum = (target: Target): boolean => target.unit === undefined && target.head === undefined;

/** Both as weights of all scores: of classes, or of all that a map or a list of boxes holds; else a head that computes it. */
function minus(first: Target, second: Target, question: TargetQuestion): Target {
  const label = `${first.label} − ${second.label}`;
  const { index } = first;
  if (!isSum(first) || !isSum(second)) return { index, label, head: headOf(first, second, question) };
  const size = first.weights?.length ?? second.weights?.length ?? sizeOfScores(question);
  const weights = new Float32Array(size);
  for (const [target, sign] of [
    [first, 1],
    [second, -1],
  ] as const) {
    if (target.weights === undefined) weights[target.index]! += sign;
    else target.weights.forEach((w, i) => (weights[i]! += sign * w));
  }
  return { index, label, weights };
}

/** Numbers of different places: each is computed by nodes of its own. */
function headOf(first: Target, second: Target, { subject }: TargetQuestion): Head {
  const scores = subject.scoreValue('logit').value;
  const parts = [first, second].map((target) => numberOf(target, scores));
  const what = parts.map(({ value, pick }) => [
    value,
    typeof pick !== 'string' && 'direction' in pick ? Array.from(toFloat32(pick.direction)) : pick,
  ]);
  const known = first.head === undefined && second.head === undefined;
  const like = known ? parts[0]!.value : scores;
  const b = new HeadBuilder(subject.facts, like, JSON.stringify(['difference', what]));
  const [p, q] = [first, second].map(({ head }, i) => (head === undefined ? b.of(parts[i]!) : b.join(head)));
  return b.done(b.sub(p!, q!));
}

function sizeOfScores({ subject }: TargetQuestion): number {
  return sizeOf(sampleDims(factOf(subject.facts, subject.scoreValue('logit').value), subject.facts));
}
