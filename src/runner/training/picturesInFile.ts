import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LensError } from '../../base/errors.js';
import type { TrainingPictures } from '../../training/pictures.js';

/**
 * Bytes of pictures one after the other in a file that has no name: it is gone with this process, however that ends. What is
 * read often stays in the cache of the disk, which gives way where memory is needed.
 */
export class PictureFile {
  private readonly file: number;
  private readonly folder: string;
  private count = 0;
  private closed = false;

  /**
   * @param size bytes of one picture
   * @throws LensError `training/disk` where there is no room for a file
   */
  constructor(private readonly size: number) {
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'onnx-lens-pictures-'));
    const name = path.join(this.folder, 'pictures');
    this.file = openSync(name, 'wx+', 0o600);
    this.forget();
  }

  add(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < this.size;)
        done += writeSync(this.file, bytes, done, this.size - done, this.count * this.size + done);
    } catch (cause) {
      throw new LensError(
        'runtime',
        'training/disk',
        `The pictures are more than memory has room for, and the disk of "${os.tmpdir()}" has no room for them either.`,
        { hint: 'Use fewer (pictures=N), or make room there.', cause },
      );
    }
    this.count++;
  }

  read(i: number, into: Uint8Array): void {
    for (let done = 0; done < this.size;) {
      const read = readSync(this.file, into, done, this.size - done, i * this.size + done);
      if (read === 0) throw new Error(`Picture ${i} ends after ${done} of ${this.size} bytes`);
      done += read;
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.file);
    this.forget();
  }

  /** Where an open file keeps its name, it goes when it is closed. */
  private forget(): void {
    try {
      rmSync(this.folder, { recursive: true, force: true });
    } catch {
      // The temporary folder is cleared by the system.
    }
  }
}

/** Pictures whose bytes lie in a file. */
export class PicturesInFile implements TrainingPictures {
  constructor(
    readonly classes: number,
    readonly height: number,
    readonly width: number,
    readonly channels: number,
    private readonly labels: Int32Array,
    private readonly file: PictureFile,
  ) {}

  get count(): number {
    return this.labels.length;
  }

  label(i: number): number {
    return this.labels[i]!;
  }

  bytes(i: number, into: Uint8Array): void {
    this.file.read(i, into);
  }
}
