import { toIntegers } from '../../base/tensor.js';
import { Algebra } from '../emit/algebra.js';
import { axisOf, fixed, isFixed, ONE, product, range, type Dim, type Dims } from '../dims.js';
import { rule, refusal, zeros, type Contribution, type Ref, type RuleContext, type RuleEntry } from '../rule.js';

/** Adds slices `g` (dimensions `from`) to zeros of dimensions `to` at one-dimensional `indices` along an axis. */
export function scatterAlong(a: Algebra, g: Ref, from: Dims, to: Dims, indices: Ref, axis: number): Ref {
  const line = a.op('Reshape', [indices, a.emit.ints(range(from.length).map((i) => (i === axis ? -1 : 1)))]);
  return a.op('ScatterElements', [a.zeros(to, g), a.expand(line, from), g], { axis, reduction: 'add' });
}

/** y = x[…, indices, …]: dx adds each slice back to where it was taken. */
function gather(c: RuleContext): (Contribution | undefined)[] {
  const a = new Algebra(c);
  const [x, indices] = c.inputs as [Ref, Ref];
  const dims = c.dims(x);
  const axis = axisOf(c.attributes.int('axis', 0), dims.length);
  const index = c.dims(indices);
  const n = product(index) ?? c.refuse('its indices have an unusual shape');
  const line = [...dims.slice(0, axis), n, ...dims.slice(axis + 1)];
  const dy = c.outputGradients[0]!;
  const g = index.length === 1 ? dy : a.reshape(dy, line);
  const known = c.constant(indices);
  const size = dims[axis]!;
  if (known !== undefined && isFixed(size)) {
    const at = toIntegers(known).map((i) => (i < 0 ? i + size.base : i));
    // Neighbours in order: one stretch of x, as a Split gives it.
    if (at.length > 0 && at.every((p, i) => p === at[0]! + i))
      return [{ ref: g, axis, start: at[0]!, length: at.length }];
    // A permutation: gathered back.
    if (at.length === size.base && new Set(at).size === at.length) {
      return [a.op('Gather', [g, c.emit.ints(range(at.length).map((p) => at.indexOf(p)))], { axis })];
    }
  }
  return [scatterAlong(a, g, line, dims, indices, axis)];
}

function gatherElements(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const dy = c.outputGradients[0]!;
  const zero = a.zeros(c.dims(c.inputs[0]!), dy);
  return [a.op('ScatterElements', [zero, c.inputs[1], dy], { axis: c.attributes.int('axis', 0), reduction: 'add' })];
}

/** Index tuples [batch…, n…, k] into x [batch…, d₁…d_k, rest…] as numbers along one flattened axis: [B, n], and the sizes. */
function flattened(
  a: Algebra,
  indices: Ref,
  x: Dims,
  index: Dims,
  batch: number,
): { at: Ref; b: Dim; n: Dim; places: Dim; rest: Dim } {
  const c = a.c;
  const k = index.at(-1)!.base;
  const inner = x.slice(batch, batch + k);
  if (!inner.every(isFixed)) c.refuse('it indexes along the batch');
  const sizes = inner.map((d) => d.base);
  const strides = sizes.map((_, i) => sizes.slice(i + 1).reduce((p, d) => p * d, 1));
  const int64 = a.cast(indices, 'int64');
  // Negative indices count from the end.
  const positive = a.op('Where', [a.less(int64, 0), a.add(int64, c.emit.ints(sizes)), int64]);
  const number = a.reduceSum(a.mul(positive, c.emit.ints(strides)), [index.length - 1], false);
  const b = a.joined(index.slice(0, batch));
  const n = a.joined(index.slice(batch, -1));
  return {
    at: a.reshape(number, [b, n]),
    b,
    n,
    places: fixed(sizes.reduce((p, d) => p * d, 1)),
    rest: a.joined(x.slice(batch + k)),
  };
}

/** GatherND: tuples of indices become places of one axis, and slices are added back there. */
function gatherND(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, indices] = c.inputs as [Ref, Ref];
  const { at, b, n, places, rest } = flattened(
    a,
    indices,
    c.dims(x),
    c.dims(indices),
    c.attributes.int('batch_dims', 0),
  );
  const g = a.reshape(c.outputGradients[0]!, [b, n, rest]);
  const wide = a.expand(a.reshape(at, [b, n, ONE]), [b, n, rest]);
  const out = a.op('ScatterElements', [a.zeros([b, places, rest], g), wide, g], { axis: 1, reduction: 'add' });
  return [a.reshape(out, c.dims(x))];
}

/** y = data with updates written over, added, multiplied, or the larger or smaller kept. */
interface Scatter {
  readonly pick: (from: Ref) => Ref;
  readonly put: (into: Ref, updates: Ref, reduction: string) => Ref;
}

