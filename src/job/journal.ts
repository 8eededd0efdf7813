import { randomUUID } from 'node:crypto';
import * as disk from 'node:fs/promises';
import path from 'node:path';
import { unwritable } from '../base/unwritable.js';
import { decodeUnit, encodeUnit, headOf, LONGEST_HEAD } from './unitFile.js';

const ENDING = '.unit';
const HALF = '.half';
/** Nobody writes one file for so long. */
const ABANDONED_MS = 60 * 60_000;

/** The part of the file system that a journal needs; a test gives a full disk. */
export type Disk = Pick<
  typeof disk,
  'mkdir' | 'readFile' | 'writeFile' | 'rename' | 'rm' | 'readdir' | 'stat' | 'open'
>;

/**
 * Which units of long work are done: the set of their files, and nothing else. A file comes into being whole, by a rename,
 * and is looked at when it is read: what is torn or strange is a unit that is not done. Any number of processes may write
 * to one folder; two that do the same unit write the same.
 */
export class Journal {
  private ready: Promise<void> | undefined;

  constructor(
    readonly folder: string,
    private readonly files: Disk = disk,
  ) {}

  /** What a finished unit holds. */
  async read(key: string): Promise<Uint8Array | undefined> {
    return (await this.whole(key))?.payload;
  }

  /** @throws LensError `file/unwritable` that says why: a full disk, say */
  async write(key: string, payload: Uint8Array, about: unknown = null): Promise<void> {
    const file = this.fileOf(key);
    const half = path.join(this.folder, `${key}.${randomUUID()}${HALF}`);
    try {
      await (this.ready ??= this.prepare());
      await this.files.writeFile(half, encodeUnit(key, payload, about));
      await this.files.rename(half, file);
    } catch (cause) {
      this.ready = undefined;
      await this.files.rm(half, { force: true }).catch(() => undefined);
      // Windows lets nobody replace a file that another reads: then it is there already.
      if ((await this.whole(key)) !== undefined) return;
      throw unwritable(file, cause);
    }
  }

  /** Keys of the files that are there, whether or not they are whole. */
  async keys(): Promise<string[]> {
    const names = await this.files.readdir(this.folder).catch(() => []);
    return names.filter((name) => name.endsWith(ENDING)).map((name) => name.slice(0, -ENDING.length));
  }

  /** What is said about a unit; the rest of its file is not read. */
  async about(key: string): Promise<unknown> {
    let handle: disk.FileHandle | undefined;
    try {
      handle = await this.files.open(this.fileOf(key), 'r');
      for (let length = 1 << 14; length <= LONGEST_HEAD; length <<= 3) {
        const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, 0);
        const head = headOf(buffer.subarray(0, bytesRead));
        if (head !== undefined) return head.key === key ? head.about : undefined;
        if (bytesRead < length) return undefined;
      }
      return undefined;
    } catch {
      return undefined;
    } finally {
      await handle?.close();
    }
  }

  fileOf(key: string): string {
    if (!/^[0-9a-z-]{1,100}$/.test(key)) throw new Error(`"${key}" is no key of a unit`);
    return path.join(this.folder, `${key}${ENDING}`);
  }

  private async whole(key: string): Promise<{ payload: Uint8Array; about: unknown } | undefined> {
    const bytes = await this.files.readFile(this.fileOf(key)).catch(() => undefined);
    return bytes === undefined ? undefined : decodeUnit(key, bytes);
  }

  /** The folder; what processes that are gone have left half written is swept away. */
  private async prepare(): Promise<void> {
    await this.files.mkdir(this.folder, { recursive: true });
    for (const name of await this.files.readdir(this.folder)) {
      if (!name.endsWith(HALF)) continue;
      const file = path.join(this.folder, name);
      const about = await this.files.stat(file).catch(() => undefined);
      if (about !== undefined && Date.now() - about.mtimeMs > ABANDONED_MS)
        await this.files.rm(file, { force: true }).catch(() => undefined);
    }
  }
}
