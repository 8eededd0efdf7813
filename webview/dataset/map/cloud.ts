import type { Size } from '../../shared/canvas/geometry.js';

/** Points, and the box that they lie in. */
export interface Cloud {
  readonly count: number;
  /** 2: a plane, 3: space. */
  readonly dims: 2 | 3;
  /** `[count, dims]` */
  readonly points: Float32Array;
  readonly centre: readonly [number, number, number];
  /** Half of its longest side; in space, most of half its diagonal. */
  readonly reach: number;
}

/** How points are looked at. */
export interface Camera {
  readonly zoom: number;
  /** What lies in the middle of the picture, in units of the cloud's reach. */
  readonly x: number;
  readonly y: number;
  /** Radians, of space only. */
  readonly yaw: number;
  readonly pitch: number;
}

export const HOME: Camera = { zoom: 1, x: 0, y: 0, yaw: 0.5, pitch: 0.35 };

const MARGIN = 22;
const MOST = 200;

/**
 * @param points `[n, components]`; more than three components are left out, of one the others are 0
 */
export function cloudOf(points: Float32Array, components: number): Cloud {
  const count = components === 0 ? 0 : Math.floor(points.length / components);
  const dims = components >= 3 ? 3 : 2;
  const own = components === dims ? points : new Float32Array(count * dims);
  if (own !== points)
    for (let i = 0; i < count; i++)
      for (let c = 0; c < Math.min(dims, components); c++) own[i * dims + c] = points[i * components + c]!;
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < dims; c++) {
      const v = own[i * dims + c]!;
      if (!Number.isFinite(v)) continue;
      if (v < low[c]!) low[c] = v;
      if (v > high[c]!) high[c] = v;
    }
  }
  const half = [0, 1, 2].map((c) => (high[c]! > low[c]! ? (high[c]! - low[c]!) / 2 : 0));
  // A box of space that is turned seldom shows its whole diagonal: it may use the margin.
  const diagonal = 0.8 * Math.hypot(...half);
  const middle = (c: number): number => (Number.isFinite(low[c]!) ? low[c]! + half[c]! : 0);
  const reach = dims === 2 ? Math.max(half[0]!, half[1]!) : diagonal;
  return { count, dims, points: own, centre: [middle(0), middle(1), middle(2)], reach: reach || 1 };
}

/** Pixels for the cloud's reach. */
export function scaleOf({ zoom }: Camera, room: Size): number {
  return Math.max(10, Math.min(room.width, room.height) / 2 - MARGIN) * zoom;
}

/** Where points are seen. */
export interface Seen {
  /** `[count, 2]`, pixels from the top left; NaN where a point has no place. */
  readonly xy: Float32Array;
  /** Towards the eye; of space only. */
  readonly depth: Float32Array | undefined;
}

/** Projects a cloud, into the arrays of before where they fit: this happens for every frame. */
export function project(cloud: Cloud, camera: Camera, room: Size, before?: Seen): Seen {
  const { count, dims, points, centre, reach } = cloud;
  const fits = before !== undefined && before.xy.length === 2 * count && (before.depth !== undefined) === (dims === 3);
  const xy = fits ? before.xy : new Float32Array(2 * count);
  const depth = dims === 2 ? undefined : fits ? before.depth! : new Float32Array(count);
  const unit = scaleOf(camera, room);
  const scale = unit / reach;
  const [left, top] = [room.width / 2 - camera.x * unit, room.height / 2 + camera.y * unit];
  if (depth === undefined) {
    for (let i = 0; i < count; i++) {
      xy[2 * i] = left + (points[2 * i]! - centre[0]) * scale;
      xy[2 * i + 1] = top - (points[2 * i + 1]! - centre[1]) * scale;
    }
    return { xy, depth };
  }
  const [cy, sy, cp, sp] = [Math.cos(camera.yaw), Math.sin(camera.yaw), Math.cos(camera.pitch), Math.sin(camera.pitch)];
  for (let i = 0; i < count; i++) {
    const [px, py, pz] = [points[3 * i]! - centre[0], points[3 * i + 1]! - centre[1], points[3 * i + 2]! - centre[2]];
    const across = cy * px + sy * pz;
    const away = cy * pz - sy * px;
    xy[2 * i] = left + across * scale;
    xy[2 * i + 1] = top - (cp * py - sp * away) * scale;
    depth[i] = sp * py + cp * away;
  }
  return { xy, depth };
}

/** The camera after the picture was dragged by so many pixels. */
export function panned(camera: Camera, room: Size, dx: number, dy: number): Camera {
  const unit = scaleOf(camera, room);
  return { ...camera, x: camera.x - dx / unit, y: camera.y + dy / unit };
}

