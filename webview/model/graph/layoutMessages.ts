/** What the page and its layout worker say to each other. Plain data. */

export interface LayoutRequest {
  readonly id: number;
  readonly nodes: readonly {
    readonly id: string;
    readonly width: number;
    readonly height: number;
    readonly parent?: string;
  }[];
  /** Frames around nodes: an open module each, outermost first. */
  readonly frames: readonly { readonly id: string; readonly parent?: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
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
  readonly width: number;
  readonly height: number;
  /** Said in place of a layout that failed. */
  readonly error?: string;
}
