import { Random } from '../base/random.js';
import type { FloatTensor } from '../base/tensor.js';
import { minimise } from './lbfgs.js';

export interface Probe {
  /** Mean accuracy on what was held out, and its standard deviation over the seeds. */
  readonly accuracy: number;
  readonly sd: number;
  /** The accuracy of always saying the most frequent class. */
  readonly majority: number;
  /** One over the share that is held out, and how often it was drawn. */
  readonly folds: number;
  readonly seeds: number;
  /** Examples and classes that took part: a class with one example cannot. */
  readonly examples: number;
  readonly classes: number;
}

export interface ProbeOptions {
  readonly seeds?: number;
  readonly folds?: number;
  /** The inverse strength of the penalty, as in scikit-learn. */
  readonly c?: number;
  readonly seed?: number;
  /** Called before each fit; what it throws ends the probe, and what it awaits lets others in. */
  readonly pause?: (fit: number) => Promise<void> | void;
}

/**
 * How well classes come apart by planes (a linear probe, Alain and Bengio 2016): multinomial logistic regression with an L2
 * penalty on standardised features, fitted on four fifths of each class and asked about the rest, five times.
 *
 * @param features `[count, d]`, finite
 * @param labels one for each; a negative one is unknown and takes no part
 * @returns nothing where fewer than two classes have two examples
 */
export async function linearProbe(
  features: FloatTensor,
  labels: ArrayLike<number>,
  { seeds = 5, folds = 5, c = 1, seed = 0, pause }: ProbeOptions = {},
): Promise<Probe | undefined> {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++)
    if (labels[i]! >= 0) groups.set(labels[i]!, [...(groups.get(labels[i]!) ?? []), i]);
  const classes = [...groups].filter(([, members]) => members.length > 1).sort(([a], [b]) => a - b);
  if (classes.length < 2) return undefined;
  const total = classes.reduce((sum, [, members]) => sum + members.length, 0);
  const scores: number[] = [];
  for (let s = 0; s < seeds; s++) {
    await pause?.(s);
    const random = new Random(seed).fork(s);
    const [train, test]: [Example[], Example[]] = [[], []];
    classes.forEach(([, members], label) => {
      const order = random.shuffle([...members]);
      const held = Math.max(1, Math.round(order.length / folds));
      order.forEach((row, at) => (at < held ? test : train).push({ row, label }));
    });
    scores.push(accuracyOf(features, train, test, classes.length, c));
  }
  const mean = scores.reduce((a, b) => a + b, 0) / seeds;
  return {
    accuracy: mean,
    sd: Math.sqrt(scores.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, seeds - 1)),
    majority: Math.max(...classes.map(([, members]) => members.length)) / total,
    folds,
    seeds,
    examples: total,
    classes: classes.length,
  };
}

interface Example {
  readonly row: number;
  readonly label: number;
}

function accuracyOf(
  features: FloatTensor,
  train: readonly Example[],
  test: readonly Example[],
  classes: number,
  c: number,
): number {
  const d = features.dims[1] ?? 0;
  const { mean, scale } = standard(features, train);
  const rows = (of: readonly Example[]): Float64Array[] =>
    of.map(({ row }) =>
      Float64Array.from({ length: d }, (_, j) => (features.data[row * d + j]! - mean[j]!) * scale[j]!),
    );
  const weights = fit(rows(train), train, classes, c);
  const scores = new Float64Array(classes);
  const right = rows(test).filter((x, i) => {
    score(x, weights, scores);
    return scores.indexOf(Math.max(...scores)) === test[i]!.label;
  });
  return right.length / test.length;
}

/** `[classes, d + 1]`, the last column without penalty. */
function fit(x: readonly Float64Array[], of: readonly Example[], classes: number, c: number): Float64Array {
  const d = x[0]?.length ?? 0;
  const weights = new Float64Array(classes * (d + 1));
  const p = new Float64Array(classes);
  minimise(weights, (w, gradient) => {
    gradient.fill(0);
    let loss = 0;
    x.forEach((row, i) => {
      score(row, w, p);
      const most = p.reduce((a, b) => Math.max(a, b), -Infinity);
      let sum = 0;
      for (let k = 0; k < classes; k++) sum += p[k] = Math.exp(p[k]! - most);
      for (let k = 0; k < classes; k++) {
        const error = p[k]! / sum - (k === of[i]!.label ? 1 : 0);
        if (k === of[i]!.label) loss -= Math.log(p[k]! / sum + Number.MIN_VALUE);
        const at = k * (d + 1);
        for (let j = 0; j < d; j++) gradient[at + j]! += error * row[j]!;
        gradient[at + d]! += error;
      }
    });
    // Over the number of examples, so that the bound on the gradient means the same for any of them.
    for (let at = 0; at < w.length; at++) {
      const penalised = at % (d + 1) !== d;
      if (penalised) loss += w[at]! ** 2 / (2 * c);
      gradient[at] = (gradient[at]! + (penalised ? w[at]! / c : 0)) / x.length;
    }
    return loss / x.length;
  });
  return weights;
}

function score(x: Float64Array, weights: Float64Array, out: Float64Array): void {
  const d = x.length;
  for (let k = 0; k < out.length; k++) {
    const at = k * (d + 1);
    let sum = weights[at + d]!;
    for (let j = 0; j < d; j++) sum += weights[at + j]! * x[j]!;
    out[k] = sum;
  }
}

/** Mean and inverse standard deviation of each feature over the examples; constant features count nothing. */
function standard(features: FloatTensor, of: readonly Example[]): { mean: Float64Array; scale: Float64Array } {
  const d = features.dims[1] ?? 0;
  const [mean, scale] = [new Float64Array(d), new Float64Array(d)];
  for (const { row } of of) for (let j = 0; j < d; j++) mean[j]! += features.data[row * d + j]! / of.length;
  for (const { row } of of)
    for (let j = 0; j < d; j++) scale[j]! += (features.data[row * d + j]! - mean[j]!) ** 2 / of.length;
  for (let j = 0; j < d; j++) scale[j] = scale[j]! > 1e-20 ? 1 / Math.sqrt(scale[j]!) : 0;
  return { mean, scale };
}
