import { Algebra } from '../emit/algebra.js';
import { fixed, range, type Dim } from '../dims.js';
import { isBlocked, maxPoolForm } from '../layout/gradientForms.js';
import { rule, refusal, type Ref, type RuleContext, type RuleEntry } from '../rule.js';
import { leftOver, windowOf, type Window } from '../emit/window.js';
import { maxPoolBlocked } from './shared/blockedPooling.js';
import { ENLARGED, spreadOver } from '../layout/blocked.js';
import { scatterFlat } from './shared/scatterFlat.js';
import { spread, taps } from './shared/windows.js';

function poolWindow(c: RuleContext): Window {
  const space = (v: Ref): number[] =>
    c
      .dims(v)
      .slice(2)
      .map((d) => (d.slope === 0 ? d.base : c.refuse('its spatial size depends on the batch')));
  const input = space(c.inputs[0]!);
  return windowOf(
    c,
    c.attributes.ints('kernel_shape') ?? c.refuse('it has no kernel_shape'),
    input,
    space(c.outputs[0]!),
  );
}

/** Each output sends its gradient to the first element that attains the maximum, as ONNX Runtime's indices and PyTorch. */
function maxPool(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const x = c.inputs[0]!;
  const dy = c.outputGradients[0];
  if (dy === undefined) return [undefined];
  const w = poolWindow(c);
  // Whoever reads the indices has paid for them.
  const paid = c.outputs[1] !== undefined;
  const form = maxPoolForm(c.provider, c.type(x), c.dims(x), w);
  if (form === 'blocked' && !paid) return [maxPoolBlocked(c, a, w)];
  if (form !== 'windows' && c.attributes.int('storage_order', 0) === 0) {
    return [scatterFlat(a, c.dims(x), c.output(1), dy, c.dims(c.outputs[0]!))];
  }
  const seen = taps(a, x, w, -Infinity);
  let open: Ref | undefined;
  const parts = seen.map((t) => {
    const equal = a.equal(t.value, c.outputs[0]!);
    const hit = open === undefined ? equal : a.and(equal, open);
    open = open === undefined ? a.not(equal) : a.and(open, a.not(equal));
    return { offset: t.offset, value: a.mask(hit, dy) };
  });
  return [spread(a, parts, w, c.dims(x))];
}

/** Sums gradients of windows back to where the windows looked: the adjoint of a sliding sum. */
function windowSum(a: Algebra, g: Ref, w: Window, x: readonly Dim[], y: readonly Dim[]): Ref {
  const n = w.kernel.length;
  const rest = leftOver(w);
  const axes = range(n).map((i) => i + 2);
  const plain = w.dilations.every((d) => d === 1);
  const padded = [...w.begin, ...w.end].some((p) => p !== 0) || rest.some((r) => r < 0);
  if (plain && !padded && w.kernel.every((k, i) => k === w.strides[i])) {
    // Windows side by side: every element gets its window's gradient.
    if (isBlocked(a.c.provider, a.emit.type(g), x)) {
      const scales = a.emit.constant({ type: 'float32', dims: [2 + n], data: Float32Array.from([1, 1, ...w.kernel]) });
      const wide = a.op('Resize', [g, undefined, scales], ENLARGED);
      return a.pad(
        wide,
        n + 2,
        axes,
        axes.map(() => 0),
        rest,
      );
    }
    const split = [...x.slice(0, 2), ...w.output.flatMap((o) => [fixed(o), fixed(1)])];
    const wide = [...x.slice(0, 2), ...w.output.flatMap((o, i) => [fixed(o), fixed(w.kernel[i]!)])];
    const full = [...x.slice(0, 2), ...w.output.map((o, i) => fixed(o * w.kernel[i]!))];
    return a.pad(
      a.reshape(a.expand(a.reshape(g, split), wide), full),
      n + 2,
      axes,
      axes.map(() => 0),
      rest,
    );
  }
  const turned = w.kernel.map((k, i) => [k - 1 - w.begin[i]!, k - 1 - w.end[i]!] as const);
  if (
    plain &&
    w.strides.every((s) => s === 1) &&
    turned.every(([b, e], i) => b >= 0 && e >= 0 && b < w.kernel[i]! && e < w.kernel[i]!)
  ) {
    const size = w.kernel.reduce((p, k) => p * k, 1);
    const mean = a.op('AveragePool', [g], {
      kernel_shape: w.kernel,
      pads: [...turned.map((t) => t[0]), ...turned.map((t) => t[1])],
      count_include_pad: 1,
    });
    return a.mul(mean, size);
  }
  // A kernel of ones for each plane. A ceiling window may reach past the padded input: what falls there is cut off.
  const joined = a.joined(x.slice(0, 2));
  const ones = a.tensor([1, 1, ...w.kernel], Array<number>(w.kernel.reduce((p, k) => p * k, 1)).fill(1), g);
  const over = rest.map((r) => Math.max(0, -r));
  const ends = w.end.map((e, i) => e + over[i]!);
  const out = a.op('ConvTranspose', [a.reshape(g, [joined, fixed(1), ...y.slice(2)]), ones], {
    strides: w.strides,
    dilations: w.dilations,
    pads: [...w.begin, ...ends],
    output_padding: rest.some((r) => r > 0) ? rest.map((r) => Math.max(0, r)) : undefined,
  });
  return a.reshape(out, x);
}

