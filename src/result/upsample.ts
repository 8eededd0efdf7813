/**
 * Bilinear resampling of one float map, corners not aligned and no antialiasing: what
 * `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)` does. Used to lay a layer's map over a picture.
 *
 * @param data `h × w` values in rows
 * @returns `H × W` values in rows
 */
export function upsampleBilinear(data: Float32Array, h: number, w: number, H: number, W: number): Float32Array {
  if (data.length !== h * w) throw new Error(`A ${h}×${w} map has ${h * w} values, not ${data.length}`);
  const rows = positions(h, H);
  const columns = positions(w, W);
  const out = new Float32Array(H * W);
  for (let y = 0; y < H; y++) {
    const top = rows.low[y]! * w;
    const bottom = rows.high[y]! * w;
    const fy = rows.fraction[y]!;
    for (let x = 0; x < W; x++) {
      const left = columns.low[x]!;
      const right = columns.high[x]!;
      const fx = columns.fraction[x]!;
      const upper = data[top + left]! * (1 - fx) + data[top + right]! * fx;
      const lower = data[bottom + left]! * (1 - fx) + data[bottom + right]! * fx;
      out[y * W + x] = upper * (1 - fy) + lower * fy;
    }
  }
  return out;
}

interface Positions {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly fraction: Float64Array;
}

function positions(from: number, to: number): Positions {
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const fraction = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const at = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    low[i] = Math.min(from - 1, Math.floor(at));
    high[i] = Math.min(from - 1, low[i]! + 1);
    fraction[i] = at - low[i]!;
  }
  return { low, high, fraction };
}

/**
 * The same along any number of axes, one after the other: trilinear for volumes.
 *
 * @param data values in the order of the sizes `from`, the last axis fastest
 * @returns values of the sizes `to`
 */
export function upsampleLinear(data: Float32Array, from: readonly number[], to: readonly number[]): Float32Array {
  const count = from.reduce((a, b) => a * b, 1);
  if (data.length !== count || from.length !== to.length)
    throw new Error(`A map of ${from.join('×')} has ${count} values, not ${data.length}`);
  let values = Float64Array.from(data);
  const sizes = [...from];
  for (let axis = 0; axis < to.length; axis++) {
    const [n, N] = [sizes[axis]!, to[axis]!];
    const { low, high, fraction } = positions(n, N);
    const inner = sizes.slice(axis + 1).reduce((a, b) => a * b, 1);
    const outer = sizes.slice(0, axis).reduce((a, b) => a * b, 1);
    const out = new Float64Array(outer * N * inner);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < N; i++)
        for (let k = 0; k < inner; k++) {
          const a = values[(o * n + low[i]!) * inner + k]!;
          const b = values[(o * n + high[i]!) * inner + k]!;
          out[(o * N + i) * inner + k] = a * (1 - fraction[i]!) + b * fraction[i]!;
        }
    values = out;
    sizes[axis] = N;
  }
  return Float32Array.from(values);
}

/** For each place of the sizes `to`, in their order, the place of the sizes `from` that covers it. */
export function coveringPlaces(from: readonly number[], to: readonly number[]): Int32Array {
  const out = new Int32Array(to.reduce((a, b) => a * b, 1));
  for (let p = 0; p < out.length; p++) {
    let [rest, step, at] = [p, 1, 0];
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const i = rest % to[axis]!;
      rest = Math.floor(rest / to[axis]!);
      at += Math.floor((i * from[axis]!) / to[axis]!) * step;
      step *= from[axis]!;
    }
    out[p] = at;
  }
  return out;
}
