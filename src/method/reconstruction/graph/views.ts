import type { Random } from '../../../base/random.js';
import type { Value, Writer } from './writer.js';

/**
 * How the model is shown a picture at each step: moved, scaled, turned, as a part, with noise; drawn anew each time, so that
 * nothing is found that only holds for one alignment of pixels. All lengths are pixels of the picture.
 */
export interface ViewOptions {
  /** Farthest shift to each side. */
  readonly jitter: number;
  /** Sizes from 1 - scale to 1 + scale. */
  readonly scale: number;
  /** Degrees to each side. */
  readonly rotation: number;
  /** Sides of the part that is seen, as shares of the picture's, at the first and at the last step; 1 and 1 for the whole. */
  readonly box: readonly [first: number, last: number];
  /** Standard deviation of what is added, in units of the picture. */
  readonly noise: number;
  /** Standard deviation of a Gaussian over what is seen. */
  readonly blur: number;
  /** What lies outside of a picture, of each plane. */
  readonly fill: readonly number[];
}

/** What has to be fed for views, by the names of inputs. */
export interface Views {
  readonly rows?: Value;
  readonly columns?: Value;
  readonly grid?: Value;
  readonly noise?: Value;
}

const moves = (o: ViewOptions): boolean => o.jitter > 0 || o.scale > 0 || o.box[0] < 1 || o.box[1] < 1;

/** Views of pictures `[n, C, H, W]`, one of each. Shifts, sizes and parts are two products with matrices; turns sample a grid. */
export function writeViews(
  w: Writer,
  pictures: Value,
  options: ViewOptions,
): { readonly seen: Value; readonly feeds: Views } {
  const [n, channels, height, width] = pictures.dims as [number, number, number, number];
  let seen = pictures;
  let feeds: Views = {};
  const turned = options.rotation > 0;
  if (turned || moves(options)) {
    const fill = w.constant(options.fill, [1, channels, 1, 1]);
    seen = w.sub(seen, fill);
    if (turned) {
      const grid = w.input('lens_grid', [n, height, width, 2]);
      feeds = { grid };
      const attributes = { mode: 'linear', padding_mode: 'zeros', align_corners: 0 };
      seen = w.op('GridSample', [seen, grid], pictures.dims, attributes);
    } else {
      const rows = w.input('lens_rows', [n, 1, height, height]);
      const columns = w.input('lens_columns', [n, 1, width, width]);
      feeds = { rows, columns };
      seen = w.matmul(w.matmul(rows, seen), columns);
    }
    seen = w.add(seen, fill);
  }
  if (options.blur > 0) {
    seen = writeBlur(w, seen, options.blur);
  }
  if (options.noise > 0) {
    const noise = w.input('lens_noise', pictures.dims);
    feeds = { ...feeds, noise };
    seen = w.add(seen, noise);
  }
  return { seen, feeds };
}

/** One view: which place of the picture the middle of what is seen shows, how many of its pixels one pixel spans, and the turn. */
interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly angle: number;
}

const STRAIGHT: View = { x: 0, y: 0, zoom: 1, angle: 0 };
/** How far from the middle parts are taken, as a share of the sides (Fel et al. 2023). */
const SPREAD_OF_PARTS = 0.15;
const SPREAD_OF_SIZES = 0.05;

/**
 * What is fed for the views of one step; without random numbers, the pictures as they are.
 *
 * @param at how far the work has come, 0 to 1
 */
export function drawViews(feeds: Views, options: ViewOptions, at: number, random?: Random): Map<string, Float32Array> {
  const out = new Map<string, Float32Array>();
  const [n = 0] = (feeds.rows ?? feeds.grid ?? feeds.noise)?.dims ?? [];
  const [height, width] =
    feeds.grid !== undefined ? feeds.grid.dims.slice(1, 3) : [feeds.rows?.dims[2], feeds.columns?.dims[2]];
  const seen = Array.from({ length: n }, () =>
    random === undefined || height === undefined || width === undefined
      ? STRAIGHT
      : drawView(options, { height, width }, at, random),
  );
  if (feeds.rows !== undefined && feeds.columns !== undefined) {
    out.set(feeds.rows.name, joined(seen.map((v) => resampling(height!, v.y, v.zoom))));
    out.set(feeds.columns.name, joined(seen.map((v) => transposed(resampling(width!, v.x, v.zoom), width!))));
  }
  if (feeds.grid !== undefined) out.set(feeds.grid.name, joined(seen.map((v) => gridOf(height!, width!, v))));
  if (feeds.noise !== undefined) {
    const size = feeds.noise.dims.reduce((a, b) => a * b, 1);
    out.set(feeds.noise.name, random === undefined ? new Float32Array(size) : noiseOf(size, options.noise, random));
  }
  return out;
}

/** As many normal numbers more than are asked for as there are places to begin: drawing all anew takes as long as a small network. */
const SPARE = 1 << 16;
const drawn = new WeakMap<Random, Float32Array>();

/** Normal numbers, of which each step takes another stretch and another sign. */
function noiseOf(size: number, deviation: number, random: Random): Float32Array {
  let pool = drawn.get(random);
  if (pool === undefined || pool.length < size + SPARE) {
    pool = Float32Array.from({ length: size + SPARE }, () => random.normal());
    drawn.set(random, pool);
  }
  const from = random.below(SPARE);
  const factor = random.below(2) === 0 ? deviation : -deviation;
  const out = pool.slice(from, from + size);
  for (let i = 0; i < size; i++) out[i]! *= factor;
  return out;
}

