import sharp, { type Sharp } from 'sharp';
import { noise } from '../../unit/input/pictures.js';

/** Small pictures of every format that is read, and of some that are not. */

const [HEIGHT, WIDTH] = [12, 16];

function raw(channels: 1 | 3 = 3): Sharp {
  const { data, width, height } = noise(1, HEIGHT, WIDTH, channels);
  return sharp(data, { raw: { width, height, channels } });
}

export async function smallPicture(): Promise<Uint8Array> {
  return raw().png().toBuffer();
}

/** By names with endings. */
export async function seedPictures(): Promise<ReadonlyMap<string, Uint8Array>> {
  const frames = await Promise.all([1, 2, 3].map((seed) => framed(seed)));
  const made: Record<string, Promise<Uint8Array>> = {
    'a.png': raw().png().toBuffer(),
    'grey.png': raw(1).png().toBuffer(),
    'alpha.png': raw().ensureAlpha(0.5).png({ palette: false }).toBuffer(),
    'palette.png': raw().png({ palette: true, colours: 7 }).toBuffer(),
    'deep.png': raw().toColourspace('rgb16').png().toBuffer(),
    'interlaced.png': raw().png({ progressive: true }).toBuffer(),
    'a.jpg': raw().jpeg().toBuffer(),
    'progressive.jpg': raw().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
    'turned.jpg': raw()
      .withMetadata({ orientation: 6 })
      .withExif({ IFD0: { Copyright: 'x'.repeat(100) } })
      .jpeg()
      .toBuffer(),
    'cmyk.jpg': raw().toColourspace('cmyk').jpeg().toBuffer(),
    'a.gif': raw().gif().toBuffer(),
    'moving.gif': sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer(),
    'a.webp': raw().webp().toBuffer(),
    'lossless.webp': raw().ensureAlpha(0.3).webp({ lossless: true }).toBuffer(),
    'moving.webp': sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer(),
    'a.tif': raw().tiff({ compression: 'lzw' }).toBuffer(),
    'tiled.tif': raw().tiff({ tile: true, tileWidth: 16, tileHeight: 16, compression: 'deflate' }).toBuffer(),
    'a.avif': raw().avif({ effort: 0 }).toBuffer(),
    'a.bmp': Promise.resolve(bitmap()),
    'a.svg': Promise.resolve(
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'),
    ),
  };
  const files = await Promise.all(Object.entries(made).map(async ([name, bytes]) => [name, await bytes] as const));
  return new Map(files);
}

async function framed(seed: number): Promise<Buffer> {
  const { data, width, height } = noise(seed, HEIGHT, WIDTH, 3);
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

function bitmap(): Uint8Array {
  const pixels = Buffer.from(noise(2, HEIGHT, WIDTH, 3).data);
  const head = Buffer.alloc(54);
  head.write('BM');
  head.writeUInt32LE(54 + pixels.length, 2);
  head.writeUInt32LE(54, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(WIDTH, 18);
  head.writeInt32LE(HEIGHT, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(24, 28);
  return Buffer.concat([head, pixels]);
}
