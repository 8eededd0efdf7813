import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { LensError } from '../../../src/base/errors.js';
import { decodePicture } from '../../../src/input/decode.js';
import { toGray } from '../../../src/input/geometry.js';
import { toTensor } from '../../../src/input/preprocessing.js';
import { dataPath, requireData } from '../support/data.js';
import { noise, pillowFiles, pillowPhotos, planOf, sha } from './pictures.js';
import { temporaryFolder } from '../support/temporary.js';

async function refusal(source: string | Uint8Array, options = {}): Promise<LensError> {
  try {
    await decodePicture(source, options);
  } catch (error) {
    assert.ok(error instanceof LensError, String(error));
    assert.equal(error.message.trim().split('\n').length, 1, 'one line');
    return error;
  }
  assert.fail('it was decoded');
}

/** A lossless 16-bit or 8-bit PNG made from raw values. */
function png(data: Uint8Array | Uint16Array, width: number, height: number, channels: 1 | 2 | 3 | 4): Promise<Buffer> {
  const image = sharp(data, { raw: { width, height, channels } });
  if (data instanceof Uint8Array) return image.png().toBuffer();
  return image
    .toColourspace(channels < 3 ? 'grey16' : 'rgb16')
    .png()
    .toBuffer();
}

describe('decodePicture', () => {
  for (const file of pillowFiles) {
    it(`equals Pillow: ${file.name}`, async () => {
      const picture = await decodePicture(Buffer.from(file.base64, 'base64'));
      assert.deepEqual([picture.width, picture.height, picture.channels], [file.width, file.height, 3]);
      assert.equal(sha(picture.data), file.sha);
    });
  }

  it('turns all eight EXIF orientations upright', async () => {
    const upright = noise(5, 7, 5, 3);
    // Where pixel (x, y) of the stored picture of w × h comes from in the upright one, by the EXIF standard.
    const stored: Record<number, (x: number, y: number, w: number, h: number) => [number, number]> = {
      1: (x, y) => [x, y],
      2: (x, y, w) => [w - 1 - x, y],
      3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
      4: (x, y, _w, h) => [x, h - 1 - y],
      5: (x, y) => [y, x],
      6: (x, y, _w, h) => [h - 1 - y, x],
      7: (x, y, w, h) => [h - 1 - y, w - 1 - x],
      8: (x, y, w) => [y, w - 1 - x],
    };
    for (const [orientation, source] of Object.entries(stored)) {
      const turned = Number(orientation) > 4;
      const [w, h] = turned ? [upright.height, upright.width] : [upright.width, upright.height];
      const data = new Uint8Array(w * h * 3);
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          const [sx, sy] = source(x, y, w, h);
          for (let c = 0; c < 3; c++) data[(y * w + x) * 3 + c] = upright.data[(sy * upright.width + sx) * 3 + c]!;
        }
      }
      for (const format of ['png', 'tiff', 'webp'] as const) {
        const image = sharp(data, { raw: { width: w, height: h, channels: 3 } }).withMetadata({
          orientation: Number(orientation),
        });
        const bytes = await (
          format === 'webp'
            ? image.webp({ lossless: true })
            : format === 'tiff'
              ? image.tiff({ compression: 'none' })
              : image.png()
        ).toBuffer();
        const picture = await decodePicture(bytes);
        assert.deepEqual([picture.width, picture.height], [upright.width, upright.height], `${format} ${orientation}`);
        assert.deepEqual(Buffer.from(picture.data), Buffer.from(upright.data), `${format} ${orientation}`);
        assert.equal(
          picture.notes.some((note) => note.includes('EXIF')),
          Number(orientation) > 1,
        );
      }
    }
  });

  it('scales 16 bits to 8 and says so', async () => {
    const gray = Uint16Array.from({ length: 12 }, (_, i) => i * 5461 + 7);
    const picture = await decodePicture(await png(gray, 4, 3, 1));
    assert.deepEqual(
      Array.from(picture.data).filter((_, i) => i % 3 === 0),
      [...gray].map((v) => v >> 8),
    );
    assert.match(picture.notes.join(' '), /16 bits/);
    const colour = Uint16Array.from({ length: 36 }, (_, i) => (i * 7919) % 65536);
    const rgb = await decodePicture(await png(colour, 4, 3, 3));
    assert.deepEqual(
      [...rgb.data],
      [...colour].map((v) => v >> 8),
    );
  });

  it('drops alpha without blending, and says so only where something is transparent', async () => {
    const data = Uint8Array.from({ length: 6 * 4 }, (_, i) => (i % 4 === 3 ? (i > 12 ? 0 : 255) : i * 9));
    const picture = await decodePicture(await png(data, 3, 2, 4));
    assert.deepEqual(
      [...picture.data],
      [...data].filter((_, i) => i % 4 !== 3),
    );
    assert.match(picture.notes.join(' '), /transparency was dropped/);
    const opaque = data.map((v, i) => (i % 4 === 3 ? 255 : v));
    assert.deepEqual((await decodePicture(await png(opaque, 3, 2, 4))).notes, []);
  });

  it('notes frames and CMYK', async () => {
    const bytes = (name: string): Buffer => Buffer.from(pillowFiles.find((f) => f.name === name)!.base64, 'base64');
    assert.match((await decodePicture(bytes('frames.gif'))).notes.join(' '), /first of its 2 frames/);
    assert.match((await decodePicture(bytes('cmyk.jpg'))).notes.join(' '), /CMYK/);
  });

  it('hands on plain arrays that own their bytes', async () => {
    const { data } = await decodePicture(Buffer.from(pillowFiles[0]!.base64, 'base64'));
    assert.equal(Object.getPrototypeOf(data), Uint8Array.prototype);
    assert.equal(data.buffer.byteLength, data.byteLength);
  });

  describe('refuses in one sentence', () => {
    const folder = temporaryFolder();
    const write = (name: string, bytes: string | Uint8Array): string => {
      writeFileSync(path.join(folder, name), bytes);
      return path.join(folder, name);
    };

    it('a text file named .png', async () => {
      const error = await refusal(write('notes.png', 'Not a picture at all.\n'));
      assert.equal(error.message, '"notes.png" is not a picture: it is a text file.');
      assert.equal(error.kind, 'input');
      assert.match(error.hint ?? '', /JPEG, PNG/);
    });
    it('an empty file', async () =>
      assert.equal((await refusal(write('empty.jpg', ''))).message, '"empty.jpg" is empty (0 bytes).'));
    it('a Git LFS pointer', async () =>
      assert.match(
        (await refusal(write('lfs.png', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'))).message,
        /Git LFS pointer/,
      ));
    it('an SVG drawing, which is never rendered', async () =>
      assert.match(
        (await refusal(write('a.png', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'))).message,
        /SVG/,
      ));
    it('a file that is not there', async () =>
      assert.match((await refusal(path.join(folder, 'none.png'))).message, /There is no file/));
    it('a folder', async () => assert.match((await refusal(folder)).message, /is a folder/));

    it('what is cut off, anywhere', async () => {
      for (const name of ['420.jpg', 'progressive.jpg', 'rgba.png', 'lossy.webp', 'lzw.tif', 'frames.gif']) {
        const bytes = Buffer.from(pillowFiles.find((f) => f.name === name)!.base64, 'base64');
        const cut = bytes.subarray(0, Math.floor(bytes.length * (name.endsWith('.gif') ? 0.1 : 0.8)));
        assert.match((await refusal(cut, { name })).message, /damaged or cut off/, name);
      }
    });

    it('a picture with more pixels than the limit, before it is decoded', async () => {
      // A header alone: nothing of this size is ever allocated.
      const header = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAw1AAAMNQCAIAAAA=', 'base64');
      const crc = Buffer.alloc(4);
      crc.writeUInt32BE(crc32(header.subarray(12, 29)));
      const bomb = Buffer.concat([header.subarray(0, 29), crc, Buffer.from('AAAAAElEQVQ13O8=', 'base64')]);
      const error = await refusal(bomb, { name: 'bomb.png' });
      assert.match(error.message, /^"bomb\.png" is 50000×50000 \(2500 megapixels\); the limit is 179 megapixels\.$/);
      const small = await png(new Uint8Array(300), 10, 10, 3);
      assert.match((await refusal(small, { maxPixels: 99 })).message, /limit/);
      assert.equal((await decodePicture(small, { maxPixels: 100 })).width, 10);
    });

    it('nothing but pictures, whatever the bytes', async () => {
      for (let seed = 0; seed < 40; seed++) {
        const bytes = noise(seed, 1, 60, 1).data;
        const magic = [
          '\xff\xd8\xff\xe0',
          '\x89PNG\r\n\x1a\n',
          'GIF89a',
          'RIFF\x10\0\0\0WEBPVP8 ',
          'II*\0',
          '\0\0\0\x20ftypavif',
          'BM',
          '',
        ][seed % 8]!;
        bytes.set(Buffer.from(magic, 'latin1'));
        await refusal(bytes);
      }
    });
  });

  it('stops when it is cancelled', async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(decodePicture(Buffer.from(pillowFiles[0]!.base64, 'base64'), { signal }), {
      name: 'CancelledError',
    });
  });

  describe('photographs', () => {
    before(requireData);
    for (const [name, decoded, cropped, gray] of pillowPhotos) {
      it(name, async () => {
        const picture = await decodePicture(dataPath('images', 'photos', name));
        assert.equal(sha(picture.data), decoded);
        const resize = { mode: 'shortSide', size: 256, interpolation: 'bilinear' } as const;
        assert.equal(sha(toTensor(picture, planOf({ size: [227, 227], resize, crop: 'center' })).view.data), cropped);
        const bicubic = { ...resize, interpolation: 'bicubic' } as const;
        const view = toTensor(
          toGray(picture),
          planOf({ size: [224, 224], channels: 1, resize: bicubic, crop: 'center' }),
        ).view.data;
        assert.equal(sha(view.filter((_, i) => i % 3 === 0)), gray);
      });
    }
  });

  it('a pipe is refused at once: nobody waits for a writer', async () => {
    const pipe = path.join(temporaryFolder(), 'pipe.png');
    execFileSync('mkfifo', [pipe]);
    await assert.rejects(decodePicture(pipe), /is not an ordinary file/);
  });
});

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}
