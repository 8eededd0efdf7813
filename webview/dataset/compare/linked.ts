import type { ComparedSet, ComparedSpace } from '../../../src/result/comparison.js';
import { Remade } from '../../shared/remade.js';
import { RIGHT, UNKNOWN, WRONG, type Facts } from '../facts.js';

/** The examples of a comparison as those of the panel: the same pictures, perhaps in other numbers. */
export interface Linked {
  /** Of each picture of the comparison its number in the panel; -1 where the panel does not have it. */
  readonly here: Int32Array;
  /** What the panel knows of the pictures, with the second model's mistakes in place of the first's. */
  readonly other: Facts;
  /** Points of either space in the panel's order; NaN where the comparison left a picture out. */
  readonly points: { readonly a: Float32Array; readonly b: Float32Array } | undefined;
  /** Pictures by what changed: disagreements, and neighbourhoods, in the panel's numbers. */
  readonly disagreements: readonly number[];
  readonly changed: readonly number[];
  /** Of each picture of the panel its number in the comparison; -1 where it is not there. */
  readonly there: Int32Array;
}

const made = new Remade<Linked>();

export function linkedTo(facts: Facts, set: ComparedSet): Linked {
  return made.get([facts, set], () => link(facts, set));
}

function link(facts: Facts, set: ComparedSet): Linked {
  const here = Int32Array.from(set.names, (name) => facts.at.get(name) ?? -1);
  const there = new Int32Array(facts.count).fill(-1);
  here.forEach((i, k) => i >= 0 && (there[i] = k));
  const { predictions, spaces } = set;
  const state = new Uint8Array(facts.count).fill(UNKNOWN);
  if (predictions !== undefined) {
    here.forEach((i, k) => {
      const [truth, said] = [predictions.truth[k]!, predictions.b[k]!];
      if (i >= 0 && truth >= 0 && said >= 0) state[i] = truth === said ? RIGHT : WRONG;
    });
  }
  const numbers = (of: ArrayLike<number>): number[] => Array.from(of, (k) => here[k]!).filter((i) => i >= 0);
  return {
    here,
    there,
    other: { ...facts, state },
    points: spaces === undefined ? undefined : { a: placed(spaces.a, here, facts), b: placed(spaces.b, here, facts) },
    disagreements: numbers(predictions?.disagreements.map((d) => d.example) ?? []),
    changed: numbers(spaces?.order ?? []),
  };
}

function placed({ points }: ComparedSpace, here: Int32Array, { count }: Facts): Float32Array {
  const out = new Float32Array(2 * count).fill(NaN);
  here.forEach((i, k) => i >= 0 && out.set(points.data.subarray(2 * k, 2 * k + 2), 2 * i));
  return out;
}
