import { open } from 'node:fs/promises';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { LensError } from '../base/errors.js';

/** Compressed members are unpacked into memory, up to so much. */
const MOST_UNPACKED = 1 << 30;

/** A member of a zip file: bytes of its content from any place, read from the file where it is stored as it is. */
export interface Member {
  readonly name: string;
  readonly size: number;
  read(from: number, length: number): Promise<Uint8Array>;
}

/** @throws LensError `dataset/npz` where the file is no zip, or a compressed member is too large */
export async function membersOf(file: string): Promise<Member[]> {
  let zip: ZipFile;
  try {
    zip = await openPromise(file, { autoClose: false, lazyEntries: true });
  } catch (cause) {
    throw new LensError('input', 'dataset/npz', `"${file}" is no .npz file: ${(cause as Error).message}.`, { cause });
  }
  try {
    const members: Member[] = [];
    for await (const entry of zip.eachEntry())
      members.push(entry.compressionMethod === 0 ? stored(file, entry) : unpacked(file, entry));
    return members;
  } catch (cause) {
    throw new LensError('input', 'dataset/npz', `"${file}" is a damaged .npz file.`, { cause });
  } finally {
    zip.close();
  }
}

function stored(file: string, entry: Entry): Member {
  let start: number | undefined;
  return {
    name: entry.fileName,
    size: entry.uncompressedSize,
    async read(from, length) {
      const handle = await open(file, 'r');
      try {
        if (start === undefined) {
          const head = Buffer.alloc(30);
          await handle.read(head, 0, 30, entry.relativeOffsetOfLocalHeader);
          start = entry.relativeOffsetOfLocalHeader + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
        }
        const bytes = new Uint8Array(Math.max(0, Math.min(length, entry.uncompressedSize - from)));
        await handle.read(bytes, 0, bytes.length, start + from);
        return bytes;
      } finally {
        await handle.close();
      }
    },
  };
}

function unpacked(file: string, entry: Entry): Member {
  let content: Promise<Uint8Array> | undefined;
  return {
    name: entry.fileName,
    size: entry.uncompressedSize,
    async read(from, length) {
      content ??= unpack(file, entry);
      return (await content).subarray(from, from + length);
    },
  };
}

async function unpack(file: string, entry: Entry): Promise<Uint8Array> {
  if (entry.uncompressedSize > MOST_UNPACKED) {
    throw new LensError(
      'input',
      'dataset/npz',
      `"${entry.fileName}" is compressed and too large to unpack into memory.`,
      {
        hint: 'Save it with numpy.savez in place of savez_compressed: then it is read as it is needed.',
      },
    );
  }
  const zip = await openPromise(file, { autoClose: false, lazyEntries: true });
  try {
    const stream = await zip.openReadStreamPromise(entry);
    const out = new Uint8Array(entry.uncompressedSize);
    let at = 0;
    for await (const part of stream as AsyncIterable<Uint8Array>) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  } finally {
    zip.close();
  }
}
