/** What the page and its layout worker say to each other. Plain data. */

/** Which way values flow. */
export type Direction = 'right' | 'down';

export interface LayoutRequest {
  readonly id: number;
  readonly direction: Direction;
  readonly nodes: readonly {
    readonly id: string;
    readonly width: number;
    readonly height: number;
    readonly parent?: string;
  }[];
  /** Frames around nodes: an open module each, outermost first. */
  readonly frames: readonly { readonly id: string; readonly parent?: string }[];
  /** With a `label`: room is left for a text of that size. */
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label?: LabelSize }[];
}

export interface LabelSize {
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  readonly id: string;
  /** Top left corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface LayoutAnswer {
  readonly id: number;
  readonly nodes: readonly Placed[];
  readonly frames: readonly Placed[];
  /** Points of each edge, in the order of the request: x and y, one after the other. */
  readonly edges: readonly Float32Array[];
  /** The middle of each edge's text; `undefined` for those without. */
  readonly labels: readonly ({ readonly x: number; readonly y: number } | undefined)[];
  readonly width: number;
  readonly height: number;
  /** Said in place of a layout that failed. */
  readonly error?: string;
}