function scatterGradient(c: RuleContext, s: Scatter): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [data, , updates] = c.inputs as [Ref, Ref, Ref];
  const y = c.outputs[0]!;
  const dy = c.outputGradients[0]!;
  const reduction = c.attributes.string('reduction', 'none');
  if (reduction === 'none') {
    return [
      c.wants(0) ? s.put(dy, a.zeros(c.dims(updates), dy), 'none') : undefined,
      undefined,
      c.wants(2) ? s.pick(dy) : undefined,
    ];
  }
  if (reduction === 'add') return [dy, undefined, c.wants(2) ? s.pick(dy) : undefined];
  if (reduction === 'mul') {
    // y = data · Π updates
    const factors = s.put(a.fill(1, c.dims(data), dy), updates, 'mul');
    return [
      c.wants(0) ? a.mul(dy, factors) : undefined,
      undefined,
      c.wants(2) ? a.div(s.pick(a.mul(dy, y)), updates) : undefined,
    ];
  }
  // Those that attain the extremum share it equally.
  const own = a.castLike(a.equal(data, y), dy);
  const theirs = a.castLike(a.equal(updates, s.pick(y)), dy);
  const share = a.div(dy, s.put(own, theirs, 'add'));
  return [c.wants(0) ? a.mul(share, own) : undefined, undefined, c.wants(2) ? a.mul(s.pick(share), theirs) : undefined];
}

function scatterElements(c: RuleContext): (Ref | undefined)[] {
  const axis = c.attributes.int('axis', 0);
  const indices = c.inputs[1]!;
  return scatterGradient(c, {
    pick: (from) => c.emit.op('GatherElements', [from, indices], { axis }),
    put: (into, updates, reduction) => c.emit.op('ScatterElements', [into, indices, updates], { axis, reduction }),
  });
}

function scatterND(c: RuleContext): (Ref | undefined)[] {
  const indices = c.inputs[1]!;
  return scatterGradient(c, {
    pick: (from) => c.emit.op('GatherND', [from, indices]),
    put: (into, updates, reduction) => c.emit.op('ScatterND', [into, indices, updates], { reduction }),
  });
}

/** y = past with updates written at positions that differ per sample. */
function tensorScatter(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [past, update, at] = c.inputs as [Ref, Ref, Ref | undefined];
  const dy = c.outputGradients[0]!;
  const [pd, ud] = [c.dims(past), c.dims(update)];
  const mode = c.attributes.string('mode', 'linear');
  const axis = axisOf(c.attributes.int('axis', -2), pd.length);
  const line = (axes: readonly number[]): Dim[] =>
    pd.map((d, i) => (axes.includes(i) ? (i === axis ? ud[i]! : d) : ONE));
  let place = a.iota(ud[axis]!, pd.length, axis);
  if (at !== undefined) place = a.add(place, a.reshape(at, line([0])));
  if (mode === 'circular') place = a.op('Mod', [place, a.op('Reshape', [c.emit.shape([pd[axis]!]), c.emit.ints([])])]);
  return [
    c.wants(0)
      ? a.op('TensorScatter', [dy, a.zeros(ud, dy), at], { axis: c.attributes.int('axis', -2), mode })
      : undefined,
    c.wants(1) ? a.op('GatherElements', [dy, a.expand(place, ud)], { axis }) : undefined,
  ];
}

/** y = x at the places where the condition holds. */
function compress(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, condition] = c.inputs as [Ref, Ref];
  const dims = c.dims(x);
  const whole = !c.attributes.has('axis');
  const axis = whole ? 0 : axisOf(c.attributes.int('axis', 0), dims.length);
  const flat = whole ? [a.joined(dims)] : dims;
  const at = a.op('Reshape', [a.op('NonZero', [condition]), c.emit.ints([-1])]);
  const out = scatterAlong(a, c.outputGradients[0]!, c.dims(c.outputs[0]!), flat, at, axis);
  return [whole ? a.reshape(out, dims) : out];
}

export const gatherRules: readonly RuleEntry[] = [
  rule('Gather', gather),
  rule('GatherElements', gatherElements),
  rule('GatherND', gatherND),
  rule('ScatterElements', scatterElements),
  rule('ScatterND', scatterND),
  rule('TensorScatter', tensorScatter),
  rule('Compress', compress),
  // Only the values that were kept.
  rule('TopK', (c) => {
    const a = new Algebra(c);
    const dy = c.outputGradients[0];
    if (dy === undefined) return [undefined];
    return [
      a.op('ScatterElements', [a.zeros(c.dims(c.inputs[0]!), dy), c.output(1), dy], {
        axis: c.attributes.int('axis', -1),
        reduction: 'add',
      }),
    ];
  }),
  // y = off + (on - off)·hot: gradients of the two values
  rule('OneHot', (c) => {
    const a = new Algebra(c);
    const dy = c.outputGradients[0]!;
    const dims = c.dims(c.outputs[0]!);
    const hot = a.op('OneHot', [c.inputs[0], c.inputs[1], a.tensor([2], [0, 1], dy)], {
      axis: c.attributes.int('axis', -1),
    });
    const on = a.reduceAll(a.mul(dy, hot), dims);
    const off = a.sub(a.reduceAll(dy, dims), on);
    return [
      undefined,
      undefined,
      a.concat(
        [off, on].map((v) => a.op('Unsqueeze', [v, c.emit.ints([0])])),
        0,
      ),
    ];
  }),
  refusal('Unique', 'how many elements it keeps depends on their values'),
  refusal('Scatter', 'it was withdrawn in opset 11'),
  ...zeros('NonZero', 'NonMaxSuppression'),
];
