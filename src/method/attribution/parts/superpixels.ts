import type { Parts } from './squares.js';

/** Weight of nearness against likeness, as in the paper (10 for colours of 0 to 100); more gives squarer parts. */
const COMPACTNESS = 10;
const ROUNDS = 10;
/** Colours of 0 to 255 are measured in hundredths of the range, as lightness is. */
const COLOUR = 100 / 255;

/**
 * Superpixels: SLIC of Achanta et al. 2012, "SLIC Superpixels Compared to State-of-the-Art Superpixel Methods" (TPAMI 34).
 * Centres on a grid, moved to the place of the least gradient around, then k-means over colour and place within twice the
 * distance of the grid, and pieces that hang loose are given to a neighbour. Colours are compared as they are, not in
 * CIELAB: the distance is the same then in whatever order a model takes its channels. Nothing in it is random.
 *
 * @param planes one for each channel, `[height × width]`, 0 to 255
 * @param count about how many; what comes out may be fewer or more by some
 */
export function superpixels(planes: readonly ArrayLike<number>[], height: number, width: number, count: number): Parts {
  const step = Math.max(1, Math.sqrt((height * width) / count));
  const centres = startingCentres(planes, height, width, step);
  const nearest = new Int32Array(height * width).fill(-1);
  const distance = new Float64Array(height * width);
  const ratio = (COMPACTNESS / step) ** 2;
  for (let round = 0; round < ROUNDS; round++) {
    distance.fill(Infinity);
    for (const [k, { x: cx, y: cy, colour }] of centres.entries()) {
      for (let y = Math.max(0, Math.ceil(cy - step)); y <= Math.min(height - 1, cy + step); y++)
        for (let x = Math.max(0, Math.ceil(cx - step)); x <= Math.min(width - 1, cx + step); x++) {
          const at = y * width + x;
          let d = ratio * ((x - cx) ** 2 + (y - cy) ** 2);
          for (const [c, plane] of planes.entries()) d += (COLOUR * (plane[at]! - colour[c]!)) ** 2;
          if (d < distance[at]!) {
            distance[at] = d;
            nearest[at] = k;
          }
        }
    }
    recentre(centres, nearest, planes, width);
  }
  return connected(nearest, height, width, (step * step) / 4);
}

interface Centre {
  x: number;
  y: number;
  colour: number[];
}

function startingCentres(planes: readonly ArrayLike<number>[], height: number, width: number, step: number): Centre[] {
  const [rows, columns] = [Math.max(1, Math.round(height / step)), Math.max(1, Math.round(width / step))];
  const slope = (y: number, x: number): number => {
    const at = y * width + x;
    if (y < 1 || x < 1 || y >= height - 1 || x >= width - 1) return Infinity;
    let sum = 0;
    for (const p of planes) sum += (p[at + 1]! - p[at - 1]!) ** 2 + (p[at + width]! - p[at - width]!) ** 2;
    return sum;
  };
  return Array.from({ length: rows * columns }, (_, k) => {
    const y0 = Math.floor(((Math.floor(k / columns) + 0.5) * height) / rows);
    const x0 = Math.floor((((k % columns) + 0.5) * width) / columns);
    let [y, x, least] = [y0, x0, slope(y0, x0)];
    // Centres of small parts stay apart: they are not moved.
    if (step >= 6)
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const here = slope(y0 + dy, x0 + dx);
          if (here < least) [y, x, least] = [y0 + dy, x0 + dx, here];
        }
    return { x, y, colour: planes.map((p) => p[y * width + x]!) };
  });
}

/** Every centre goes to the mean of its pixels; one that has none stays. */
function recentre(centres: Centre[], of: Int32Array, planes: readonly ArrayLike<number>[], width: number): void {
  const sums = centres.map(() => new Float64Array(3 + planes.length));
  of.forEach((k, at) => {
    if (k < 0) return;
    const sum = sums[k]!;
    sum[0]!++;
    sum[1]! += at % width;
    sum[2]! += Math.floor(at / width);
    for (let c = 0; c < planes.length; c++) sum[3 + c]! += planes[c]![at]!;
  });
  for (const [k, sum] of sums.entries()) {
    const n = sum[0]!;
    if (n === 0) continue;
    centres[k] = { x: sum[1]! / n, y: sum[2]! / n, colour: planes.map((_, c) => sum[3 + c]! / n) };
  }
}

/**
 * Pieces that hang together, numbered in reading order. One of fewer than `least` pixels goes to the piece before it in
 * reading order that it touches (the first of all to the next).
 */
function connected(of: Int32Array, height: number, width: number, least: number): Parts {
  const piece = new Int32Array(of.length).fill(-1);
  const joined: number[] = [];
  for (let start = 0; start < of.length; start++) {
    if (piece[start]! >= 0) continue;
    const id = joined.length;
    const [pixels, neighbour] = flood(of, piece, start, id, height, width);
    const small = pixels < least && neighbour >= 0;
    joined.push(small ? joined[neighbour]! : id);
  }
  const numbers = new Map<number, number>();
  const out = piece.map((id) => {
    const root = joined[id]!;
    if (!numbers.has(root)) numbers.set(root, numbers.size);
    return numbers.get(root)!;
  });
  return { of: out, count: numbers.size };
}

/** Marks a piece; how many pixels it has, and an older piece that it touches (-1: none). */
function flood(
  of: Int32Array,
  piece: Int32Array,
  start: number,
  id: number,
  height: number,
  width: number,
): [pixels: number, neighbour: number] {
  const queue = [start];
  piece[start] = id;
  let neighbour = -1;
  for (let i = 0; i < queue.length; i++) {
    const at = queue[i]!;
    const [y, x] = [Math.floor(at / width), at % width];
    for (const [ny, nx] of [
      [y - 1, x],
      [y, x - 1],
      [y, x + 1],
      [y + 1, x],
    ] as const) {
      if (ny < 0 || nx < 0 || ny >= height || nx >= width) continue;
      const next = ny * width + nx;
      if (piece[next]! >= 0) {
        if (piece[next] !== id) neighbour = piece[next]!;
      } else if (of[next] === of[start]) {
        piece[next] = id;
        queue.push(next);
      }
    }
  }
  return [queue.length, neighbour];
}
