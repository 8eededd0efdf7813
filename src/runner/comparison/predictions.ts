import { given } from '../../base/given.js';
import { sharedClasses, type SharedClasses } from '../../method/comparison/classes.js';
import type { ComparedPredictions, Disagreement, Side } from '../../result/comparison.js';
import { classNameOf } from '../input/answers.js';
import type { Seen } from './answers.js';
import type { OpenSide } from './side.js';

/**
 * What both predict, in one list of classes; a sentence where it cannot be compared.
 *
 * @param seen in the order of the answer
 */
export function predictionsOf(
  sides: Readonly<Record<Side, OpenSide>>,
  seen: readonly Seen[],
): { readonly predictions?: ComparedPredictions; readonly note?: string } {
  const other = (['a', 'b'] as const).find((side) => !sides[side].subject.classifier);
  if (other !== undefined) {
    const { kind } = sides[other].subject.output;
    return { note: `Predictions are not compared: what ${nameOf(other)} answers is no list of classes (${kind}).` };
  }
  const shared = sharedClasses(
    { labels: sides.a.labels, count: sides.a.subject.classes },
    { labels: sides.b.labels, count: sides.b.subject.classes },
  );
  if (shared === undefined) {
    const { a, b } = sides;
    return {
      note: `Predictions are not compared: one model has ${a.subject.classes} classes, the other ${b.subject.classes}, and no names by which to match them.`,
    };
  }
  return { predictions: compared(sides, shared, seen), ...given({ note: shared.note }) };
}

function nameOf(side: Side): string {
  return side === 'a' ? 'the first model' : 'the second model';
}

function compared(
  sides: Readonly<Record<Side, OpenSide>>,
  shared: SharedClasses,
  seen: readonly Seen[],
): ComparedPredictions {
  const truth = Int32Array.from(seen, ({ example }) => truthOf(sides, shared, example));
  const said = {
    a: Int32Array.from(seen, ({ a }) => (a.predicted < 0 ? -1 : shared.ofA[a.predicted]!)),
    b: Int32Array.from(seen, ({ b }) => (b.predicted < 0 ? -1 : shared.ofB[b.predicted]!)),
  };
  const confidence = {
    a: Float32Array.from(seen, ({ a }) => a.confidence),
    b: Float32Array.from(seen, ({ b }) => b.confidence),
  };
  const disagreements: Disagreement[] = [];
  const correct = { a: 0, b: 0 };
  let [agreed, counted, labelled] = [0, 0, 0];
  for (let i = 0; i < seen.length; i++) {
    const [a, b, t] = [said.a[i]!, said.b[i]!, truth[i]!];
    if (t >= 0) {
      labelled++;
      if (a === t) correct.a++;
      if (b === t) correct.b++;
    }
    if (a < 0 || b < 0) continue;
    counted++;
    if (a === b) agreed++;
    else disagreements.push({ example: i, right: t < 0 ? 'unknown' : a === t ? 'a' : b === t ? 'b' : 'neither' });
  }
  const sure = ({ example }: Disagreement): number => (confidence.a[example]! || 0) + (confidence.b[example]! || 0);
  disagreements.sort((x, y) => sure(y) - sure(x) || x.example - y.example);
  const { names: classes, matched } = shared;
  return { classes, matched, truth, ...said, confidence, agreed, counted, labelled, correct, disagreements };
}

/** The class of a picture's folder by the names of the first model, else by those of the second. */
function truthOf(sides: Readonly<Record<Side, OpenSide>>, shared: SharedClasses, example: number): number {
  const className = classNameOf(sides.a.inputs[example]!);
  if (className === undefined) return -1;
  const own = sides.a.truth(className);
  if (own !== undefined) return shared.ofA[own] ?? -1;
  const other = sides.b.truth(className);
  return other === undefined ? -1 : (shared.ofB[other] ?? -1);
}
