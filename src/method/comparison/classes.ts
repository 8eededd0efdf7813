import { LabelIndex, labelOf, type Labels } from '../../input/labels.js';

/** The classes of two models as one list. */
export interface SharedClasses {
  readonly names: readonly string[];
  /** The place in `names` of each class of either model. */
  readonly ofA: Int32Array;
  readonly ofB: Int32Array;
  readonly matched: 'name' | 'number';
  /** What must be said where classes were not found by their names. */
  readonly note?: string;
}

export interface NamedClasses {
  readonly labels: Labels;
  readonly count: number;
}

/**
 * Which class of one model is which of the other: by name where both have names, by number where one has none and there
 * are as many.
 *
 * @returns nothing where they cannot be matched
 */
export function sharedClasses(a: NamedClasses, b: NamedClasses): SharedClasses | undefined {
  const [named, otherNamed] = [isNamed(a), isNamed(b)];
  if (named && otherNamed) {
    const names = namesOf(a);
    const index = new LabelIndex({ names });
    const found = namesOf(b).map((name) => index.find(name));
    if (found.some((at) => at !== undefined)) {
      const ofB = found.map((at, i) => at ?? names.push(labelOf(b.labels, i)) - 1);
      return { names, ofA: counting(a.count), ofB: Int32Array.from(ofB), matched: 'name' };
    }
  }
  if (a.count !== b.count) return undefined;
  return {
    names: namesOf(named || !otherNamed ? a : b),
    ofA: counting(a.count),
    ofB: counting(b.count),
    matched: 'number',
    ...(named && otherNamed
      ? { note: 'No class of one model has the name of one of the other: classes are taken by their numbers.' }
      : {}),
  };
}

function isNamed({ labels }: NamedClasses): boolean {
  return labels.origin.kind !== 'default';
}

function namesOf({ labels, count }: NamedClasses): string[] {
  return Array.from({ length: count }, (_, i) => labelOf(labels, i));
}

function counting(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}
