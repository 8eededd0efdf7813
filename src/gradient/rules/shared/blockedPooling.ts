import { Algebra } from '../../emit/algebra.js';
import { fixed, range, type Dim, type Dims } from '../../dims.js';
import type { Ref, RuleContext } from '../../rule.js';
import type { Window } from '../../emit/window.js';
import { affine, depthwise, rectified, STEEP } from '../../layout/blocked.js';
import { interleaved } from './windows.js';

/**
 * Max pooling backwards in ONNX Runtime's blocked layout: along the rows, then along the columns, by depthwise convolutions
 * that each pick one place of the kernel. The kernel of MaxPool with Indices takes 50 times as long as the one without; all
 * of this takes a third of it.
 *
 * The first maximum in row-major order lies in the first row that holds the maximum of the rows, and is the first in it: so
 * taking the first of equals twice gives what the indices give.
 */
export function maxPoolBlocked(c: RuleContext, a: Algebra, w: Window): Ref {
  const [x, y] = [c.inputs[0]!, c.outputs[0]!];
  const safe = isRectified(c, x);
  // The element that has the maximum is rectified where the maximum is: masked here, dy has fewer elements than behind.
  const dy = safe ? rectified(a, c.outputGradients[0]!, y, c.dims(y)) : c.outputGradients[0]!;
  const dx = alongAxes(c, a, w, dy, safe);
  if (safe) c.emit.vanishing.add(dx);
  return dx;
}

function alongAxes(c: RuleContext, a: Algebra, w: Window, gradient: Ref, safe: boolean): Ref {
  const [x, y] = [c.inputs[0]!, c.outputs[0]!];
  const [dims, out] = [c.dims(x), c.dims(y)];
  let dy = gradient;
  let source = x;
  if (w.kernel[0]! > 1 || w.strides[0]! > 1) {
    const columns = w.kernel[1]! > 1 || w.strides[1]! > 1;
    const between = [dims[0]!, dims[1]!, dims[2]!, out[3]!];
    if (columns) {
      source = pooledColumns(a, x, w);
      a.emit.settle(source, between);
    }
    dy = alongAxis(a, { source, reduced: y, dy, dims: columns ? between : dims, out, axis: 0, safe }, w);
    if (!columns) return dy;
    return alongAxis(a, { source: x, reduced: source, dy, dims, out: between, axis: 1, safe }, w);
  }
  return alongAxis(a, { source: x, reduced: y, dy, dims, out, axis: 1, safe }, w);
}

/** The maximum of the columns of each window, for every row. */
function pooledColumns(a: Algebra, x: Ref, w: Window): Ref {
  const end = (w.output[1]! - 1) * w.strides[1]! + w.kernel[1]! - w.input[1]! - w.begin[1]!;
  return a.op('MaxPool', [x], {
    kernel_shape: [1, w.kernel[1]!],
    strides: [1, w.strides[1]!],
    pads: [0, w.begin[1]!, 0, Math.max(0, end)],
  });
}

interface Stage {
  readonly source: Ref;
  /** Maximum of the source over the windows along the axis. */
  readonly reduced: Ref;
  readonly dy: Ref;
  readonly dims: Dims;
  readonly out: Dims;
  /** 0: rows, 1: columns. */
  readonly axis: number;
  /** Whether it does not matter where the gradient of a maximum of 0 goes. */
  readonly safe: boolean;
}

/** Whether x comes out of a rectifier that lets no gradient through at 0. */
function isRectified(c: RuleContext, x: Ref): boolean {
  const maker = c.through(x);
  return maker?.op === 'Relu' && maker.domain === '';
}

/** More than any difference between values. */
const FAR = 2 ** 60;

