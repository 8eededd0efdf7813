import type { Rect } from './geometry.js';

/** What lies over a picture: a grid of its own that is stretched over it. */
export interface CanvasLayer {
  readonly columns: number;
  readonly rows: number;
  /** `columns` × `rows` pixels, mostly transparent. */
  readonly fill?: HTMLCanvasElement;
  /** Lines along the edges of places, in places; drawn at the screen's resolution. */
  readonly lines: readonly { readonly path: Path2D; readonly color: string; readonly width: number }[];
}

export type Edge = readonly [x0: number, y0: number, x1: number, y1: number];

/**
 * The edges between places of a grid that are inside and places that are not, joined along rows and columns. What touches
 * the border of the grid has an edge there.
 */
export function edgesOf(columns: number, rows: number, inside: (place: number) => boolean): readonly Edge[] {
  const edges: Edge[] = [];
  const at = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < columns && y < rows && inside(y * columns + x);
  const along = (length: number, apart: (i: number) => boolean, push: (from: number, to: number) => void): void => {
    let from = -1;
    for (let i = 0; i <= length; i++) {
      const edge = i < length && apart(i);
      if (edge && from < 0) from = i;
      if (!edge && from >= 0) {
        push(from, i);
        from = -1;
      }
    }
  };
  for (let y = 0; y <= rows; y++)
    along(
      columns,
      (x) => at(x, y - 1) !== at(x, y),
      (from, to) => edges.push([from, y, to, y]),
    );
  for (let x = 0; x <= columns; x++)
    along(
      rows,
      (y) => at(x - 1, y) !== at(x, y),
      (from, to) => edges.push([x, from, x, to]),
    );
  return edges;
}

/** The edges as a path, for {@link CanvasLayer}. */
export function outlineOf(columns: number, rows: number, inside: (place: number) => boolean): Path2D {
  const path = new Path2D();
  for (const [x0, y0, x1, y1] of edgesOf(columns, rows, inside)) {
    path.moveTo(x0, y0);
    path.lineTo(x1, y1);
  }
  return path;
}

/** Draws layers over the picture that lies at `rect`. */
export function drawLayers(context: CanvasRenderingContext2D, layers: readonly CanvasLayer[], rect: Rect): void {
  if (layers.length === 0) return;
  context.save();
  context.lineCap = 'square';
  for (const { columns, rows, fill, lines } of layers) {
    context.imageSmoothingEnabled = false;
    if (fill !== undefined) context.drawImage(fill, rect.left, rect.top, rect.width, rect.height);
    const onScreen = new DOMMatrix([rect.width / columns, 0, 0, rect.height / rows, rect.left, rect.top]);
    const drawn = lines.map(({ path, ...look }) => {
      const placed = new Path2D();
      placed.addPath(path, onScreen);
      return { placed, ...look };
    });
    // Dark beneath, so that they are seen on any picture.
    for (const { placed, width } of drawn) stroke(context, placed, width + 2, '#000');
    for (const { placed, width, color } of drawn) stroke(context, placed, width, color);
  }
  context.restore();
}

function stroke(context: CanvasRenderingContext2D, path: Path2D, width: number, color: string): void {
  context.lineWidth = width;
  context.strokeStyle = color;
  context.stroke(path);
}
