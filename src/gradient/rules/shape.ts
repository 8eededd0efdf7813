import { toIntegers } from '../../base/tensor.js';
import { Algebra } from '../emit/algebra.js';
import { axisOf, fixed, isFixed, isOne, range, sameDim, type Dim } from '../dims.js';
import { rule, zeros, type Contribution, type Ref, type RuleContext, type RuleEntry } from '../rule.js';
import { scatterAlong } from './gather.js';
import { padAdjoint } from './shared/pad.js';

/** dx = dy in the dimensions of x */
function reshaped(op: string): RuleEntry {
  return rule(op, (c) => [new Algebra(c).reshapeLike(c.outputGradients[0]!, c.inputs[0]!)]);
}

function transpose(c: RuleContext): (Ref | undefined)[] {
  const rank = c.dims(c.inputs[0]!).length;
  const perm = c.attributes.ints('perm') ?? range(rank).reverse();
  return [
    new Algebra(c).transpose(
      c.outputGradients[0]!,
      range(rank).map((i) => perm.indexOf(i)),
    ),
  ];
}

/** Each input gets its stretch of dy. */
function concat(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const dy = c.outputGradients[0]!;
  const shapes = c.inputs.map((x) => c.dims(x!));
  const axis = axisOf(c.attributes.int('axis', 0), shapes[0]!.length);
  const sizes = shapes.map((s) => s[axis]!);
  const wanted = range(shapes.length).filter((i) => c.wants(i));
  if (wanted.length === 1 && sizes.every(isFixed)) {
    const [i] = wanted as [number];
    const start = sizes.slice(0, i).reduce((sum, d) => sum + d.base, 0);
    const result: (Ref | undefined)[] = c.inputs.map(() => undefined);
    result[i] = a.slice(dy, [axis], [start], [start + sizes[i]!.base]);
    return result;
  }
  if (shapes.length === 1) return [dy];
  return c.emit.ops('Split', [dy, c.emit.shape(sizes)], shapes.length, { axis });
}

/** The outputs side by side: each is a part of dx. */
function split(c: RuleContext): (Contribution | undefined)[] {
  const a = new Algebra(c);
  const x = c.inputs[0]!;
  const dims = c.dims(x);
  const axis = axisOf(c.attributes.int('axis', 0), dims.length);
  const pieces = c.outputs.map((o) => (o === undefined ? undefined : c.dims(o)[axis]!));
  const present = range(pieces.length).filter((i) => c.outputGradients[i] !== undefined);
  const like = c.outputGradients[present[0]!]!;
  if (present.length < pieces.length && pieces.every((d) => d !== undefined && isFixed(d)) && present.length === 1) {
    const [i] = present as [number];
    const start = pieces.slice(0, i).reduce((sum, d) => sum + d!.base, 0);
    return [{ ref: like, axis, start, length: pieces[i]!.base }];
  }
  const filled = c.outputGradients.map(
    (g, i) =>
      g ??
      a.zeros(
        dims.map((d, k) => (k === axis ? (pieces[i] ?? c.refuse('one of its outputs has no name')) : d)),
        like,
      ),
  );
  return [a.concat(filled, axis)];
}

/** Where a Slice takes its elements from, one entry for each sliced axis that is not taken whole. */
interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

function slice(c: RuleContext): (Contribution | undefined)[] {
  const a = new Algebra(c);
  const [x, starts, ends, axesRef, stepsRef] = c.inputs as [Ref, Ref, Ref, Ref | undefined, Ref | undefined];
  const [xd, yd] = [c.dims(x), c.dims(c.outputs[0]!)];
  const read = (v: Ref | undefined): number[] | undefined => {
    const t = v === undefined ? undefined : c.constant(v);
    return t === undefined ? undefined : toIntegers(t);
  };
  const count = c.dims(starts)[0]!.base;
  const axes =
    axesRef === undefined ? range(count) : (read(axesRef) ?? c.refuse('its axes are computed while the model runs'));
  const steps =
    stepsRef === undefined
      ? axes.map(() => 1)
      : (read(stepsRef) ?? c.refuse('its steps are computed while the model runs'));
  const from = read(starts);
  const cuts: Cut[] = [];
  const moving: number[] = [];
  axes.forEach((raw, k) => {
    const axis = axisOf(raw, xd.length);
    const [d, out, step] = [xd[axis]!, yd[axis]!, steps[k]!];
    if (step === 1 && sameDim(d, out)) return;
    if (from === undefined || !isFixed(d) || !isFixed(out)) moving.push(k);
    else {
      const first = from[k]! < 0 ? from[k]! + d.base : from[k]!;
      cuts.push({ axis, step, length: out.base, start: Math.min(Math.max(first, 0), step < 0 ? d.base - 1 : d.base) });
    }
  });
  let g = c.outputGradients[0]!;
  let now: readonly Dim[] = yd;
  for (const k of moving) {
    // The positions themselves, cut the same way: right whatever start and end turn out to be.
    const axis = axisOf(axes[k]!, xd.length);
    const one = (v: Ref): Ref => a.slice(v, [0], [k], [k + 1]);
    const indices = a.op('Slice', [
      a.iota(xd[axis]!, 1, 0),
      one(starts),
      one(ends),
      c.emit.ints([0]),
      c.emit.ints([steps[k]!]),
    ]);
    const wide = now.map((d, i) => (i === axis ? xd[axis]! : d));
    g = scatterAlong(a, g, now, wide, indices, axis);
    now = wide;
  }
  if (cuts.length === 1 && cuts[0]!.step === 1) {
    const { axis, start, length } = cuts[0]!;
    return [{ ref: g, axis, start, length }];
  }
  for (const cut of cuts) {
    if (cut.step !== 1) [g, now] = stretched(a, g, now, cut);
  }
  const last = cuts.map((cut) => ({ ...cut, ...covered(cut) }));
  return [
    a.pad(
      g,
      xd.length,
      last.map((l) => l.axis),
      last.map((l) => l.low),
      last.map((l) => xd[l.axis]!.base - l.low - l.span),
    ),
  ];
}

