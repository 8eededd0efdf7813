/** How often a model is right, and what that says. */
export interface AccuracyFinding {
  readonly right: number;
  readonly of: number;
  readonly accuracy: number;
  /** Where the accuracy on other pictures of the kind lies, 95 of 100 times (Wilson 1927). */
  readonly interval: readonly [low: number, high: number];
  /** Share of the commonest class. */
  readonly majority: number;
  /** By class, in the order of their numbers. */
  readonly classes: readonly { readonly index: number; readonly right: number; readonly of: number }[];
}

/** @param rows truth and prediction of each picture */
export function accuracyOf(rows: readonly { readonly truth: number; readonly predicted: number }[]): AccuracyFinding {
  const classes = new Map<number, { index: number; right: number; of: number }>();
  for (const { truth, predicted } of rows) {
    const row = classes.get(truth) ?? { index: truth, right: 0, of: 0 };
    classes.set(truth, { index: truth, right: row.right + (predicted === truth ? 1 : 0), of: row.of + 1 });
  }
  const each = [...classes.values()].sort((a, b) => a.index - b.index);
  const right = each.reduce((sum, c) => sum + c.right, 0);
  const of = rows.length;
  return {
    right,
    of,
    accuracy: right / of,
    interval: wilson(right, of),
    majority: each.reduce((most, c) => Math.max(most, c.of), 0) / of,
    classes: each,
  };
}

const Z = 1.959964;

/** Wilson's 95 % interval of a share. */
export function wilson(right: number, of: number): readonly [number, number] {
  if (of === 0) return [0, 1];
  const p = right / of;
  const centre = p + (Z * Z) / (2 * of);
  const spread = Z * Math.sqrt((p * (1 - p)) / of + (Z * Z) / (4 * of * of));
  const scale = 1 + (Z * Z) / of;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

/** Probability of at least `hits` of `of` fair coins: McNemar's exact test of the pairs that differ, one side. */
export function signTest(hits: number, of: number): number {
  if (of === 0) return 1;
  let logChoose = 0;
  let sum = 0;
  for (let k = 0; k <= of; k++) {
    if (k >= hits) sum += Math.exp(logChoose - of * Math.LN2);
    logChoose += Math.log((of - k) / (k + 1));
  }
  return Math.min(1, sum);
}
