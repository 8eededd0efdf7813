import { open, type FileHandle } from 'node:fs/promises';

/** What the system's loader reads of a shared library before it runs any of it. */
export interface ElfLibrary {
  readonly soname: string | undefined;
  /** Sonames of what it is linked against, in its order. */
  readonly needed: readonly string[];
  /** Folders of its RUNPATH or RPATH as they stand there; `$ORIGIN` is the library's own folder. */
  readonly runpath: readonly string[];
}

const X86_64 = 62;
const SHARED_OBJECT = 3;
const [PT_LOAD, PT_DYNAMIC] = [1, 2];
const [DT_NULL, DT_NEEDED, DT_STRTAB, DT_SONAME, DT_RPATH, DT_RUNPATH] = [0, 1, 5, 14, 15, 29];
/** The dynamic section of the largest library met (cuDNN's) has some forty entries of 16 bytes. */
const LONGEST_DYNAMIC = 1 << 20;
const LONGEST_NAME = 4096;

/**
 * Reads a shared library for 64-bit x86 without loading it: a few kilobytes of it, however large it is.
 *
 * @returns undefined for whatever is no such library: another machine's, a linker script, a cut-off or damaged file
 */
export async function readElf(file: string): Promise<ElfLibrary | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch {
    return undefined;
  }
  try {
    return await readFrom(handle);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // a number in it points outside
    throw error;
  } finally {
    await handle.close();
  }
}

async function readFrom(handle: FileHandle): Promise<ElfLibrary | undefined> {
  const header = await read(handle, 0, 64);
  const isElf64 = header.length === 64 && header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1;
  if (!isElf64 || header.readUInt16LE(16) !== SHARED_OBJECT || header.readUInt16LE(18) !== X86_64) return undefined;
  const [size, count] = [header.readUInt16LE(54), header.readUInt16LE(56)];
  const segments = await read(handle, number(header, 32), size * count);
  const loads: { readonly address: number; readonly offset: number; readonly bytes: number }[] = [];
  let dynamic: { readonly offset: number; readonly bytes: number } | undefined;
  for (let at = 0; at + 56 <= segments.length; at += Math.max(size, 56)) {
    const segment = {
      offset: number(segments, at + 8),
      address: number(segments, at + 16),
      bytes: number(segments, at + 32),
    };
    const type = segments.readUInt32LE(at);
    if (type === PT_LOAD) loads.push(segment);
    else if (type === PT_DYNAMIC) dynamic = segment;
  }
  if (dynamic === undefined || dynamic.bytes > LONGEST_DYNAMIC) return undefined;
  const table = await read(handle, dynamic.offset, dynamic.bytes);
  const entries: [tag: number, value: number][] = [];
  for (let at = 0; at + 16 <= table.length; at += 16) {
    const tag = Number(table.readBigInt64LE(at));
    if (tag === DT_NULL) break;
    // Values of other tags may be anything, also larger than a number holds.
    if ([DT_NEEDED, DT_STRTAB, DT_SONAME, DT_RPATH, DT_RUNPATH].includes(tag))
      entries.push([tag, number(table, at + 8)]);
  }
  const address = entries.find(([tag]) => tag === DT_STRTAB)?.[1];
  const home = loads.find(
    (load) => address !== undefined && address >= load.address && address < load.address + load.bytes,
  );
  if (address === undefined || home === undefined) return undefined;
  const strings = home.offset + (address - home.address);
  const names = async (...tags: readonly number[]): Promise<string[]> =>
    Promise.all(entries.filter(([tag]) => tags.includes(tag)).map(([, at]) => name(handle, strings + at)));
  return {
    soname: (await names(DT_SONAME))[0],
    needed: await names(DT_NEEDED),
    runpath: (await names(DT_RPATH, DT_RUNPATH)).flatMap((paths) => paths.split(':')).filter((each) => each !== ''),
  };
}

async function read(handle: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, offset);
  return buffer.subarray(0, bytesRead);
}

/** A text that ends with a zero. */
async function name(handle: FileHandle, offset: number): Promise<string> {
  const bytes = await read(handle, offset, LONGEST_NAME);
  const end = bytes.indexOf(0);
  if (end < 0) throw new RangeError('A name without an end');
  return bytes.toString('utf8', 0, end);
}

function number(buffer: Buffer, at: number): number {
  const value = buffer.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError('An offset beyond any file');
  return Number(value);
}
