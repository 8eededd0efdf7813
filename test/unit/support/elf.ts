/** What a made library says of itself. */
export interface MadeLibrary {
  readonly soname?: string;
  readonly needed?: readonly string[];
  readonly runpath?: string;
  /** 62: x86-64. */
  readonly machine?: number;
}

const BASE = 0x1000n;

/** A shared library without code: a header, one loaded segment, its dynamic section, names. The loader takes it as far as its needs. */
export function elfLibrary({ soname, needed = [], runpath, machine = 62 }: MadeLibrary): Buffer {
  const names = Buffer.from(`\0${[soname, runpath, ...needed].filter((name) => name !== undefined).join('\0')}\0`);
  const at = (name: string): bigint => BigInt(names.indexOf(`\0${name}\0`) + 1);
  const [dynamicAt, segments] = [64 + 2 * 56, 2];
  const count = needed.length + (soname === undefined ? 0 : 1) + (runpath === undefined ? 0 : 1) + 6;
  const symbolsAt = dynamicAt + count * 16;
  const hashAt = symbolsAt + 24;
  const namesAt = hashAt + 16;
  const entries: [bigint, bigint][] = [
    ...needed.map((name): [bigint, bigint] => [1n, at(name)]),
    ...(soname === undefined ? [] : [[14n, at(soname)] as [bigint, bigint]]),
    ...(runpath === undefined ? [] : [[29n, at(runpath)] as [bigint, bigint]]),
    [4n, BASE + BigInt(hashAt)], // an empty hash table
    [5n, BASE + BigInt(namesAt)],
    [6n, BASE + BigInt(symbolsAt)],
    [10n, BigInt(names.length)],
    [11n, 24n],
    [0n, 0n],
  ];
  const file = Buffer.alloc(namesAt);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(segments, 56);
  const size = BigInt(namesAt + names.length);
  segment(file, 64, 1, 0n, size);
  segment(file, 64 + 56, 2, BigInt(dynamicAt), BigInt(count * 16));
  entries.forEach(([tag, value], i) => {
    file.writeBigInt64LE(tag, dynamicAt + i * 16);
    file.writeBigUInt64LE(value, dynamicAt + i * 16 + 8);
  });
  file.writeUInt32LE(0, hashAt);
  file.writeUInt32LE(0, hashAt + 4);
  return Buffer.concat([file, names]);
}

function segment(file: Buffer, at: number, type: number, offset: bigint, bytes: bigint): void {
  file.writeUInt32LE(type, at);
  file.writeUInt32LE(6, at + 4);
  file.writeBigUInt64LE(offset, at + 8);
  file.writeBigUInt64LE(BASE + offset, at + 16);
  file.writeBigUInt64LE(BASE + offset, at + 24);
  file.writeBigUInt64LE(bytes, at + 32);
  file.writeBigUInt64LE(bytes, at + 40);
  file.writeBigUInt64LE(type === 1 ? 0x1000n : 8n, at + 48);
}

/** A loader's cache in glibc's newer form. */
export function loaderCache(entries: readonly { soname: string; file: string; flags?: number }[]): Buffer {
  const head = Buffer.alloc(48 + entries.length * 24);
  head.write('glibc-ld.so.cache1.1');
  head.writeUInt32LE(entries.length, 20);
  let names = Buffer.alloc(0);
  const add = (text: string): number => {
    const at = head.length + names.length;
    names = Buffer.concat([names, Buffer.from(`${text}\0`)]);
    return at;
  };
  entries.forEach(({ soname, file, flags = 0x0303 }, i) => {
    head.writeUInt32LE(flags, 48 + i * 24);
    head.writeUInt32LE(add(soname), 52 + i * 24);
    head.writeUInt32LE(add(file), 56 + i * 24);
  });
  head.writeUInt32LE(names.length, 24);
  return Buffer.concat([head, names]);
}