/** How many elements each window averages over, per axis. */
function counts(w: Window, includePad: boolean): number[][] {
  return w.output.map((o, i) =>
    range(o).map((k) => {
      const at = k * w.strides[i]! - w.begin[i]!;
      const [low, high] = includePad ? [-w.begin[i]!, w.input[i]! + w.end[i]!] : [0, w.input[i]!];
      return range(w.kernel[i]!).filter((t) => at + t * w.dilations[i]! >= low && at + t * w.dilations[i]! < high)
        .length;
    }),
  );
}

function averagePool(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const w = poolWindow(c);
  const [x, y] = [c.dims(c.inputs[0]!), c.dims(c.outputs[0]!)];
  const axes = counts(w, c.attributes.int('count_include_pad', 0) === 1);
  const outer = axes
    .reduce<number[]>((all, line) => all.flatMap((p) => line.map((q) => p * q)), [1])
    .map((n) => Math.max(1, n));
  const uniform = outer.every((n) => n === outer[0]);
  const dy = c.outputGradients[0]!;
  const share = uniform
    ? a.mul(dy, 1 / outer[0]!)
    : a.mul(
        dy,
        a.tensor(
          [1, 1, ...w.output],
          outer.map((n) => 1 / n),
          dy,
        ),
      );
  return [windowSum(a, share, w, x, y)];
}

/** y = (Σ|x|ᵖ)^(1/p): dx = sign(x)·|x|^(p-1) · Σ over windows of dy·y^(1-p) */
function lpPool(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const x = c.inputs[0]!;
  const y = c.outputs[0]!;
  const p = c.attributes.int('p', 2);
  const share = lpShare(a, c.outputGradients[0]!, y, p);
  const back = windowSum(a, share, poolWindow(c), c.dims(x), c.dims(y));
  return [a.mul(back, lpSlope(a, x, p))];
}

function lpShare(a: Algebra, dy: Ref, y: Ref, p: number): Ref {
  if (p === 1) return dy;
  return a.where(a.equal(y, 0), 0, a.mul(dy, a.pow(y, 1 - p)));
}

function lpSlope(a: Algebra, x: Ref, p: number): Ref {
  if (p === 1) return a.sign(x);
  if (p === 2) return x;
  return a.mul(a.sign(x), a.pow(a.abs(x), p - 1));
}

function spaceAxes(c: RuleContext): number[] {
  return range(c.dims(c.inputs[0]!).length).slice(2);
}

/** y = x scattered to zeros by flat indices: dx gathers. */
function maxUnpool(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const flat = a.op('Reshape', [c.outputGradients[0]!, c.emit.ints([-1])]);
  return [a.op('Gather', [flat, c.inputs[1]!])];
}

export const poolingRules: readonly RuleEntry[] = [
  rule('MaxPool', maxPool),
  rule('AveragePool', averagePool),
  rule('LpPool', lpPool),
  // dx = dy / n
  rule('GlobalAveragePool', (c) => {
    const a = new Algebra(c);
    const dims = c.dims(c.inputs[0]!);
    const dy = c.outputGradients[0]!;
    const count = a.count(
      spaceAxes(c).map((i) => dims[i]!),
      dy,
    );
    return [spreadOver(a, a.div(dy, count), dims)];
  }),
  // The first element that attains the maximum.
  rule('GlobalMaxPool', (c) => {
    const a = new Algebra(c);
    const x = c.inputs[0]!;
    const dims = c.dims(x);
    const size = a.joined(dims.slice(2));
    const flat = [...dims.slice(0, 2), size];
    const first = a.op('ArgMax', [a.reshape(x, flat)], { axis: 2, keepdims: 1 });
    const dy = a.reshape(c.outputGradients[0]!, [...dims.slice(0, 2), fixed(1)]);
    return [a.reshape(a.mask(a.equal(a.iota(size, 3, 2), first), dy), dims)];
  }),
  rule('GlobalLpPool', (c) => {
    const a = new Algebra(c);
    const p = c.attributes.int('p', 2);
    return [a.mul(lpShare(a, c.outputGradients[0]!, c.outputs[0]!, p), lpSlope(a, c.inputs[0]!, p))];
  }),
  rule('MaxUnpool', maxUnpool),
  refusal('MaxRoiPool', 'pooling over regions by their maximum has no gradient here; RoiAlign has'),
];
