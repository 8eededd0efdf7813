/** Where a picture lies on a canvas: fitted whole at zoom 1, magnified and moved otherwise. Pure; lengths in CSS pixels. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** `zoom` 1 shows all of the picture; `x`, `y` is the point of the picture (0…1) in the middle of the canvas. */
export interface View {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

export interface Rect extends Size {
  readonly left: number;
  readonly top: number;
}

export interface Pixel {
  readonly x: number;
  readonly y: number;
}

/** A point of the picture: 0, 0 is its upper left corner, 0.5, 0.5 the middle of the pixel there. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export const WHOLE: View = { zoom: 1, x: 0.5, y: 0.5 };
const MAXIMUM = 64;

/** Where the whole picture lies, parts outside of the canvas included. */
export function place(picture: Size, canvas: Size, view: View): Rect {
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height) * view.zoom;
  const [width, height] = [picture.width * scale, picture.height * scale];
  return { width, height, left: canvas.width / 2 - view.x * width, top: canvas.height / 2 - view.y * height };
}

/** The point of the picture below a point of the canvas; it may lie beside the picture. */
export function pointAt(picture: Size, canvas: Size, view: View, { x, y }: Point): Point {
  const rect = place(picture, canvas, view);
  return { x: ((x - rect.left) / rect.width) * picture.width, y: ((y - rect.top) / rect.height) * picture.height };
}

/** The pixel of the picture below a point of the canvas, or nothing beside the picture. */
export function pixelAt(picture: Size, canvas: Size, view: View, x: number, y: number): Pixel | undefined {
  const point = pointAt(picture, canvas, view, { x, y });
  const [column, row] = [Math.floor(point.x), Math.floor(point.y)];
  return column >= 0 && row >= 0 && column < picture.width && row < picture.height ? { x: column, y: row } : undefined;
}

/** The pixel below a point of the canvas; the nearest one where that lies beside the picture. */
export function clampedPixel(picture: Size, canvas: Size, view: View, at: Point): Pixel {
  const { x, y } = pointAt(picture, canvas, view, at);
  const within = (v: number, length: number): number => Math.min(length - 1, Math.max(0, Math.floor(v)));
  return { x: within(x, picture.width), y: within(y, picture.height) };
}

/** Where one pixel lies on the canvas. */
export function rectOf(picture: Size, canvas: Size, view: View, pixel: Pixel): Rect {
  const rect = place(picture, canvas, view);
  const [width, height] = [rect.width / picture.width, rect.height / picture.height];
  return { left: rect.left + pixel.x * width, top: rect.top + pixel.y * height, width, height };
}

/** Zooms about a point of the canvas, which stays where it is. */
export function zoomAt(
  picture: Size,
  canvas: Size,
  view: View,
  factor: number,
  x = canvas.width / 2,
  y = canvas.height / 2,
): View {
  const before = place(picture, canvas, view);
  const zoom = Math.min(MAXIMUM, Math.max(1, view.zoom * factor));
  const grown = zoom / view.zoom;
  // The point under the cursor, in parts of the picture, is the same before and after.
  const u = (x - before.left) / before.width;
  const v = (y - before.top) / before.height;
  const [width, height] = [before.width * grown, before.height * grown];
  return clamp(picture, canvas, {
    zoom,
    x: u + (canvas.width / 2 - x) / width,
    y: v + (canvas.height / 2 - y) / height,
  });
}

/** Moves the picture by a distance on the canvas. */
export function pan(picture: Size, canvas: Size, view: View, dx: number, dy: number): View {
  const rect = place(picture, canvas, view);
  return clamp(picture, canvas, { ...view, x: view.x - dx / rect.width, y: view.y - dy / rect.height });
}

/** Moves a view as little as needed to show a pixel. */
export function reveal(picture: Size, canvas: Size, view: View, pixel: Pixel): View {
  const rect = rectOf(picture, canvas, view, pixel);
  const dx = Math.max(0, -rect.left) || Math.min(0, canvas.width - rect.left - rect.width);
  const dy = Math.max(0, -rect.top) || Math.min(0, canvas.height - rect.top - rect.height);
  return dx === 0 && dy === 0 ? view : pan(picture, canvas, view, dx, dy);
}

/** Keeps the picture in sight: no gap on a side where it is larger than the canvas, centred where it is smaller. */
function clamp(picture: Size, canvas: Size, view: View): View {
  const rect = place(picture, canvas, view);
  const axis = (at: number, length: number, room: number): number => {
    const half = room / length / 2;
    return half >= 0.5 ? 0.5 : Math.min(1 - half, Math.max(half, at));
  };
  return { zoom: view.zoom, x: axis(view.x, rect.width, canvas.width), y: axis(view.y, rect.height, canvas.height) };
}