/** First element and extent of what a cut covers, gaps included. */
function covered({ start, step, length }: Cut): { low: number; span: number } {
  const span = length === 0 ? 0 : (length - 1) * Math.abs(step) + 1;
  return { low: step > 0 || length === 0 ? start : start - span + 1, span };
}

/** Undoes a step: reversed for a negative one, with step - 1 zeros between neighbours. */
function stretched(a: Algebra, g: Ref, dims: readonly Dim[], { axis, step, length }: Cut): [Ref, readonly Dim[]] {
  let out = step < 0 ? a.flip(g, [axis]) : g;
  const gap = Math.abs(step);
  if (gap === 1 || length === 0) return [out, dims];
  const before = dims.slice(0, axis);
  const after = dims.slice(axis + 1);
  out = a.reshape(out, [...before, fixed(length), fixed(1), ...after]);
  out = a.pad(out, dims.length + 1, [axis + 1], [0], [gap - 1]);
  out = a.reshape(out, [...before, fixed(length * gap), ...after]);
  const span = (length - 1) * gap + 1;
  return [a.slice(out, [axis], [0], [span]), [...before, fixed(span), ...after]];
}

/** Repetitions along an axis are summed. */
function tile(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const x = c.inputs[0]!;
  const [xd, yd] = [c.dims(x), c.dims(c.outputs[0]!)];
  const known = c.constant(c.inputs[1]!);
  const times: Dim[] = xd.map((d, i) => {
    if (known !== undefined) return fixed(toIntegers(known)[i]!);
    if (isOne(d)) return yd[i]!;
    return sameDim(d, yd[i]!) ? fixed(1) : c.refuse('how often it repeats is computed while the model runs');
  });
  const split = xd.flatMap((d, i) => [times[i]!, d]);
  const axes = range(xd.length)
    .filter((i) => !isOne(times[i]!))
    .map((i) => 2 * i);
  return [a.reshape(a.reduceSum(a.reshape(c.outputGradients[0]!, split), axes), xd)];
}

/** [b, c·s², h, w] -> [b, c, h·s, w·s]; the way back is the opposite arrangement. */
function depthToSpace(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const s = c.attributes.int('blocksize', 1);
  const dy = c.outputGradients[0]!;
  const x = c.inputs[0]!;
  const [n, , h, w] = c.dims(x) as [Dim, Dim, Dim, Dim];
  const channels = c.dims(c.outputs[0]!)[1]!;
  const split = a.reshape(dy, [n, channels, h, fixed(s), w, fixed(s)]);
  const perm = c.attributes.string('mode', 'DCR') === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4];
  return [a.reshapeLike(a.transpose(split, perm), x)];
}

function spaceToDepth(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const s = c.attributes.int('blocksize', 1);
  const x = c.inputs[0]!;
  const [n, channels, h, w] = [c.dims(x)[0]!, c.dims(x)[1]!, c.dims(c.outputs[0]!)[2]!, c.dims(c.outputs[0]!)[3]!];
  const split = a.reshape(c.outputGradients[0]!, [n, fixed(s), fixed(s), channels, h, w]);
  return [a.reshapeLike(a.transpose(split, [0, 3, 4, 1, 5, 2]), x)];
}

/** Cut or padded about the centre: the other way round. */
function centerCropPad(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [xd, yd] = [c.dims(c.inputs[0]!), c.dims(c.outputs[0]!)];
  const axes = range(xd.length).filter((i) => !sameDim(xd[i]!, yd[i]!));
  if (axes.some((i) => !isFixed(xd[i]!) || !isFixed(yd[i]!))) c.refuse('it crops along the batch');
  const more = axes.map((i) => yd[i]!.base - xd[i]!.base);
  const before = more.map((m) => (m > 0 ? Math.floor(m / 2) : -Math.floor(-m / 2)));
  return [
    a.pad(
      c.outputGradients[0]!,
      xd.length,
      axes,
      before.map((b) => -b),
      more.map((m, i) => before[i]! - m),
    ),
  ];
}

export const shapeRules: readonly RuleEntry[] = [
  reshaped('Reshape'),
  reshaped('Flatten'),
  reshaped('Squeeze'),
  reshaped('Unsqueeze'),
  rule('Transpose', transpose),
  rule('Concat', concat),
  rule('Split', split),
  rule('Slice', slice),
  rule('Pad', padAdjoint),
  // What was repeated is summed.
  rule('Expand', (c) => [new Algebra(c).sumLike(c.outputGradients[0]!, c.outputs[0]!, c.inputs[0]!)]),
  rule('Tile', tile),
  rule('DepthToSpace', depthToSpace),
  rule('SpaceToDepth', spaceToDepth),
  rule('CenterCropPad', centerCropPad),
  // Its own inverse.
  rule('ReverseSequence', (c) => [
    c.emit.op('ReverseSequence', [c.outputGradients[0], c.inputs[1]], {
      batch_axis: c.attributes.int('batch_axis', 1),
      time_axis: c.attributes.int('time_axis', 0),
    }),
  ]),
  rule('Trilu', (c) => [
    c.emit.op('Trilu', [c.outputGradients[0], c.inputs[1]], { upper: c.attributes.int('upper', 1) }),
  ]),
  ...zeros('Shape', 'Size', 'ConstantOfShape', 'EyeLike'),
];