function alongAxis(a: Algebra, s: Stage, w: Window): Ref {
  const { axis, dims, out, dy } = s;
  const channels = dims[1]!.base;
  const [kernel, stride, begin] = [w.kernel[axis]!, w.strides[axis]!, w.begin[axis]!];
  const [size, windows] = [dims[axis + 2]!.base, out[axis + 2]!.base];
  const one = new OneTap(a, channels, axis, s.dy);
  // Nothing is added. But what does not depend on the gradient may run during the forward pass, and would be held until the
  // gradient comes by: a third of the memory of a network with large pictures.
  const reduced = a.add(depthwise(a, dy, out, 0, 0), s.reduced);
  const ones = (): Ref => {
    const v = reduced;
    return a.op('Clip', [affine(a, v, out, 1, 0), a.emit.scalar(1, v), a.emit.scalar(1, v)]);
  };
  let edge: Ref | undefined;
  // 1 where the window's value at place k is its maximum: only there their difference, which is never negative, is 0.
  const hit = (k: number): Ref => {
    let maximum = reduced;
    if (!s.safe) {
      // Outside the picture a convolution reads 0, which is no value of the window.
      const before = range(windows).filter((o) => o * stride + k - begin < 0).length;
      const after = range(windows).filter((o) => o * stride + k - begin >= size).length;
      for (const shift of [before, -after]) {
        if (shift === 0) continue;
        edge ??= ones();
        // 1 outside and 0 inside, then FAR and 0: inside, nothing is added to the maximum.
        const outside = one.pick(edge, { windows, stride: 1, size: windows, offset: -shift, weight: -1, bias: 1 });
        maximum = a.add(depthwise(a, outside, out, FAR, 0), maximum);
      }
    }
    const difference = a.add(one.pick(s.source, { windows, stride, size, offset: k - begin, weight: -1 }), maximum);
    return a.op('Relu', [depthwise(a, difference, out, -STEEP, 1)]);
  };
  // The first of equal maxima gets it all: what is left for the next is dy or 0, so that the differences are exact.
  const parts: Ref[] = [];
  let rest = dy;
  for (let k = 0; k < kernel - 1; k++) {
    const part = a.mul(hit(k), rest);
    parts.push(part);
    rest = a.add(depthwise(a, part, out, -1, 0), rest);
  }
  parts.push(rest);
  // Place k of window o is element stride·o + k - begin: phase by phase of the stride.
  const cells = Math.ceil(size / stride);
  const phases = range(stride).map((phase) => {
    const terms: Ref[] = [];
    for (let k = 0; k < kernel; k++) {
      const at = k - begin - phase;
      if (at % stride !== 0) continue;
      const shift = at / stride;
      const straight = shift === 0 && cells === windows;
      terms.push(
        straight ? parts[k]! : one.pick(parts[k]!, { windows: cells, stride: 1, size: windows, offset: -shift }),
      );
    }
    return terms.reduceRight((sum, term) => a.add(term, sum));
  });
  const lead: Dim[] = dims.map((d, i) => (i === axis + 2 ? fixed(cells) : d));
  return interleaved(a, phases, axis + 2, lead, size);
}

interface Pick {
  /** How many values are picked. */
  readonly windows: number;
  readonly stride: number;
  /** Elements of the source along the axis. */
  readonly size: number;
  /** The first of them. */
  readonly offset: number;
  readonly weight?: number;
  readonly bias?: number;
}

/** Elements offset, offset + stride, … along one spatial axis, 0 outside: a depthwise convolution with one weight. */
class OneTap {
  constructor(
    private readonly a: Algebra,
    private readonly channels: number,
    private readonly axis: number,
    private readonly like: Ref,
  ) {}

  pick(v: Ref, { windows, stride, size, offset, weight = 1, bias }: Pick): Ref {
    const begin = Math.max(0, -offset);
    const place = Math.max(0, offset);
    const span = (windows - 1) * stride;
    // As many positions as windows: padding at the end where there are too few, a longer kernel where there are too many.
    const end = Math.max(0, span + place + 1 - size - begin);
    const length = Math.max(place + 1, size + begin + end - span - stride + 1);
    const { a, channels, axis } = this;
    const along = <T>(value: T, other: T): T[] => (axis === 0 ? [value, other] : [other, value]);
    const weights = range(channels).flatMap(() => range(length).map((i) => (i === place ? weight : 0)));
    const kernel = a.tensor([channels, 1, ...along(length, 1)], weights, this.like);
    const shift = bias === undefined ? undefined : a.tensor([channels], Array<number>(channels).fill(bias), this.like);
    return a.op('Conv', [v, kernel, shift], {
      kernel_shape: along(length, 1),
      strides: along(stride, 1),
      pads: [...along(begin, 0), ...along(end, 0)],
      group: channels,
    });
  }
}
