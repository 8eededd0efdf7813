import type { Rgb } from '../../../src/result/picture.js';

/** An RGB picture as a canvas of its own size. */
export function rasterOf(picture: Rgb): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = picture.width;
  canvas.height = picture.height;
  const image = new ImageData(picture.width, picture.height);
  for (let i = 0, from = 0; i < image.data.length; i += 4) {
    image.data[i] = picture.data[from++]!;
    image.data[i + 1] = picture.data[from++]!;
    image.data[i + 2] = picture.data[from++]!;
    image.data[i + 3] = 255;
  }
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  return canvas;
}
