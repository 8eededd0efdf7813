import type { Field } from '../../../numeric/tsne/forces.js';

/** What the threads of a team have in common; its arrays lie in memory that they share. */
export interface Shared {
  readonly field: Field;
  /** `[1]`: how many shares have been taken. */
  readonly taken: Int32Array;
}

/** The next share that nobody has taken. */
export function shareAfter(taken: Int32Array): number {
  return Atomics.add(taken, 0, 1);
}
