import type { Colormap } from '../../../src/result/colormap.js';
import type { Rgb } from '../../../src/base/picture.js';

/** An RGB picture as a canvas of its own size. */
export function rasterOf(picture: Rgb): HTMLCanvasElement {
  return canvasOf(imageOf(picture));
}

/** An RGB picture as pixels that a canvas takes. */
export function imageOf(picture: Rgb): ImageData {
  const image = new ImageData(picture.width, picture.height);
  for (let i = 0, from = 0; i < image.data.length; i += 4) {
    image.data[i] = picture.data[from++]!;
    image.data[i + 1] = picture.data[from++]!;
    image.data[i + 2] = picture.data[from++]!;
    image.data[i + 3] = 255;
  }
  return image;
}

/** Pixels as a canvas of their own size. */
export function canvasOf(image: ImageData): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  return canvas;
}

/** The colours of a map side by side, 256 × 1 pixels. */
export function scaleRaster({ table }: Colormap): HTMLCanvasElement {
  return rasterOf({ width: 256, height: 1, data: table });
}

/** What a canvas shows as PNG; undefined where it is empty or too large for one. */
export async function pngOf(canvas: HTMLCanvasElement): Promise<Uint8Array | undefined> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  return blob === null ? undefined : new Uint8Array(await blob.arrayBuffer());
}
