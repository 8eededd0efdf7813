import type { Value, Writer } from './writer.js';

/**
 * Half a spectrum of real pictures, as a matrix: the rows are the real parts of all vertical frequencies and below them the
 * imaginary parts, the columns the horizontal frequencies from 0 on: `[n, C, 2H, ⌊W/2⌋ + 1]`.
 */
export interface SpectrumSize {
  readonly height: number;
  readonly width: number;
}

/** Columns of half a spectrum. */
export const halfOf = (width: number): number => Math.floor(width / 2) + 1;

/** Frequency of each element of half a spectrum, √(fx² + fy²) in cycles per pixel, `[H, ⌊W/2⌋ + 1]`. */
export function frequencies({ height, width }: SpectrumSize): Float64Array {
  const half = halfOf(width);
  const out = new Float64Array(height * half);
  for (let y = 0; y < height; y++) {
    const fy = (y <= height / 2 ? y : y - height) / height;
    for (let x = 0; x < half; x++) out[y * half + x] = Math.hypot(fy, x / width);
  }
  return out;
}

/** Weight of each frequency, 1 / max(f, 1 / the longer side)^decay, `[H, ⌊W/2⌋ + 1]`. */
export function decayOf(size: SpectrumSize, decay: number): Float64Array {
  const least = 1 / Math.max(size.height, size.width);
  return frequencies(size).map((f) => Math.max(f, least) ** -decay);
}

/**
 * The pictures of half spectra: the inverse real Fourier transform as two products with matrices, so that any runtime
 * computes it and its adjoint. Scaled so that it keeps lengths (`ortho`). The imaginary part of what is its own mirror image
 * has no effect, as in every inverse real transform.
 *
 * @param spectrum `[n, C, 2H, ⌊W/2⌋ + 1]`
 * @returns `[n, C, H, W]`
 */
export function inverseTransform(w: Writer, spectrum: Value, { height, width }: SpectrumSize): Value {
  const half = halfOf(width);
  const [n, channels] = spectrum.dims as [number, number];
  // Real and imaginary part of a row come out beside each other, so that the next product sees them as one row.
  const columns = w.matmul(w.constant(columnMatrix(height), [2 * height, 2 * height]), spectrum);
  const rows = w.reshape(columns, [n, channels, height, 2 * half]);
  return w.matmul(rows, w.constant(rowMatrix(width), [2 * half, width]));
}

/** Rows: real and imaginary part of each place; columns: real parts of the frequencies, then imaginary parts. */
function columnMatrix(height: number): Float64Array {
  const out = new Float64Array(4 * height * height);
  const share = 1 / Math.sqrt(height);
  for (let y = 0; y < height; y++) {
    for (let k = 0; k < height; k++) {
      // Turned first: the angle is exact for any size.
      const angle = (2 * Math.PI * ((y * k) % height)) / height;
      const [c, s] = [Math.cos(angle) * share, Math.sin(angle) * share];
      const [real, imaginary] = [2 * y * 2 * height, (2 * y + 1) * 2 * height];
      out[real + k] = c;
      out[real + height + k] = -s;
      out[imaginary + k] = s;
      out[imaginary + height + k] = c;
    }
  }
  return out;
}

/** Rows: real parts of the frequencies, then imaginary parts; columns: places. What has a mirror image counts twice. */
function rowMatrix(width: number): Float64Array {
  const half = halfOf(width);
  const out = new Float64Array(2 * half * width);
  for (let k = 0; k < half; k++) {
    const times = k === 0 || 2 * k === width ? 1 : 2;
    const share = times / Math.sqrt(width);
    for (let x = 0; x < width; x++) {
      const angle = (2 * Math.PI * ((x * k) % width)) / width;
      out[k * width + x] = Math.cos(angle) * share;
      out[(half + k) * width + x] = -Math.sin(angle) * share;
    }
  }
  return out;
}

/**
 * Half spectra of one picture's channels in double precision, the inverse of {@link inverseTransform}: `[C, 2H, ⌊W/2⌋ + 1]`.
 * Used where pictures are read, never while one is made.
 *
 * @param planes `[C, H, W]`, flat
 */
export function transform(planes: ArrayLike<number>, channels: number, { height, width }: SpectrumSize): Float64Array {
  const half = halfOf(width);
  const out = new Float64Array(channels * 2 * height * half);
  const turns = (n: number): [Float64Array, Float64Array] => [
    Float64Array.from({ length: n }, (_, i) => Math.cos((2 * Math.PI * i) / n)),
    Float64Array.from({ length: n }, (_, i) => Math.sin((2 * Math.PI * i) / n)),
  ];
  const [cx, sx] = turns(width);
  const [cy, sy] = turns(height);
  const share = 1 / Math.sqrt(height * width);
  const real = new Float64Array(height * half);
  const imaginary = new Float64Array(height * half);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const row = (c * height + y) * width;
      for (let k = 0; k < half; k++) {
        let [re, im] = [0, 0];
        for (let x = 0, t = 0; x < width; x++, t = (t + k) % width) {
          re += planes[row + x]! * cx[t]!;
          im -= planes[row + x]! * sx[t]!;
        }
        real[y * half + k] = re;
        imaginary[y * half + k] = im;
      }
    }
    const base = c * 2 * height * half;
    for (let k = 0; k < height; k++) {
      for (let x = 0; x < half; x++) {
        let [re, im] = [0, 0];
        for (let y = 0, t = 0; y < height; y++, t = (t + k) % height) {
          const [a, b] = [real[y * half + x]!, imaginary[y * half + x]!];
          re += a * cy[t]! + b * sy[t]!;
          im += b * cy[t]! - a * sy[t]!;
        }
        out[base + k * half + x] = re * share;
        out[base + (height + k) * half + x] = im * share;
      }
    }
  }
  return out;
}
