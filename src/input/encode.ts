import { loadSharp } from './decode.js';

/**
 * A picture as PNG. The bytes depend on the pixels alone (fixed filter and compression, no metadata), so that the same
 * recipe gives the same file.
 *
 * @param data 3 or 4 bytes per pixel, rows from the top
 */
export async function encodePng(data: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  const channels = data.length / (width * height);
  if (channels !== 3 && channels !== 4) throw new Error(`${data.length} bytes are no ${width}×${height} picture`);
  const sharp = await loadSharp();
  const png = await sharp(data, { raw: { width, height, channels } })
    .png({ compressionLevel: 9, adaptiveFiltering: false, palette: false })
    .toBuffer();
  return Uint8Array.from(png);
}

/** A drawing as PNG, at twice its size so that its text is sharp. */
export async function svgToPng(svg: string): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const png = await sharp(Buffer.from(svg), { density: 144 })
    .png({ compressionLevel: 9, adaptiveFiltering: false, palette: false })
    .toBuffer();
  return Uint8Array.from(png);
}
