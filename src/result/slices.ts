/** Slices of a volume beside one another, so that it can be drawn as a picture. */
export interface SliceGrid {
  readonly depth: number;
  readonly rows: number;
  readonly columns: number;
  /** Of one slice. */
  readonly sliceHeight: number;
  readonly sliceWidth: number;
  /** Of the whole picture. */
  readonly height: number;
  readonly width: number;
}

/** As many columns as make the picture about square; the first slice is at the top left. */
export function sliceGrid(depth: number, height: number, width: number): SliceGrid {
  const columns = Math.min(depth, Math.max(1, Math.round(Math.sqrt((depth * height) / width))));
  const rows = Math.ceil(depth / columns);
  const whole = { height: rows * height, width: columns * width };
  return { depth, rows, columns, sliceHeight: height, sliceWidth: width, ...whole };
}

/** Values of slices, one after the other, at their places in the picture. What no slice covers is left as it is. */
export function intoSlices<A extends Float32Array | Uint8Array>(
  values: ArrayLike<number>,
  grid: SliceGrid,
  into: A,
): A {
  const { depth, columns, sliceHeight, sliceWidth, width } = grid;
  for (let d = 0, i = 0; d < depth; d++) {
    const top = Math.floor(d / columns) * sliceHeight;
    const left = (d % columns) * sliceWidth;
    for (let y = 0; y < sliceHeight; y++)
      for (let x = 0; x < sliceWidth; x++) into[(top + y) * width + left + x] = values[i++]!;
  }
  return into;
}

/** One slice of what lies in a grid, from 0: `perPlace` values for each place. */
export function cutSlice<A extends Float32Array | Int32Array | Uint8Array>(
  values: A,
  { columns, sliceHeight, sliceWidth, width }: SliceGrid,
  slice: number,
  perPlace = 1,
): A {
  const top = Math.floor(slice / columns) * sliceHeight;
  const left = (slice % columns) * sliceWidth;
  const row = sliceWidth * perPlace;
  // Of the same kind, and as long as one slice.
  const out = values.slice(0, sliceHeight * row) as A;
  for (let y = 0; y < sliceHeight; y++) {
    const from = ((top + y) * width + left) * perPlace;
    out.set(values.subarray(from, from + row), y * row);
  }
  return out;
}
