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
