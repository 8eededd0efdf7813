import { isFloating } from '../../base/tensor.js';
import { LensError } from '../../base/errors.js';
import type { Facts } from '../../graph/facts.js';
import { Algebra } from '../emit/algebra.js';
import { fixed, isFixed, product, range, type Dim, type Dims } from '../dims.js';
import type { NodeContext, Ref } from '../rule.js';
import type { ScoreRequest } from '../request.js';

/** The score, and the gradient with which the sweep starts. */
export interface Score {
  readonly score: Ref;
  /** Gradient of the sum of the scores with respect to the scored value. */
  readonly gradient: Ref;
}

/** A value seen as `[batch, elements]`. */
interface Samples {
  readonly flat: Ref;
  readonly dims: readonly [Dim, Dim];
  /** From `[batch, elements]` back to the value's own dimensions. */
  restore(g: Ref): Ref;
}

/** Writes the score of one value. `seed` is the name of the extra input; for `sum` and `top` there is none. */
export function writeScore(c: NodeContext, facts: Facts, request: ScoreRequest, seed: Ref | undefined): Score {
  const a = new Algebra(c);
  const { value } = request;
  const type = c.type(value);
  const real = isFloating(type) ? value : a.cast(value, 'float32');
  if (request.seed === 'sum') {
    const samples = asSamples(a, real, c.dims(value), facts);
    return { score: a.reduceSum(samples.flat, [1], false), gradient: a.fill(1, c.dims(value), real) };
  }
  if (seed === undefined && request.seed !== 'top') throw new Error('A seed input is needed');
  if (request.seed === 'direction' && seed !== undefined) {
    // s = ⟨y, v⟩ per sample; ds/dy = v
    const sum = a.reduceSum(asSamples(a, a.mul(real, seed), c.dims(value), facts).flat, [1], false);
    return { score: sum, gradient: seed };
  }
  // s = y[k]; ds/dy is one at k and zero elsewhere. Every runtime has ArgMax for float32; the cast is exact.
  const samples = asSamples(a, real, c.dims(value), facts);
  const index =
    seed === undefined
      ? a.op('ArgMax', [type === 'float64' ? samples.flat : a.cast(samples.flat, 'float32')], { axis: 1, keepdims: 1 })
      : a.op('Unsqueeze', [seed, c.emit.ints([1])]);
  const picked = a.op('GatherElements', [samples.flat, index], { axis: 1 });
  const [batch] = samples.dims;
  const ones = a.fill(1, [batch, fixed(1)], real);
  const hot = a.op('ScatterElements', [a.zeros(samples.dims, real), index, ones], { axis: 1 });
  return { score: a.op('Squeeze', [picked, c.emit.ints([1])]), gradient: samples.restore(hot) };
}

/** The batch is the axis that grows with it, else the first axis where the model's batch size is fixed above one. */
function asSamples(a: Algebra, value: Ref, dims: Dims, facts: Facts): Samples {
  const axis = facts.dynamicBatch
    ? dims.findIndex((d) => !isFixed(d))
    : facts.batch > 1
      ? dims.findIndex((d) => d.base % facts.batch === 0)
      : -1;
  const batch: Dim = facts.dynamicBatch ? { base: 0, slope: 1 } : fixed(facts.batch);
  const all = product(dims);
  const divisible = facts.dynamicBatch
    ? axis >= 0 && all !== undefined && all.base === 0
    : all!.base % facts.batch === 0;
  if (!divisible) {
    throw new LensError(
      'unsupported',
      'gradient/no-batch',
      `"${value}" cannot be scored: it has no dimension that is the batch.`,
    );
  }
  const each = facts.dynamicBatch ? all!.slope : all!.base / facts.batch;
  const flatDims: readonly [Dim, Dim] = [batch, fixed(each)];
  const perm = axis > 0 ? [axis, ...range(dims.length).filter((i) => i !== axis)] : undefined;
  const moved = perm === undefined ? value : a.transpose(value, perm);
  const movedDims = perm === undefined ? dims : perm.map((p) => dims[p]!);
  const same = a.same(movedDims, flatDims);
  return {
    flat: same ? moved : a.reshape(moved, flatDims),
    dims: flatDims,
    restore: (g) => {
      const shaped = same ? g : a.reshape(g, movedDims);
      return perm === undefined
        ? shaped
        : a.transpose(
            shaped,
            range(dims.length).map((i) => perm.indexOf(i)),
          );
    },
  };
}
