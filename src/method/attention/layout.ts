import { toFloat32, type Tensor } from '../../base/tensor.js';
import { product } from '../../graph/attention/axes.js';
import type { PlaceMap } from '../../graph/attention/places.js';
import type { AttentionSite, LeadAxis } from '../../graph/attention/site.js';
import type { TokenLayout } from '../../result/attention.js';

/**
 * Where tokens stand, from the numbers of places that came with them: the rows and columns that any of them has are the
 * rows and columns of the grid.
 *
 * @param moved the operand's places, from 1; 0 is none
 * @returns nothing where two axes of places cannot be told, or tokens were not followed
 */
export function layoutOf(
  site: AttentionSite,
  map: PlaceMap,
  moved: Tensor,
  { axis, tokens }: { readonly axis: number; readonly tokens: number },
): TokenLayout | undefined {
  const places = byWindow(site, moved, axis, tokens);
  if (places === undefined) return undefined;
  const [height, width] =
    map.places.length === 2 ? map.places.map((a) => map.dims[a]!) : [1, product(map.places.map((a) => map.dims[a]!))];
  if (height === undefined || width === undefined) return undefined;
  if (!places.some((p) => p > 0)) return allWithout(tokens, [height, width]);
  const rows = ranks(places, (p) => Math.floor((p - 1) / width));
  const columns = ranks(places, (p) => (p - 1) % width);
  const cells = Int32Array.from(places, (p) =>
    p > 0 ? rows.get(Math.floor((p - 1) / width))! * columns.size + columns.get((p - 1) % width)! : -1,
  );
  // Two tokens of a window that stand in one place were not followed.
  for (let from = 0; from < cells.length; from += tokens) {
    const placed = cells.subarray(from, from + tokens).filter((cell) => cell >= 0);
    if (new Set(placed).size !== placed.length) return undefined;
  }
  let prefix = 0;
  for (let t = 0; t < tokens; t++) if (cells[t] === -1) prefix++;
  return { grid: [rows.size, columns.size], cells, prefix };
}

/**
 * The site as its places tell it: what was taken for heads and stands elsewhere for each of them is windows (a single head
 * whose windows are as many as another layer has heads).
 *
 * @param moved places of an operand whose axes in front are those of the matrix
 */
export function retold(site: AttentionSite, moved: Tensor, axis: number): AttentionSite {
  const data = toFloat32(moved);
  const { dims } = moved;
  if (site.heads === 1 || dims.length !== site.lead.length + 2) return site;
  const strides = dims.map((_, i) => product(dims.slice(i + 1)));
  const apart = site.lead.some(({ axis: at, factors }) => {
    const k = factors.findIndex((f) => f.role === 'heads');
    const step = product(factors.slice(k + 1).map((f) => f.size)) * strides[at]!;
    // Values that all heads share have an axis of one.
    if (k < 0 || dims[at]! < product(factors.slice(k).map((f) => f.size))) return false;
    return Array.from({ length: dims[axis]! }, (_, t) => t * strides[axis]!).some((t) => data[t] !== data[t + step]);
  });
  if (!apart) return site;
  const windows = (l: LeadAxis): LeadAxis => ({
    ...l,
    factors: l.factors.map((f) => (f.role === 'heads' ? { ...f, role: 'windows' as const } : f)),
  });
  return { ...site, lead: site.lead.map(windows), heads: 1, windows: site.windows * site.heads, headsGuessed: false };
}

/** Tokens none of which has a place. */
export function allWithout(tokens: number, grid: readonly [number, number]): TokenLayout {
  return { grid, cells: new Int32Array(tokens).fill(-1), prefix: tokens };
}

/** `[windows, tokens]` of an operand whose axes in front are those of the matrix, or as many elements. */
function byWindow(site: AttentionSite, moved: Tensor, axis: number, tokens: number): Int32Array | undefined {
  const data = toFloat32(moved);
  const { dims } = moved;
  const strides = dims.map((_, i) => product(dims.slice(i + 1)));
  if (dims[axis] !== tokens) return undefined;
  // Windows step along the axis that the matrix has them in; an operand of another rank says only where one window is.
  const at = site.lead.find((l) => l.factors.some((f) => f.role === 'windows'));
  const out = new Int32Array(site.windows * tokens);
  for (let w = 0; w < site.windows; w++) {
    let start = 0;
    if (site.windows > 1) {
      if (at === undefined || dims.length !== site.lead.length + 2) return undefined;
      const k = at.factors.findIndex((f) => f.role === 'windows');
      const step = product(at.factors.slice(k + 1).map((f) => f.size));
      if ((dims[at.axis] ?? 0) < site.windows * step) return undefined;
      start = w * step * strides[at.axis]!;
    }
    for (let t = 0; t < tokens; t++) out[w * tokens + t] = data[start + t * strides[axis]!]!;
  }
  return out;
}

function ranks(places: Int32Array, of: (place: number) => number): Map<number, number> {
  const found = new Set<number>();
  for (const p of places) if (p > 0) found.add(of(p));
  return new Map([...found].sort((a, b) => a - b).map((v, i) => [v, i]));
}
