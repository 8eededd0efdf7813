import { Algebra } from '../emit/algebra.js';
import { fixed, ONE, range, type Dim } from '../dims.js';
import {
  forgetsPadding,
  hasPhases,
  inputGradientForm,
  turnedPads,
  weightGradientForm,
  type ConvolutionShape,
} from '../layout/gradientForms.js';
import {
  MICROSOFT,
  expand,
  rule,
  type Contribution,
  type NodeContext,
  type Ref,
  type RuleContext,
  type RuleEntry,
} from '../rule.js';
import { leftOver, transposedWindowOf, windowOf, type Window } from '../emit/window.js';
import { activated } from './shared/fused.js';
import { factored, phasePlanes, phasesAtOnce, spaced, wovenPlanes } from './shared/stridedConvolution.js';
import { weightTaps } from './shared/weightTaps.js';

/** Spatial sizes of a value; they may not depend on the batch. */
function spatial(c: NodeContext, value: Ref): number[] {
  return c
    .dims(value)
    .slice(2)
    .map((d) => (d.slope === 0 ? d.base : c.refuse('its spatial size depends on the batch')));
}

function convolution(c: RuleContext): (Contribution | undefined)[] {
  const a = new Algebra(c);
  const [x, w, bias] = c.inputs as [Ref, Ref, Ref | undefined];
  const dy = c.outputGradients[0]!;
  const window = windowOf(c, spatial(c, w), spatial(c, x), spatial(c, c.outputs[0]!));
  const group = c.attributes.int('group', 1);
  return [
    c.wants(0) ? inputContribution(a, dy, w, c.dims(w), window, group) : undefined,
    c.wants(1) ? weightGradient(a, x, dy, c.dims(x), window, group) : undefined,
    // Σ over batch and positions
    bias !== undefined && c.wants(2)
      ? a.reduceSum(dy, [0, ...range(window.kernel.length).map((i) => i + 2)], false)
      : undefined,
  ];
}

/** dx, phase by phase where it may meet that of another convolution. */
function inputContribution(a: Algebra, dy: Ref, w: Ref, wDims: readonly Dim[], s: Window, group: number): Contribution {
  const alone = (): Ref => convolutionInput(a, dy, w, wDims, s, group);
  if (!hasPhases(shapeOf(wDims, s, group), a.c.provider)) return alone();
  return {
    grid: s.strides.join(),
    alone,
    planes: () => phasePlanes(a, dy, w, wDims, s),
    woven: (planes) => wovenPlanes(a, planes, wDims[1]!, s),
  };
}

function shapeOf(wDims: readonly Dim[], s: Window, group: number): ConvolutionShape {
  return { ...s, group, channels: wDims[1]!.base, filters: wDims[0]!.base };
}

/** dx: every output element sends its gradient back through the kernel to where it looked. */
export function convolutionInput(a: Algebra, dy: Ref, w: Ref, wDims: readonly Dim[], s: Window, group: number): Ref {
  const shape = shapeOf(wDims, s, group);
  const rest = leftOver(s);
  const form = inputGradientForm(shape, a.c.provider);
  if (form === 'spaced') return spaced(a, dy, turned(a, w, wDims, group), wDims, s);
  if (form === 'phases') {
    // No phase is empty where the kernel is larger than the stride.
    const planes = phasePlanes(a, dy, w, wDims, s).map((row) => row.filter((v) => v !== undefined));
    return wovenPlanes(a, planes, wDims[1]!, s);
  }
  if (form === 'phasesAtOnce') return phasesAtOnce(a, dy, w, wDims, s);
  if (form === 'factored') return factored(a, dy, w, wDims, s);
  if (form === 'flipped') {
    const { begin, end } = turnedPads(shape);
    const kernel = turned(a, w, wDims, group);
    const attributes = { kernel_shape: s.kernel, dilations: s.dilations, group, pads: [...begin, ...end] };
    const dx = a.op('Conv', [dy, kernel], attributes);
    const channels = fixed(wDims[1]!.base * group);
    a.emit.scalable.set(dx, (factor) => {
      const each = a.reshape(factor, [channels, ...wDims.slice(1).map(() => ONE)]);
      return a.op('Conv', [dy, a.mul(kernel, each)], attributes);
    });
    return dx;
  }
  return a.op('ConvTranspose', [dy, w], {
    kernel_shape: s.kernel,
    strides: s.strides,
    dilations: s.dilations,
    group,
    pads: [...s.begin, ...s.end],
    output_padding: rest.some((r) => r !== 0) ? rest : undefined,
  });
}

