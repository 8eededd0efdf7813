import type { Raster } from './resize.js';
import type { Preprocessing } from './settings.js';

/** Sizes and places, rounded exactly as torchvision, timm and Ultralytics round them. */

/** Python's `round`: halves go to the even neighbour. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** `[height, width]` of the picture after the plan's resize step. */
export function resizedSize(
  picture: { readonly width: number; readonly height: number },
  plan: Preprocessing,
): [number, number] {
  const { width, height } = picture;
  const [H, W] = plan.size.value;
  const { mode, size } = plan.resize.value;
  if (mode === 'none') return [height, width];
  if (mode === 'exact') return typeof size === 'number' ? [size, size] : [size[0], size[1]];
  if (mode === 'letterbox') {
    const [h, w] = typeof size === 'number' ? [size, size] : size;
    const ratio = Math.min(Math.min(h, H) / height, Math.min(w, W) / width);
    return positive(roundHalfEven(height * ratio), roundHalfEven(width * ratio));
  }
  if (typeof size === 'number') {
    // torchvision's Resize(int): the given side exactly, the other truncated.
    const byWidth = mode === 'shortSide' ? width <= height : width >= height;
    return byWidth
      ? positive(Math.trunc((size * height) / width), size)
      : positive(size, Math.trunc((size * width) / height));
  }
  // timm's ResizeKeepRatio: one ratio for both sides, both rounded.
  const ratios = [height / size[0], width / size[1]] as const;
  const ratio = mode === 'shortSide' ? Math.min(...ratios) : Math.max(...ratios);
  return positive(roundHalfEven(height / ratio), roundHalfEven(width / ratio));
}

function positive(height: number, width: number): [number, number] {
  return [Math.max(1, height), Math.max(1, width)];
}

/**
 * `[left, top]` of the window that torchvision's CenterCrop cuts out. Where the picture is smaller it is padded first,
 * the odd pixel on the far side; the window then begins left of or above the picture.
 */
export function centerCrop(h: number, w: number, height: number, width: number): [left: number, top: number] {
  return [cropStart(w, width), cropStart(h, height)];
}

function cropStart(from: number, to: number): number {
  if (from < to) return 0 - Math.trunc((to - from) / 2);
  return roundHalfEven((from - to) / 2);
}

/** `[left, top]` for a picture inside a larger frame, the odd pixel as Ultralytics' LetterBox has it. */
export function letterbox(h: number, w: number, height: number, width: number): [left: number, top: number] {
  const margin = (inside: number, outside: number): number => Math.max(0, Math.round((outside - inside) / 2 - 0.1));
  return [0 - margin(w, width), 0 - margin(h, height)];
}

/** The `height × width` window whose corner is at (left, top) of the source; outside the source is the pad colour. */
export function place(
  source: Raster,
  left: number,
  top: number,
  height: number,
  width: number,
  pad: readonly [number, number, number],
): Raster {
  if (left === 0 && top === 0 && source.width === width && source.height === height) return source;
  const { channels, data } = source;
  const out = new Uint8Array(height * width * channels);
  if (pad.some((p) => p !== 0)) {
    const fill = channels === 1 ? [luminance(...pad)] : pad;
    for (let i = 0; i < out.length; i++) out[i] = fill[i % channels]!;
  }
  const x0 = Math.max(0, left);
  const x1 = Math.min(source.width, left + width);
  for (let y = Math.max(0, top); y < Math.min(source.height, top + height) && x1 > x0; y++) {
    const row = data.subarray((y * source.width + x0) * channels, (y * source.width + x1) * channels);
    out.set(row, ((y - top) * width + (x0 - left)) * channels);
  }
  return { width, height, channels, data: out };
}

/** Pillow's conversion to `L`: ITU-R 601-2 luma in 16-bit fixed point. */
export function luminance(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

export function toGray(source: Raster): Raster {
  if (source.channels === 1) return source;
  const { width, height, data } = source;
  const out = new Uint8Array(width * height);
  for (let i = 0, p = 0; i < out.length; i++, p += 3) out[i] = luminance(data[p]!, data[p + 1]!, data[p + 2]!);
  return { width, height, channels: 1, data: out };
}
