/** Points drawn into pixels by hand: what the map is drawn with where there is no WebGL. */

/** What is drawn of points. Colours are red, green, blue and opacity, in the order of the bytes of `ImageData`. */
export interface Dots {
  /** `[n, 2]` in pixels of the picture */
  readonly xy: Float32Array;
  /** Which are drawn, the last one on top. */
  readonly order: Uint32Array;
  readonly colours: Uint32Array;
  /** Around each; 0: none. */
  readonly rims: Uint32Array;
  /** 0: a disc, 1: a diamond. */
  readonly shapes: Uint8Array;
  /** In pixels of the picture. */
  readonly radius: number;
}

export const rgba = (r: number, g: number, b: number, a = 255): number => ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;

/** Width of a rim for a radius. */
export const RIM = 0.4;
/** A diamond of the same weight reaches further. */
export const DIAMOND = 1.35;

/** Where a shape covers pixels around its middle, and how much: 0 to 255. */
interface Stamp {
  readonly reach: number;
  readonly dx: Int8Array;
  readonly dy: Int8Array;
  readonly cover: Uint8Array;
}

function stampOf(radius: number, shape: number): Stamp {
  const reach = Math.ceil(shape === 1 ? radius * DIAMOND + 0.5 : radius + 0.5);
  const [dx, dy, cover]: [number[], number[], number[]] = [[], [], []];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      const far = shape === 1 ? (Math.abs(x) + Math.abs(y)) / DIAMOND : Math.hypot(x, y);
      const share = Math.max(0, Math.min(1, radius + 0.5 - far));
      if (share === 0) continue;
      dx.push(x);
      dy.push(y);
      cover.push(Math.round(255 * share));
    }
  }
  return { reach, dx: Int8Array.from(dx), dy: Int8Array.from(dy), cover: Uint8Array.from(cover) };
}

/** Pixels of a picture, rows from the top. */
interface Paper {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** Draws points over pixels that are opaque. */
export function stampDots(pixels: Uint32Array, width: number, height: number, dots: Dots): void {
  const { xy, order, colours, rims, shapes, radius } = dots;
  const paper = { pixels, width, height };
  const inner = [stampOf(radius, 0), stampOf(radius, 1)];
  const outer = [stampOf(radius * (1 + RIM) + 0.5, 0), stampOf(radius * (1 + RIM) + 0.5, 1)];
  for (const i of order) {
    const x = Math.round(xy[2 * i]!);
    const y = Math.round(xy[2 * i + 1]!);
    const shape = shapes[i]!;
    const most = outer[shape]!.reach;
    // Not `x < …`: a point that has no place is NaN.
    if (!(x >= -most && y >= -most && x < width + most && y < height + most)) continue;
    if (rims[i] !== 0) stamp(paper, outer[shape]!, x, y, rims[i]!);
    if (colours[i]! >>> 24 !== 0) stamp(paper, inner[shape]!, x, y, colours[i]!);
  }
}

function stamp(
  { pixels, width, height }: Paper,
  { reach, dx, dy, cover }: Stamp,
  x: number,
  y: number,
  colour: number,
): void {
  const whole = x >= reach && y >= reach && x < width - reach && y < height - reach;
  const alpha = colour >>> 24;
  const r = colour & 255;
  const g = (colour >>> 8) & 255;
  const b = (colour >>> 16) & 255;
  const solid = (colour | 0xff000000) >>> 0;
  for (let k = 0; k < cover.length; k++) {
    const px = x + dx[k]!;
    const py = y + dy[k]!;
    if (!whole && (px < 0 || py < 0 || px >= width || py >= height)) continue;
    const at = py * width + px;
    const share = alpha === 255 ? cover[k]! : (alpha * cover[k]! * 257) >> 16;
    if (share >= 255) {
      pixels[at] = solid;
      continue;
    }
    const below = pixels[at]!;
    const rest = 255 - share;
    // 257 / 65536 in place of a division by 255.
    const red = ((r * share + (below & 255) * rest) * 257 + 257) >>> 16;
    const green = ((g * share + ((below >>> 8) & 255) * rest) * 257 + 257) >>> 16;
    const blue = ((b * share + ((below >>> 16) & 255) * rest) * 257 + 257) >>> 16;
    pixels[at] = (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  }
}