/** W [M, C/g, k…] as the kernel of the way back: [C, M/g, k…], turned round in space. ONNX Runtime folds this at load. */
function turned(a: Algebra, w: Ref, dims: readonly Dim[], group: number): Ref {
  const space = dims.slice(2);
  const axes = space.map((_, i) => i + 2).filter((i) => dims[i]!.base > 1);
  return a.flip(swapped(a, w, dims, group), axes);
}

/** Input and output channels of a kernel exchanged, group by group. */
function swapped(a: Algebra, w: Ref, dims: readonly Dim[], group: number): Ref {
  const [m, cg] = [dims[0]!.base, dims[1]!.base];
  const space = dims.slice(2);
  const mg = m / group;
  if (group === 1) return a.transpose(w, [1, 0, ...space.map((_, i) => i + 2)]);
  if (mg === 1 && cg === 1) return w;
  const split = a.reshape(w, [fixed(group), fixed(mg), fixed(cg), ...space]);
  const moved = a.transpose(split, [0, 2, 1, ...space.map((_, i) => i + 3)]);
  return a.reshape(moved, [fixed(group * cg), fixed(mg), ...space]);
}

/**
 * dW[m, c, k] = Σ_{n, o} dy[n, m, o] · x[n, c, o·stride + k·dilation - pad]: a convolution of x with dy as its kernel,
 * in which batch and channels have changed places and stride and dilation too. `x` plays the input of a Conv with window s.
 */
function weightGradient(a: Algebra, x: Ref, dy: Ref, xDims: readonly Dim[], s: Window, group: number): Ref {
  if (weightGradientForm(s.kernel, xDims[1]!.base / group, a.c.provider) === 'taps')
    return weightTaps(a, x, dy, { batch: xDims[0]!, wDims: a.c.dims(a.c.inputs[1]!) }, s, group);
  const n = s.kernel.length;
  const space = range(n);
  const flip = [1, 0, ...space.map((i) => i + 2)];
  const rest = leftOver(s);
  // Only what the windows touched: the elements left over by a stride would make further kernel positions.
  const end = s.end.map((e, i) => e - rest[i]!);
  const crop = end.map((e) => Math.max(0, -e));
  const input = a.pad(
    x,
    n + 2,
    space.map((i) => i + 2),
    space.map(() => 0),
    crop.map((k) => (k === 0 ? 0 : -k)),
  );
  const batch = xDims[0]!;
  const cg = xDims[1]!.base / group;
  const way: Way = {
    input: s.input.map((d, i) => d - crop[i]!),
    kernel: s.output,
    strides: s.dilations,
    dilations: s.strides,
    begin: s.begin,
    end: end.map((e) => Math.max(0, e)),
    group,
  };
  if (group === 1) return a.transpose(convolve(a, a.transpose(input, flip), a.transpose(dy, flip), way), flip);
  // x as [c/g, g·N, …] so that each group is a group of channels; dy as [g·m/g, N, …]
  const xSpace = s.input.map((d, i) => fixed(d - crop[i]!));
  const xs = a.transpose(a.reshape(input, [batch, fixed(group), fixed(cg), ...xSpace]), [
    2,
    1,
    0,
    ...space.map((i) => i + 3),
  ]);
  const joined = a.joined([batch, fixed(group)]);
  const out = convolve(a, a.reshape(xs, [fixed(cg), joined, ...xSpace]), a.transpose(dy, flip), way);
  // [c/g, m, k…] -> [m, c/g, k…]
  return a.transpose(out, flip);
}

