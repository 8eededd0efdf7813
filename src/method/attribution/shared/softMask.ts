/**
 * A small mask enlarged bilinearly and blurred, as a pair of matrices: full = Y · small · Xᵀ. Being linear it has an
 * exact adjoint, which takes a gradient with respect to the full mask back to the small one.
 */
export class SoftMask {
  private readonly vertical: Float64Array;
  private readonly horizontal: Float64Array;

  /** @param sigma standard deviation of the blur, in pixels of the full mask */
  constructor(
    readonly rows: number,
    readonly columns: number,
    readonly height: number,
    readonly width: number,
    sigma: number,
  ) {
    this.vertical = enlarging(rows, height, sigma);
    this.horizontal = enlarging(columns, width, sigma);
  }

  /** `rows × columns` to `height × width`. */
  enlarge(small: Float64Array): Float64Array {
    const { rows, columns, height, width } = this;
    const wide = new Float64Array(rows * width);
    for (let r = 0; r < rows; r++)
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let c = 0; c < columns; c++) sum += this.horizontal[x * columns + c]! * small[r * columns + c]!;
        wide[r * width + x] = sum;
      }
    const full = new Float64Array(height * width);
    for (let y = 0; y < height; y++)
      for (let r = 0; r < rows; r++) {
        const weight = this.vertical[y * rows + r]!;
        if (weight !== 0) for (let x = 0; x < width; x++) full[y * width + x]! += weight * wide[r * width + x]!;
      }
    return full;
  }

  /** The transpose of {@link enlarge}. */
  adjoint(full: Float64Array): Float64Array {
    const { rows, columns, height, width } = this;
    const wide = new Float64Array(rows * width);
    for (let y = 0; y < height; y++)
      for (let r = 0; r < rows; r++) {
        const weight = this.vertical[y * rows + r]!;
        if (weight !== 0) for (let x = 0; x < width; x++) wide[r * width + x]! += weight * full[y * width + x]!;
      }
    const small = new Float64Array(rows * columns);
    for (let r = 0; r < rows; r++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < columns; c++)
          small[r * columns + c]! += this.horizontal[x * columns + c]! * wide[r * width + x]!;
    return small;
  }
}

/** Bilinear weights (corners not aligned), then a Gaussian whose rows add up to one: `to × from`. */
function enlarging(from: number, to: number, sigma: number): Float64Array {
  const linear = new Float64Array(to * from);
  for (let i = 0; i < to; i++) {
    const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const low = Math.floor(at);
    linear[i * from + low]! += 1 - (at - low);
    if (at > low) linear[i * from + low + 1]! += at - low;
  }
  if (sigma <= 0) return linear;
  const out = new Float64Array(to * from);
  const radius = Math.ceil(3 * sigma);
  for (let i = 0; i < to; i++) {
    let total = 0;
    for (let k = -radius; k <= radius; k++) {
      const j = Math.min(to - 1, Math.max(0, i + k));
      const weight = Math.exp(-(k * k) / (2 * sigma * sigma));
      total += weight;
      for (let c = 0; c < from; c++) out[i * from + c]! += weight * linear[j * from + c]!;
    }
    for (let c = 0; c < from; c++) out[i * from + c]! /= total;
  }
  return out;
}

/** Σ |difference to the next row|^β + |difference to the next column|^β, divided by the number of values, and its gradient. */
export function totalVariation(
  mask: Float64Array,
  rows: number,
  columns: number,
  beta: number,
): { readonly value: number; readonly gradient: Float64Array } {
  const gradient = new Float64Array(mask.length);
  let value = 0;
  const pair = (i: number, j: number): void => {
    const d = mask[j]! - mask[i]!;
    const size = Math.abs(d);
    value += size ** beta;
    if (size === 0) return;
    const slope = (beta * size ** (beta - 1) * Math.sign(d)) / mask.length;
    gradient[j]! += slope;
    gradient[i]! -= slope;
  };
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const i = r * columns + c;
      if (c + 1 < columns) pair(i, i + 1);
      if (r + 1 < rows) pair(i, i + columns);
    }
  return { value: value / mask.length, gradient };
}

/** Adam (Kingma & Ba 2015) on one vector, kept within [0, 1]. */
export class BoundedAdam {
  private readonly first: Float64Array;
  private readonly second: Float64Array;
  private steps = 0;

  constructor(
    readonly values: Float64Array,
    private readonly rate: number,
  ) {
    this.first = new Float64Array(values.length);
    this.second = new Float64Array(values.length);
  }

  step(gradient: Float64Array): void {
    this.steps++;
    const [correct1, correct2] = [1 - 0.9 ** this.steps, 1 - 0.999 ** this.steps];
    for (let i = 0; i < this.values.length; i++) {
      const g = gradient[i]!;
      const m = (this.first[i] = 0.9 * this.first[i]! + 0.1 * g);
      const v = (this.second[i] = 0.999 * this.second[i]! + 0.001 * g * g);
      const next = this.values[i]! - (this.rate * (m / correct1)) / (Math.sqrt(v / correct2) + 1e-8);
      this.values[i] = Math.min(1, Math.max(0, next));
    }
  }
}
