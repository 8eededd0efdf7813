/** One axis of a Resize. */
export interface Interpolation {
  readonly mode: string;
  readonly transform: string;
  readonly size: number;
  readonly out: number;
  readonly scale: number;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
  /** Start and end of the region, normalised to the size, for tf_crop_and_resize. */
  readonly roi: readonly [number, number] | undefined;
}

/** The weights with which every output element reads the input: a row-major [out, size] matrix. */
export function interpolation(s: Interpolation): Float64Array {
  const matrix = new Float64Array(s.out * s.size);
  for (let i = 0; i < s.out; i++) {
    const at = coordinate(s, i);
    if (s.roi !== undefined && (at < 0 || at > s.size - 1)) continue;
    for (const [k, weight] of weights(s, at)) {
      const clamped = Math.min(Math.max(k, 0), s.size - 1);
      matrix[i * s.size + clamped]! += weight;
    }
  }
  return matrix;
}

/** Where an output element lies among the input elements. In float32, as ONNX Runtime computes it. */
function coordinate(s: Interpolation, i: number): number {
  const f = Math.fround;
  const scale = f(s.scale);
  const length = s.size * s.scale;
  switch (s.transform) {
    case 'asymmetric':
      return f(i / scale);
    case 'align_corners':
      return s.out === 1 ? 0 : f(f(i * f(s.size - 1)) / f(s.out - 1));
    case 'pytorch_half_pixel':
      return s.out > 1 ? f(f((i + 0.5) / scale) - 0.5) : 0;
    case 'tf_half_pixel_for_nn':
      return f((i + 0.5) / scale);
    case 'half_pixel_symmetric': {
      const adjustment = f(s.out / length);
      const centre = f(s.size / 2);
      return f(f(centre * f(1 - adjustment)) + f(f((i + 0.5) / scale) - 0.5));
    }
    case 'tf_crop_and_resize': {
      const [start, end] = s.roi!;
      return s.out > 1
        ? start * (s.size - 1) + (i * (end - start) * (s.size - 1)) / (s.out - 1)
        : 0.5 * (start + end) * (s.size - 1);
    }
    default:
      return f(f((i + 0.5) / scale) - 0.5);
  }
}

function weights(s: Interpolation, at: number): [number, number][] {
  if (s.mode === 'nearest') return [[nearest(s, at), 1]];
  // Antialiasing widens the filter when the axis shrinks.
  const wide = s.antialias && s.scale < 1 ? 1 / s.scale : 1;
  const radius = (s.mode === 'cubic' ? 2 : 1) * wide;
  const filter =
    s.mode === 'cubic' ? (t: number): number => keys(t, s.cubic) : (t: number): number => Math.max(0, 1 - Math.abs(t));
  // Plain linear interpolation clamps the coordinate itself; other filters read the edge for what lies outside.
  const centre = s.mode === 'linear' && !s.antialias ? Math.min(Math.max(at, 0), s.size - 1) : at;
  const found: [number, number][] = [];
  for (let k = Math.ceil(centre - radius); k <= Math.floor(centre + radius); k++) {
    const w = filter((k - centre) / wide);
    if (w !== 0) found.push([k, w]);
  }
  const inside = s.excludeOutside ? found.filter(([k]) => k >= 0 && k < s.size) : found;
  const total = inside.reduce((sum, [, w]) => sum + w, 0);
  return inside.map(([k, w]) => [k, w / total]);
}

function nearest(s: Interpolation, at: number): number {
  // Whole numbers stay what they are, also where float32 put them a hair off.
  switch (s.nearest) {
    case 'floor':
      return Math.floor(at);
    case 'ceil':
      return Math.ceil(at);
    case 'round_prefer_ceil':
      return Math.floor(at + 0.5);
    default:
      return Math.ceil(at - 0.5);
  }
}

/** Keys' cubic convolution kernel. */
function keys(x: number, a: number): number {
  const t = Math.abs(x);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}
