/** One number at every place of what the model sees (depth, a disparity), as it is drawn. */
export interface ValueMap {
  readonly width: number;
  readonly height: number;
  /** Rows from the top. Of a large map means over squares. */
  readonly values: Float32Array;
  readonly extremes: MapExtremes;
}

/** Where a map is lowest and highest, in columns and rows of the model's own map, counted from 0. */
export interface MapExtremes {
  readonly width: number;
  readonly height: number;
  readonly lowest: PlaceOfMap;
  readonly highest: PlaceOfMap;
}

export interface PlaceOfMap {
  readonly value: number;
  readonly x: number;
  readonly y: number;
}
