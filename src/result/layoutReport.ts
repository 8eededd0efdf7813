import type { Embedding } from './embedding.js';

/** A layout as a document shows it: the points, what they are, and what must be said of them. */
export interface LayoutReport {
  readonly title: string;
  readonly embedding: Embedding;
  /** Pictures that there are, where not all are points. */
  readonly of?: number;
  readonly provider: string;
  readonly notes: readonly string[];
  /** The number that points are coloured by, where it is no class. */
  readonly colour?: LayoutColour;
  /** Of some points, none near another. */
  readonly thumbnails: readonly { readonly point: number; readonly png: Uint8Array }[];
}

export interface LayoutColour {
  /** What it is, with its unit. */
  readonly title: string;
  /** Of each point; what is not finite is grey. */
  readonly values: Float32Array;
  /** The ends of the scale, and its 256 colours: red, green, blue. */
  readonly low: number;
  readonly high: number;
  readonly table: Uint8Array;
}

/** Side of a thumbnail as a share of the picture's side, and how many there are at most. */
export const PICTURE_SHARE = 0.065;
export const MOST_PICTURES = 160;