/** The same for turning: a whole width is a half turn. */
export function turned(camera: Camera, room: Size, dx: number, dy: number): Camera {
  const half = Math.PI / 2;
  return {
    ...camera,
    yaw: camera.yaw + (dx / room.width) * Math.PI,
    pitch: Math.max(-half, Math.min(half, camera.pitch + (dy / room.height) * Math.PI)),
  };
}

/** Zoomed by a factor; what lies at a place of the picture stays there. */
export function zoomed(
  camera: Camera,
  room: Size,
  factor: number,
  at?: { readonly x: number; readonly y: number },
): Camera {
  const zoom = Math.min(MOST, Math.max(0.5, camera.zoom * factor));
  if (at === undefined) return { ...camera, zoom };
  const [before, after] = [scaleOf(camera, room), scaleOf({ ...camera, zoom }, room)];
  const [dx, dy] = [at.x - room.width / 2, room.height / 2 - at.y];
  return { ...camera, zoom, x: camera.x + dx / before - dx / after, y: camera.y + dy / before - dy / after };
}

/** The camera that brings a point into the middle, where it lies outside of the picture. */
export function shown(camera: Camera, room: Size, seen: Seen, index: number): Camera {
  const [x, y] = [seen.xy[2 * index]!, seen.xy[2 * index + 1]!];
  if (!(x < 8 || y < 8 || x > room.width - 8 || y > room.height - 8)) return camera;
  return panned(camera, room, room.width / 2 - x, room.height / 2 - y);
}

/** The shown point that is nearest to a place; the one that is drawn last where several are equally near. */
export function nearestTo({ xy }: Seen, order: Uint32Array, x: number, y: number, most: number): number | undefined {
  let best: number | undefined;
  let least = most * most;
  for (const i of order) {
    const [dx, dy] = [xy[2 * i]! - x, xy[2 * i + 1]! - y];
    const far = dx * dx + dy * dy;
    if (far <= least) [best, least] = [i, far];
  }
  return best;
}

/** The next shown point from another one, within a right angle around a direction. */
export function nextTowards(
  { xy }: Seen,
  order: Uint32Array,
  from: number,
  dx: number,
  dy: number,
): number | undefined {
  const [x, y] = [xy[2 * from]!, xy[2 * from + 1]!];
  let best: number | undefined;
  let least = Infinity;
  for (const i of order) {
    const along = (xy[2 * i]! - x) * dx + (xy[2 * i + 1]! - y) * dy;
    const aside = Math.abs((xy[2 * i]! - x) * dy) + Math.abs((xy[2 * i + 1]! - y) * dx);
    if (i === from || !(along > 0) || aside > along) continue;
    if (along + aside < least) [best, least] = [i, along + aside];
  }
  return best;
}

/** The shown points within an outline: x and y of its corners, one after the other. */
export function within({ xy }: Seen, order: Uint32Array, outline: readonly number[]): number[] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let k = 0; k < outline.length; k += 2) {
    left = Math.min(left, outline[k]!);
    right = Math.max(right, outline[k]!);
    top = Math.min(top, outline[k + 1]!);
    bottom = Math.max(bottom, outline[k + 1]!);
  }
  const inside: number[] = [];
  for (const i of order) {
    const [x, y] = [xy[2 * i]!, xy[2 * i + 1]!];
    if (x >= left && x <= right && y >= top && y <= bottom && crossings(outline, x, y) % 2 === 1) inside.push(i);
  }
  return inside.sort((a, b) => a - b);
}

/** How often a ray to the right crosses an outline. */
function crossings(outline: readonly number[], x: number, y: number): number {
  let count = 0;
  const n = outline.length;
  for (let k = 0, before = n - 2; k < n; before = k, k += 2) {
    const [xa, ya, xb, yb] = [outline[before]!, outline[before + 1]!, outline[k]!, outline[k + 1]!];
    if (ya > y !== yb > y && x < xa + ((y - ya) / (yb - ya)) * (xb - xa)) count++;
  }
  return count;
}

/** The order in which points of space are drawn: the far ones first. Sorted by 4096 steps of depth, in one pass. */
export function farFirst(order: Uint32Array, depth: Float32Array): Uint32Array {
  const STEPS = 4096;
  let [low, high] = [Infinity, -Infinity];
  for (const i of order) {
    if (depth[i]! < low) low = depth[i]!;
    if (depth[i]! > high) high = depth[i]!;
  }
  if (!(high > low)) return order;
  const factor = (STEPS - 1) / (high - low);
  const step = (i: number): number => (depth[i]! >= low ? ((depth[i]! - low) * factor) | 0 : 0);
  const starts = new Uint32Array(STEPS + 1);
  for (const i of order) starts[step(i) + 1]!++;
  for (let k = 0; k < STEPS; k++) starts[k + 1]! += starts[k]!;
  const sorted = new Uint32Array(order.length);
  for (const i of order) sorted[starts[step(i)]!++] = i;
  return sorted;
}
