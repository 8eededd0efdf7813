import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Random access to bytes. Reading is synchronous: parsing is a few milliseconds of small reads. */
export interface ByteSource {
  readonly size: number;
  /** Reads up to `target.length` bytes at `offset`; answers how many there were. */
  read(target: Uint8Array, offset: number): number;
}

/** A file read by position, so that the size of the file does not matter. */
export class FileSource implements ByteSource {
  readonly size: number;
  private readonly descriptor: number;

  constructor(path: string) {
    this.descriptor = openSync(path, 'r');
    this.size = fstatSync(this.descriptor).size;
  }

  read(target: Uint8Array, offset: number): number {
    let done = 0;
    while (done < target.length) {
      const n = readSync(this.descriptor, target, done, target.length - done, offset + done);
      if (n === 0) break;
      done += n;
    }
    return done;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** Bytes in memory. */
export class MemorySource implements ByteSource {
  constructor(private readonly bytes: Uint8Array) {}

  get size(): number {
    return this.bytes.length;
  }

  read(target: Uint8Array, offset: number): number {
    const part = this.bytes.subarray(offset, offset + target.length);
    target.set(part);
    return part.length;
  }
}
