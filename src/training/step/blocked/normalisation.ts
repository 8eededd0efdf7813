import { each, filledUp, meanOverPositions, perChannel, type Blocked, type Writer } from './writer.js';

/** Statistics of a batch for each channel, [c'] with the channels filled up. */
export interface Statistics {
  readonly mean: string;
  readonly variance: string;
  /** 1/√(variance + ε) */
  readonly r: string;
}

/**
 * Mean and variance over batch and positions by two poolings: E[x²] - E[x]². In float32 that costs nothing as long as a
 * mean is not hundreds of times its deviation; the check of the first step against the plain form sees it where it is.
 */
export function statistics(w: Writer, x: Blocked, epsilon: number): Statistics {
  const mean = overBatch(w, meanOverPositions(w, x));
  const square = overBatch(w, meanOverPositions(w, each(w, 'Mul', [x, x])));
  const variance = w.op('Relu', [w.sub(square, w.mul(mean, mean))]);
  const r = w.op('Reciprocal', [w.op('Sqrt', [w.add(variance, w.scalar(epsilon))])]);
  return { mean, variance, r };
}

function overBatch(w: Writer, v: string): string {
  return w.op('ReduceMean', [v, w.ints([0])], { keepdims: 0 });
}

/** scale·(x - mean)·r + bias in one pass. Scale and bias: [c] as the model has them. */
export function normalised(w: Writer, x: Blocked, scale: string, bias: string, s: Statistics): Blocked {
  const factor = w.mul(filledUp(w, scale, [x.c]), s.r);
  return perChannel(w, x, factor, w.sub(filledUp(w, bias, [x.c]), w.mul(s.mean, factor)));
}

/**
 * dx = scale·r·(g - mean g - x̂·mean(g·x̂)) for g = dy, as a factor for g, one for x and a shift; dscale = Σ g·x̂,
 * dbias = Σ g, both [c].
 */
export function normalisationGradient(
  w: Writer,
  { dy, x, scale }: { readonly dy: Blocked; readonly x: Blocked; readonly scale: string },
  s: Statistics,
): { dx: () => Blocked; scale: () => string; bias: () => string } {
  const count = x.n * x.h * x.w;
  const mean = overBatch(w, meanOverPositions(w, dy));
  const product = overBatch(w, meanOverPositions(w, each(w, 'Mul', [dy, x])));
  /** mean(g·x̂) */
  const along = w.mul(w.sub(product, w.mul(s.mean, mean)), s.r);
  const out = (v: string): string => w.crop(w.times(v, count), [w.full(x.c)], [x.c]);
  return {
    scale: () => out(along),
    bias: () => out(mean),
    dx: () => {
      const factor = w.mul(filledUp(w, scale, [x.c]), s.r);
      const pull = w.mul(w.mul(factor, s.r), along);
      const shift = w.sub(w.mul(pull, s.mean), w.mul(factor, mean));
      return perChannel(w, x, w.op('Neg', [pull]), shift, perChannel(w, dy, factor));
    },
  };
}

/** With statistics that stay: one pass as well. */
export function frozenNormalisation(
  w: Writer,
  x: Blocked,
  p: { readonly scale: string; readonly bias: string; readonly mean: string; readonly variance: string },
  epsilon: number,
): Blocked {
  const factor = w.op('Div', [p.scale, w.op('Sqrt', [w.add(p.variance, w.scalar(epsilon))])]);
  const shift = w.sub(p.bias, w.mul(p.mean, factor));
  return perChannel(w, x, filledUp(w, factor, [x.c]), filledUp(w, shift, [x.c]));
}
