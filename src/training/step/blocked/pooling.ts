import { STEEP } from '../../../gradient/layout/blocked.js';
import type { Window } from '../../../gradient/emit/window.js';
import { interleave } from './convolution.js';
import { cellsOf, reachOf } from './geometry.js';
import { affine, each, type Blocked, type Writer } from './writer.js';

/** Padding at the end that gives as many windows as there are, whatever rounding the model asked for. */
function endOf(s: Window, axis: number): number {
  return Math.max(0, reachOf(s, axis) - s.input[axis]! - s.begin[axis]!);
}

export function maxPool(w: Writer, x: Blocked, s: Window): Blocked {
  const ref = w.nchwc('MaxPool', [x.ref], {
    kernel_shape: s.kernel,
    strides: s.strides,
    dilations: s.dilations,
    pads: [...s.begin, endOf(s, 0), endOf(s, 1)],
  });
  return { ...x, ref, h: s.output[0]!, w: s.output[1]! };
}

export function averagePool(w: Writer, x: Blocked, s: Window, includePad: boolean): Blocked {
  const ref = w.nchwc('AveragePool', [x.ref], {
    kernel_shape: s.kernel,
    strides: s.strides,
    pads: [...s.begin, ...s.end],
    count_include_pad: includePad ? 1 : 0,
  });
  return { ...x, ref, h: s.output[0]!, w: s.output[1]! };
}

/** Below every value that is no overflow. */
const FAR = -(2 ** 60);

/**
 * Each window sends its gradient to the first element that attains its maximum, in row-major order, as the indices of
 * MaxPool say: place by place, what is left goes on to the next. All at the size of the output.
 *
 * @param safe whether it does not matter where the gradient of a maximum of 0 goes: a rectifier stands in front
 */
export function maxPoolGradient(
  w: Writer,
  { dy, x, y }: { readonly dy: Blocked; readonly x: Blocked; readonly y: Blocked },
  s: Window,
  safe: boolean,
): Blocked {
  const ends = [endOf(s, 0), endOf(s, 1)];
  const outside = [...s.begin, ...ends].some((p) => p > 0);
  const [begin, source] = outside && !safe ? [[0, 0], surrounded(w, x, s.begin, ends)] : [s.begin, x];
  const places = s.kernel[0]! * s.kernel[1]!;
  const planes: (Blocked | undefined)[][] = Array.from({ length: s.strides[0]! }, () =>
    Array<Blocked | undefined>(s.strides[1]!).fill(undefined),
  );
  let rest = dy;
  for (let k = 0; k < places; k++) {
    const at = [Math.floor(k / s.kernel[1]!) * s.dilations[0]!, (k % s.kernel[1]!) * s.dilations[1]!];
    let part = rest;
    if (k < places - 1) {
      const offset = at.map((p, i) => p - begin[i]!);
      const difference = pick(w, source, { count: s.output, strides: s.strides, offset, weight: -1, sum: y });
      // Never negative; 0 where the maximum is, so that 1 is left there alone.
      const hit = each(w, 'Relu', [affine(w, difference, -STEEP, 1)]);
      part = each(w, 'Mul', [hit, rest]);
      rest = affine(w, part, -1, 0, rest);
    }
    const phase = at.map((p, i) => mod(p - s.begin[i]!, s.strides[i]!));
    const shift = at.map((p, i) => (p - s.begin[i]! - phase[i]!) / s.strides[i]!);
    const cells = [cellsOf(s, 0), cellsOf(s, 1)];
    const row = planes[phase[0]!]!;
    const sum = row[phase[1]!];
    const straight = shift.every((d) => d === 0) && cells.every((c, i) => c === s.output[i]);
    row[phase[1]!] = !straight
      ? pick(w, part, { count: cells, strides: [1, 1], offset: shift.map((d) => -d), weight: 1, sum })
      : sum === undefined
        ? part
        : affine(w, part, 1, 0, sum);
  }
  return interleave(w, planes, { input: s.input, batch: x.n, channels: x.c });
}

function mod(a: number, n: number): number {
  return ((a % n) + n) % n;
}

/** A picture with values that are no maximum around it. */
function surrounded(w: Writer, x: Blocked, begin: readonly number[], end: readonly number[]): Blocked {
  const channels = w.full(x.c);
  const [h, width] = [x.h + begin[0]! + end[0]!, x.w + begin[1]! + end[1]!];
  const flat = w.reshape(x.ref, [(x.n * channels) / w.block, x.h, x.w * w.block]);
  const padded = w.pad(flat, [0, begin[0]!, begin[1]! * w.block], [0, end[0]!, end[1]! * w.block], FAR);
  return { ...x, ref: w.reshape(padded, [x.n, channels, h, width]), h, w: width };
}

interface Pick {
  /** Elements along each axis. */
  readonly count: readonly number[];
  readonly strides: readonly number[];
  /** The first of them. */
  readonly offset: readonly number[];
  readonly weight: number;
  readonly sum?: Blocked | undefined;
}

/** weight·v[offset + stride·i] (0 outside) + sum: a convolution of one filter for each channel with a single place. */
function pick(w: Writer, v: Blocked, p: Pick): Blocked {
  const size = [v.h, v.w];
  const axes = p.count.map((count, i) => {
    const begin = Math.max(0, -p.offset[i]!);
    const place = Math.max(0, p.offset[i]!);
    const reach = (count - 1) * p.strides[i]!;
    const end = Math.max(0, reach + place + 1 - size[i]! - begin);
    // As many positions as asked for: where there are more, the kernel grows by places that are 0.
    const length = Math.max(place + 1, size[i]! + begin + end - reach - p.strides[i]! + 1);
    return { begin, end, place, length };
  });
  const [rows, columns] = axes as [(typeof axes)[0], (typeof axes)[0]];
  const channels = w.full(v.c);
  const kernel = new Float64Array(channels * rows.length * columns.length);
  // [c'/B, rows, columns, B]
  for (let block = 0; block < channels / w.block; block++)
    for (let lane = 0; lane < w.block; lane++)
      kernel[((block * rows.length + rows.place) * columns.length + columns.place) * w.block + lane] = p.weight;
  const ref = w.nchwc(
    'Conv',
    [v.ref, w.floats([channels, 1, rows.length, columns.length], kernel), undefined, p.sum?.ref],
    {
      kernel_shape: [rows.length, columns.length],
      strides: p.strides,
      pads: [rows.begin, columns.begin, rows.end, columns.end],
      group: channels,
    },
  );
  return { ...v, ref, h: p.count[0]!, w: p.count[1]! };
}
