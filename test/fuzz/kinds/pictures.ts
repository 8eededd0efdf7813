import { crc32 } from 'node:zlib';
import type { Random } from '../../../src/base/random.js';
import { bruised, hostileNumber, noise, pick, rarely } from '../hostile.js';
import { answered } from '../judge.js';
import type { Kind } from '../kind.js';
import { RUN_GB } from '../subject.js';
import { seedPictures } from './pictureFiles.js';
import { bytesOf, smallNet } from './seedModels.js';

const SIDES = [0, 1, 2, 255, 256, 4096, 16_383, 20_000, 65_535, 2 ** 31 - 1, 2 ** 32 - 1];

/** Headers that claim other sizes, and parts that are moved, with the checks around them right. */
function restructured(random: Random, name: string, bytes: Uint8Array): Uint8Array {
  const out = Buffer.from(bytes);
  const [width, height] = [pick(random, SIDES), pick(random, SIDES)];
  const ending = name.split('.').at(-1);
  if (ending === 'png') return png(random, out, width, height);
  if (ending === 'jpg') {
    const at = startOfFrame(out);
    if (at > 0 && rarely(random, 2)) {
      out.writeUInt16BE(height & 0xffff, at + 5);
      out.writeUInt16BE(width & 0xffff, at + 7);
      return out;
    }
    return segment(random, out);
  }
  if (ending === 'gif') {
    const at = rarely(random, 2) ? 6 : Math.max(6, out.indexOf(0x2c, 13) + 5);
    out.writeUInt16LE(width & 0xffff, at);
    out.writeUInt16LE(height & 0xffff, at + 2);
    return out;
  }
  if (ending === 'tif') {
    // Entries of its directory: 12 bytes each, and where it stands.
    const at = out.readUInt32LE(4);
    const count = at + 2 <= out.length ? out.readUInt16LE(at) : 0;
    const entry = at + 2 + 12 * random.below(Math.max(1, count));
    if (entry + 12 > out.length) return out;
    if (rarely(random, 4)) out.writeUInt16LE(pick(random, SIDES) & 0xffff, entry + 2 * random.below(2));
    else out.writeUInt32LE(Number(BigInt.asUintN(32, hostileNumber(random))), entry + 4 + 4 * random.below(2));
    return out;
  }
  if (ending === 'webp') {
    const at = 16 + 4 * random.below(5);
    if (at + 4 <= out.length) out.writeUInt32LE(Number(BigInt.asUintN(32, hostileNumber(random))), at);
    return out;
  }
  if (ending === 'bmp') {
    out.writeInt32LE(width | 0, 18);
    out.writeInt32LE(height | 0, 22);
    return out;
  }
  return Buffer.from(bruised(random, bytes));
}

interface Chunk {
  type: string;
  data: Buffer;
}

function png(random: Random, bytes: Buffer, width: number, height: number): Uint8Array {
  const chunks: Chunk[] = [];
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const data = Buffer.from(bytes.subarray(at + 8, at + 8 + length));
    chunks.push({ type: bytes.toString('latin1', at + 4, at + 8), data });
    at += 12 + length;
  }
  const [header] = chunks as [Chunk];
  switch (random.below(5)) {
    case 0:
      header.data.writeUInt32BE(width >>> 0, 0);
      header.data.writeUInt32BE(height >>> 0, 4);
      break;
    case 1:
      // Depth, colours, compression, filter, interlacing.
      header.data[8 + random.below(5)] = pick(random, [0, 1, 2, 3, 4, 6, 7, 8, 16, 255]);
      break;
    case 2:
      random.shuffle(chunks);
      break;
    case 3:
      chunks.splice(random.below(chunks.length), 0, {
        type: pick(random, ['eXIf', 'iCCP', 'tEXt', 'zTXt', 'PLTE', 'tRNS', 'acTL', 'fcTL', 'ABCD']),
        data: Buffer.from(noise(random, random.below(300))),
      });
      break;
    default: {
      const chunk = pick(random, chunks);
      chunk.data = Buffer.from(bruised(random, chunk.data));
    }
  }
  const parts = chunks.map(({ type, data }) => {
    const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, check]);
  });
  return Buffer.concat([bytes.subarray(0, 8), ...parts]);
}

/** Where a JPEG says its size; 0 where it does not. */
function startOfFrame(bytes: Buffer): number {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2))
    if (bytes[at + 1]! >= 0xc0 && bytes[at + 1]! <= 0xc2) return at;
  return 0;
}

/** One more segment of a JPEG behind its first bytes: EXIF above all. */
function segment(random: Random, bytes: Buffer): Uint8Array {
  const exif = Buffer.concat([
    Buffer.from('Exif\0\0'),
    Buffer.from('49492a0008000000', 'hex'),
    noise(random, 2 + random.below(80)),
  ]);
  // One entry: the orientation, of which there are eight.
  const turned = Buffer.from('010012010300010000000000000000000000', 'hex');
  turned.writeUInt16LE(random.below(12), 10);
  const payload = rarely(random, 2) ? Buffer.concat([exif.subarray(0, 14), turned]) : exif;
  const head = Buffer.from([0xff, pick(random, [0xe1, 0xe1, 0xe2, 0xed, 0xfe, 0xdb, 0xc4, 0xdd]), 0, 0]);
  head.writeUInt16BE(rarely(random, 4) ? random.below(65_536) : payload.length + 2, 2);
  return Buffer.concat([bytes.subarray(0, 2), head, payload, bytes.subarray(2)]);
}

/** Pictures. Their model is sound and stays open, as while somebody looks through a folder. */
export const pictures: Kind = {
  id: 'picture',
  asked: 'runner',
  async prepare() {
    const seeds = [...(await seedPictures())];
    const all = seeds.map(([, bytes]) => bytes);
    const model = await bytesOf(smallNet());
    return {
      shared: new Map([['model.onnx', model]]),
      make(random) {
        const [seed, bytes] = pick(random, seeds);
        const blindly = rarely(random, 2);
        const mutant = blindly ? bruised(random, bytes, all) : restructured(random, seed, bytes);
        // A name says nothing: bytes under another ending are read all the same.
        const name = rarely(random, 6) ? pick(random, ['a.png', 'a.jpg', 'a', 'a.txt', 'a.tiff']) : seed;
        const more = random.below(24);
        return {
          files: new Map([[name, mutant]]),
          what: `${seed}: ${blindly ? 'changed bytes' : 'another header'}`,
          async ask(place) {
            const about = { model: place.path('model.onnx'), provider: 'cpu', threads: 1, memoryLimit: RUN_GB };
            const inputs = [place.path(name)];
            const accepted = answered(await place.ask('predict', { ...about, inputs }));
            if (more === 0) await place.ask('explain', { ...about, inputs, method: 'gradient' });
            if (more === 1)
              await place.ask('explain', { ...about, inputs, method: 'occlusion', params: { patch: 4, stride: 4 } });
            if (more === 2) await place.ask('graphActivations', { ...about, input: inputs[0] });
            if (more === 3) await place.ask('activations', { ...about, input: inputs[0], layer: 'features' });
            if (more === 4) await place.ask('findSettings', { ...about, inputs });
            return accepted;
          },
        };
      },
    };
  },
};
