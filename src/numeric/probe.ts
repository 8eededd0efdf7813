import { Random } from '../base/random.js';
import { floatTensor, type FloatTensor } from '../base/tensor.js';
import { minimise } from './lbfgs.js';
import { plainProducts, type Products } from './products.js';

/** The largest slope that is left: accuracies no longer change, and products in single precision still resolve it. */
const PRECISE = 1e-4;

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
  readonly products?: Products;
  /** Called before each fit and within it; what it throws ends the probe, and what it awaits lets others in. */
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
  { seeds = 5, folds = 5, c = 1, seed = 0, products = plainProducts, pause }: ProbeOptions = {},
): Promise<Probe | undefined> {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    if (labels[i]! < 0) continue;
    const members = groups.get(labels[i]!);
    if (members === undefined) groups.set(labels[i]!, [i]);
    else members.push(i);
  }
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
    scores.push(
      await accuracyOf(features, train, test, {
        classes: classes.length,
        c,
        products,
        ...(pause && { pause: () => pause(s) }),
      }),
    );
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

interface Fit {
  readonly classes: number;
  readonly c: number;
  readonly products: Products;
  readonly pause?: () => Promise<void> | void;
}

async function accuracyOf(
  features: FloatTensor,
  train: readonly Example[],
  test: readonly Example[],
  how: Fit,
): Promise<number> {
  const { mean, scale } = standard(features, train);
  const weights = await fit(standardised(features, train, mean, scale), train, how);
  const scores = await how.products.multiply(standardised(features, test, mean, scale), single(weights, how.classes), {
    b: true,
  });
  const right = test.filter(({ label }, i) => {
    const row = scores.data.subarray(i * how.classes, (i + 1) * how.classes);
    return row.indexOf(Math.max(...row)) === label;
  });
  return right.length / test.length;
}

/** Rows of features at mean 0 and deviation 1, with a last column of ones for the bias. */
function standardised(
  { dims: [, d = 0], data }: FloatTensor,
  of: readonly Example[],
  mean: Float64Array,
  scale: Float64Array,
): FloatTensor {
  const out = floatTensor([of.length, d + 1]);
  of.forEach(({ row }, i) => {
    for (let j = 0; j < d; j++) out.data[i * (d + 1) + j] = (data[row * d + j]! - mean[j]!) * scale[j]!;
    out.data[i * (d + 1) + d] = 1;
  });
  return out;
}

const single = (weights: Float64Array, classes: number): FloatTensor =>
  floatTensor([classes, weights.length / classes], Float32Array.from(weights));

/** `[classes, d + 1]`, the last column without penalty. The two products of a round are the caller's: all else is small. */
async function fit(
  x: FloatTensor,
  of: readonly Example[],
  { classes, c, products, pause }: Fit,
): Promise<Float64Array> {
  const [n = 0, width = 0] = x.dims;
  const weights = new Float64Array(classes * width);
  await minimise(
    weights,
    async (w, gradient) => {
      await pause?.();
      const scores = await products.multiply(x, single(w, classes), { b: true });
      let loss = 0;
      of.forEach(({ label }, i) => {
        const row = scores.data.subarray(i * classes, (i + 1) * classes);
        const own = row[label]!;
        const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
        let sum = 0;
        for (let k = 0; k < classes; k++) sum += row[k] = Math.exp(row[k]! - most);
        loss += Math.log(sum) - (own - most);
        for (let k = 0; k < classes; k++) row[k]! /= sum;
        row[label]! -= 1;
      });
      const slopes = (await products.multiply(scores, x, { a: true })).data;
      // Over the number of examples, so that the bound on the gradient means the same for any of them.
      for (let at = 0; at < w.length; at++) {
        const penalised = at % width !== width - 1;
        if (penalised) loss += w[at]! ** 2 / (2 * c);
        gradient[at] = (slopes[at]! + (penalised ? w[at]! / c : 0)) / n;
      }
      return loss / n;
    },
    { precise: PRECISE },
  );
  return weights;
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