type Way = Omit<Window, 'output'> & { readonly group: number };

/** A Conv of these sizes. Where its padding at the end would be forgotten, one more position is computed in front and cut off. */
function convolve(a: Algebra, x: Ref, w: Ref, s: Way): Ref {
  const { kernel, strides, dilations, group } = s;
  const wrong = forgetsPadding(a.c.provider, s);
  const begin = wrong ? [strides[0]!, ...s.begin.slice(1)] : s.begin;
  const attributes = { kernel_shape: kernel, strides, dilations, group, pads: [...begin, ...s.end] };
  const y = a.op('Conv', [x, w], attributes);
  if (!wrong) return y;
  const positions = Math.floor((s.input[0]! + s.end[0]! - dilations[0]! * (kernel[0]! - 1) - 1) / strides[0]!) + 1;
  return a.slice(y, [2], [1], [1 + positions]);
}

/** y = ConvTranspose(x, W [C, M/g, k…]): the gradient of a ConvTranspose is a Conv of dy with the same W. */
function transposedConvolution(c: RuleContext): (Ref | undefined)[] {
  const a = new Algebra(c);
  const [x, w, bias] = c.inputs as [Ref, Ref, Ref | undefined];
  const dy = c.outputGradients[0]!;
  const group = c.attributes.int('group', 1);
  const kernel = spatial(c, w);
  const n = kernel.length;
  // Seen from dy: the input of the convolution is y's space, its output x's.
  const s = transposedWindowOf(c, kernel, spatial(c, x), spatial(c, c.outputs[0]!));
  const rest = leftOver(s);
  const end = s.end.map((e, i) => e - rest[i]!);
  const axes = range(n).map((i) => i + 2);
  const negative = [...s.begin, ...end].some((p) => p < 0);
  const source = negative
    ? a.pad(
        dy,
        n + 2,
        axes,
        s.begin.map((p) => Math.min(0, p)),
        end.map((p) => Math.min(0, p)),
      )
    : dy;
  const way: Way = {
    ...s,
    // What was cut off by negative padding is gone already.
    input: s.input.map((d, i) => d + Math.min(0, s.begin[i]!) + Math.min(0, end[i]!)),
    begin: s.begin.map((p) => Math.max(0, p)),
    end: end.map((p) => Math.max(0, p)),
    group,
  };
  return [
    c.wants(0) ? convolve(a, source, w, way) : undefined,
    c.wants(1) ? weightGradient(a, dy, x, c.dims(c.outputs[0]!), s, group) : undefined,
    bias !== undefined && c.wants(2) ? a.reduceSum(dy, [0, ...axes], false) : undefined,
  ];
}

export const convolutionRules: readonly RuleEntry[] = [
  rule('Conv', convolution),
  rule('ConvTranspose', transposedConvolution),
  // Conv, then + z where a fourth input is given, then an activation.
  expand(
    'FusedConv',
    (c) => {
      const a = new Algebra(c);
      const [x, w, bias, z] = c.inputs as [Ref, Ref, Ref | undefined, Ref | undefined];
      const names = ['auto_pad', 'dilations', 'group', 'kernel_shape', 'pads', 'strides'] as const;
      const attributes = Object.fromEntries(
        names.map((k) => [
          k,
          k === 'auto_pad'
            ? c.attributes.string(k, 'NOTSET')
            : k === 'group'
              ? c.attributes.int(k, 1)
              : c.attributes.ints(k),
        ]),
      );
      let y = a.op('Conv', [x, w, bias], attributes);
      c.emit.settle(y, c.dims(c.outputs[0]!));
      if (z !== undefined) y = a.add(y, z);
      return [activated(a, y)];
    },
    { domain: MICROSOFT },
  ),
];