function drawView(o: ViewOptions, size: { height: number; width: number }, at: number, random: Random): View {
  const within = (most: number): number => most * (2 * random.uniform() - 1);
  // Whole pixels, as a shift has none in between; with any other size every pixel is a mean anyway.
  const shift = (): number => (o.jitter > 0 ? Math.round(within(o.jitter + 0.5 - 1e-9)) : 0);
  const [x, y] = [shift(), shift()];
  const scale = o.scale > 0 ? 1 + within(o.scale) : 1;
  const angle = o.rotation > 0 ? (within(o.rotation) * Math.PI) / 180 : 0;
  const [first, last] = o.box;
  if (first >= 1 && last >= 1) return { x, y, zoom: 1 / scale, angle };
  const share = Math.min(1, Math.max(0.05, first + (last - first) * at + SPREAD_OF_SIZES * random.normal()));
  // The part stays within the picture.
  const room = (1 - share) / 2;
  const middle = (side: number): number => Math.min(room, Math.max(-room, SPREAD_OF_PARTS * random.normal())) * side;
  return { x: x + middle(size.width), y: y + middle(size.height), zoom: share / scale, angle };
}

/** Rows: places that are seen; columns: places of the picture, between which is interpolated. `[size, size]`. */
function resampling(size: number, shift: number, zoom: number): Float32Array {
  const out = new Float32Array(size * size);
  const middle = (size - 1) / 2;
  for (let i = 0; i < size; i++) {
    const source = middle + shift + (i - middle) * zoom;
    const floor = Math.floor(source);
    const rest = source - floor;
    if (floor >= 0 && floor < size) out[i * size + floor] = 1 - rest;
    if (floor + 1 >= 0 && floor + 1 < size && rest > 0) out[i * size + floor + 1] = rest;
  }
  return out;
}

function gridOf(height: number, width: number, { x, y, zoom, angle }: View): Float32Array {
  const out = new Float32Array(2 * height * width);
  const [c, s] = [Math.cos(angle) * zoom, Math.sin(angle) * zoom];
  let o = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [u, v] = [column - (width - 1) / 2, row - (height - 1) / 2];
      out[o++] = (2 * (c * u - s * v + x)) / width;
      out[o++] = (2 * (s * u + c * v + y)) / height;
    }
  }
  return out;
}

/** Pictures `[n, C, H, W]` under a Gaussian, whose weights sum to 1 at the borders too. */
export function writeBlur(w: Writer, pictures: Value, sigma: number): Value {
  const [height, width] = pictures.dims.slice(-2) as [number, number];
  // Of large pictures a product with a matrix of mostly zeros takes longer than a window that slides; that has no kernel in
  // double precision.
  if (w.type === 'float32' && Math.min(height, width) > SMALL) return slidingBlur(w, pictures, sigma);
  const rows = w.constant(blurMatrix(height, sigma), [height, height]);
  const columns = w.constant(transposed(blurMatrix(width, sigma), width), [width, width]);
  return w.matmul(w.matmul(rows, pictures), columns);
}

const SMALL = 64;

/** The same by a window along each axis, whose sums are divided by the weights that lie within the picture. */
function slidingBlur(w: Writer, pictures: Value, sigma: number): Value {
  const [n, channels, height, width] = pictures.dims as [number, number, number, number];
  const reach = Math.ceil(4 * sigma);
  const taps = 2 * reach + 1;
  const window = Float64Array.from({ length: taps }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const inside = (size: number): Float64Array =>
    Float64Array.from({ length: size }, (_, i) =>
      window.reduce((sum, v, t) => (i + t - reach >= 0 && i + t - reach < size ? sum + v : sum), 0),
    );
  const planes = [n * channels, 1, height, width];
  const down = w.op('Conv', [w.reshape(pictures, planes), w.constant(window, [1, 1, taps, 1])], planes, {
    pads: [reach, 0, reach, 0],
  });
  const across = w.op('Conv', [down, w.constant(window, [1, 1, 1, taps])], planes, { pads: [0, reach, 0, reach] });
  const [rows, columns] = [inside(height), inside(width)];
  const shares = Float64Array.from(
    { length: height * width },
    (_, i) => 1 / (rows[Math.floor(i / width)]! * columns[i % width]!),
  );
  return w.reshape(w.mul(across, w.constant(shares, [1, 1, height, width])), pictures.dims);
}

/** Each row: the weights of the places around it. `[size, size]` */
function blurMatrix(size: number, sigma: number): Float32Array {
  const out = new Float32Array(size * size);
  const reach = Math.ceil(4 * sigma);
  for (let i = 0; i < size; i++) {
    const [from, to] = [Math.max(0, i - reach), Math.min(size - 1, i + reach)];
    let sum = 0;
    for (let j = from; j <= to; j++) sum += Math.exp(-((i - j) ** 2) / (2 * sigma * sigma));
    for (let j = from; j <= to; j++) out[i * size + j] = Math.exp(-((i - j) ** 2) / (2 * sigma * sigma)) / sum;
  }
  return out;
}

function transposed(matrix: Float32Array, size: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) out[j * size + i] = matrix[i * size + j]!;
  return out;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
