import { Algebra } from '../../emit/algebra.js';
import type { Dims } from '../../dims.js';
import type { Ref } from '../../rule.js';

/** Zeros of dimensions `dims`, to which `updates` are added at flat indices. */
export function scatterFlat(a: Algebra, dims: Dims, indices: Ref, updates: Ref, updateDims: Dims): Ref {
  const line = (v: Ref, d: Dims): Ref => a.reshape(v, [a.joined(d)]);
  const size = a.joined(dims);
  const out = a.op(
    'ScatterElements',
    [a.zeros([size], updates), line(indices, updateDims), line(updates, updateDims)],
    { axis: 0, reduction: 'add' },
  );
  return a.reshape(out, dims);
}
