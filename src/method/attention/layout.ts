import { toFloat32, type Tensor } from '../../base/tensor.js';
import { product } from '../../graph/attention/axes.js';
import type { PlaceMap } from '../../graph/attention/places.js';
import type { AttentionSite } from '../../graph/attention/site.js';
import type { TokenLayout } from '../../result/attention.js';

/**
 * Where tokens stand, from the numbers of places that came with them: the rows and columns that any of them has are the
 * rows and columns of the grid.
 *
 * @param moved the operand's places, from 1; 0 is none
 * @returns nothing where no token has a place, or where two axes of places cannot be told
 */
export function layoutOf(
  site: AttentionSite,
  map: PlaceMap,
  moved: Tensor,
  { axis, tokens }: { readonly axis: number; readonly tokens: number },
): TokenLayout | undefined {
  const places = byWindow(site, moved, axis, tokens);
  if (places === undefined || !places.some((p) => p > 0)) return undefined;
  const [height, width] =
    map.places.length === 2 ? map.places.map((a) => map.dims[a]!) : [1, product(map.places.map((a) => map.dims[a]!))];
  if (height === undefined || width === undefined) return undefined;
  const rows = ranks(places, (p) => Math.floor((p - 1) / width));
  const columns = ranks(places, (p) => (p - 1) % width);
  const cells = Int32Array.from(places, (p) =>
    p > 0 ? rows.get(Math.floor((p - 1) / width))! * columns.size + columns.get((p - 1) % width)! : -1,
  );
  let prefix = 0;
  for (let t = 0; t < tokens; t++) if (cells[t] === -1) prefix++;
  return { grid: [rows.size, columns.size], cells, prefix };
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
