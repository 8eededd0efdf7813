/**
 * A quadtree (an octree in three dimensions) of points, laid flat in the order in which a walk meets its nodes: points are
 * sorted by Morton code, so that near ones lie near in memory; a node that is taken as one point is left by its `next`.
 * Chains of nodes with one child are one node. All arrays are given, so that threads may share them.
 */
export interface Tree {
  readonly dimensions: 2 | 3;
  readonly count: number;
  /** `[count]`: which point stands at a sorted place. */
  readonly order: Int32Array;
  /** `[count, dimensions]`: positions in sorted order. */
  readonly sorted: Float64Array;
  /** `[nodes, dimensions + 2]`: centre of mass, number of points, squared width of the cell (0: all at one place). */
  readonly nodes: Float64Array;
  /** `[nodes]`: the node after this one and all below it. */
  readonly next: Int32Array;
  /** `[nodes, 2]`: sorted places of a leaf's points, from and to; -1 in a node with children. */
  readonly leaf: Int32Array;
  /** `[1]`: how many nodes there are. */
  readonly size: Int32Array;
}

/** Where arrays come from: `new ArrayBuffer(bytes)`, or a buffer that threads share. */
export type Allocate = (bytes: number) => ArrayBufferLike;

/** Points of a leaf are visited one by one: fewer nodes, and no error among the nearest. */
const BUCKET = 8;
/** So many points in a cell that cannot be divided are taken as one: they would be visited by each of them. */
const CROWD = 64;

export function emptyTree(count: number, dimensions: 2 | 3, allocate: Allocate): Tree {
  const most = 2 * count + 1;
  return {
    dimensions,
    count,
    order: new Int32Array(allocate(count * 4)),
    sorted: new Float64Array(allocate(count * dimensions * 8)),
    nodes: new Float64Array(allocate(most * (dimensions + 2) * 8)),
    next: new Int32Array(allocate(most * 4)),
    leaf: new Int32Array(allocate(most * 8)),
    size: new Int32Array(allocate(4)),
  };
}

/** Builds the tree of these positions (`[count, dimensions]`, finite) in place of what it held. */
export function plant(tree: Tree, positions: Float64Array): void {
  const { dimensions: d, count, order, sorted } = tree;
  tree.size[0] = 0;
  if (count === 0) return;
  const low = new Float64Array(d).fill(Infinity);
  const high = new Float64Array(d).fill(-Infinity);
  for (let i = 0; i < positions.length; i++) {
    const v = positions[i]!;
    if (v < low[i % d]!) low[i % d] = v;
    if (v > high[i % d]!) high[i % d] = v;
  }
  const extent = Math.max(...high.map((h, c) => h - low[c]!));
  const levels = d === 2 ? 16 : 10;
  const cells = 2 ** levels;
  const scale = extent > 0 ? (cells * (1 - 1e-12)) / extent : 0;
  const codes = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let code = 0;
    for (let c = 0; c < d; c++) {
      const cell = Math.min(cells - 1, Math.floor((positions[i * d + c]! - low[c]!) * scale));
      code |= (d === 2 ? spreadBy1(cell) : spreadBy2(cell)) << c;
    }
    codes[i] = code >>> 0;
  }
  const keys = sortByCode(codes, order);
  for (let s = 0; s < count; s++) for (let c = 0; c < d; c++) sorted[s * d + c] = positions[order[s]! * d + c]!;
  grow(tree, keys, 0, count, extent, levels);
}

function grow(tree: Tree, keys: Uint32Array, lo: number, hi: number, extent: number, levels: number): void {
  const { dimensions: d, nodes, next, leaf, sorted } = tree;
  const node = tree.size[0]!++;
  const at = node * (d + 2);
  const differing = (keys[lo]! ^ keys[hi - 1]!) >>> 0;
  // The level at which the points come apart; the cell above it is the smallest that holds them all.
  const level = differing === 0 ? -1 : Math.floor((31 - Math.clz32(differing)) / d);
  const width = extent * 2 ** (level + 1 - levels);
  for (let c = 0; c < d; c++) nodes[at + c] = 0;
  nodes[at + d] = hi - lo;
  nodes[at + d + 1] = width * width;
  if (level < 0 || hi - lo <= BUCKET) {
    for (let s = lo; s < hi; s++) for (let c = 0; c < d; c++) nodes[at + c]! += sorted[s * d + c]! / (hi - lo);
    if (level < 0 && hi - lo > CROWD) nodes[at + d + 1] = 0;
    [leaf[node * 2], leaf[node * 2 + 1]] = [lo, hi];
  } else {
    [leaf[node * 2], leaf[node * 2 + 1]] = [-1, -1];
    const shift = level * d;
    for (let from = lo; from < hi;) {
      const digit = keys[from]! >>> shift;
      let to = from + 1;
      for (let high = hi; to < high;) {
        const middle = (to + high) >>> 1;
        if (keys[middle]! >>> shift === digit) to = middle + 1;
        else high = middle;
      }
      const child = tree.size[0]!;
      grow(tree, keys, from, to, extent, levels);
      for (let c = 0; c < d; c++)
        nodes[at + c]! += (nodes[child * (d + 2) + c]! * nodes[child * (d + 2) + d]!) / (hi - lo);
      from = to;
    }
  }
  next[node] = tree.size[0]!;
}

/** Sorts places by code, 11 bits at a time; answers the codes in order. */
function sortByCode(codes: Uint32Array<ArrayBuffer>, order: Int32Array): Uint32Array {
  const n = codes.length;
  for (let i = 0; i < n; i++) order[i] = i;
  let [keys, otherKeys] = [codes, new Uint32Array(n)];
  let [places, otherPlaces] = [order.slice(), new Int32Array(n)];
  for (let shift = 0; shift < 33; shift += 11) {
    const starts = new Int32Array(2049);
    for (let i = 0; i < n; i++) starts[((keys[i]! >>> shift) & 2047) + 1]!++;
    for (let b = 0; b < 2048; b++) starts[b + 1]! += starts[b]!;
    for (let i = 0; i < n; i++) {
      const to = starts[(keys[i]! >>> shift) & 2047]!++;
      [otherKeys[to], otherPlaces[to]] = [keys[i]!, places[i]!];
    }
    [keys, otherKeys] = [otherKeys, keys];
    [places, otherPlaces] = [otherPlaces, places];
  }
  order.set(places);
  return keys;
}

/** 16 bits with a gap after each. */
function spreadBy1(v: number): number {
  v = (v | (v << 8)) & 0x00ff00ff;
  v = (v | (v << 4)) & 0x0f0f0f0f;
  v = (v | (v << 2)) & 0x33333333;
  return (v | (v << 1)) & 0x55555555;
}

/** 10 bits with two gaps after each. */
function spreadBy2(v: number): number {
  v = (v | (v << 16)) & 0x030000ff;
  v = (v | (v << 8)) & 0x0300f00f;
  v = (v | (v << 4)) & 0x030c30c3;
  return (v | (v << 2)) & 0x09249249;
}
