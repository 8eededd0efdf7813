import path from 'node:path';
import { Newest } from '../../base/newest.js';
import { stampOf } from '../../input/files.js';
import { readModelFile, type ModelFile } from './file.js';

/** Models whose structure stays in memory: a few megabytes each, weights not among them. */
const MOST = 8;

const NONE: readonly string[] = [];

interface Entry {
  /** Files that hold weights, once they are known. */
  external: readonly string[];
  /** State of the model, of what usually lies beside it, and of those files. */
  stamps: readonly string[];
  readonly file: Promise<ModelFile>;
}

/**
 * The files that were read last. The tree, the code lenses, the editor and the explain panel ask for the same model,
 * under different settings: it is parsed once, until it or one of its files of weights changes on disk.
 */
export class ModelFiles {
  private readonly known = new Newest<string, Entry>(MOST);

  /** A model's structure: the same object as long as nothing has changed. One that is just being written is waited for. */
  async read(model: string): Promise<ModelFile> {
    const key = path.resolve(model);
    // Exporters keep large weights in `<model>.data`, so that one is looked at before the model has been read.
    const own = [model, `${model}.data`];
    let external: readonly string[];
    let stamps: readonly string[];
    let known: Entry | undefined;
    do {
      external = this.known.peek(key)?.external ?? NONE;
      stamps = await Promise.all([...own, ...external].map(stampOf));
      known = this.known.peek(key);
      // Another request may have learned of more files meanwhile.
    } while ((known?.external ?? NONE) !== external);
    const entry = same(known?.stamps, stamps) ? known! : this.open(model, key, stamps.slice(0, own.length));
    this.known.set(key, entry);
    return entry.file;
  }

  forget(model: string): void {
    this.known.delete(path.resolve(model));
  }

  private open(model: string, key: string, own: readonly string[]): Entry {
    const reading = readModelFile(model).then(async (file) => {
      const external = file.checkpoint.externalFiles;
      // The model's own state is that of before it was read, so that a change meanwhile is noticed.
      entry.stamps = [...own, ...(await Promise.all(external.map(stampOf)))];
      entry.external = external;
      return file;
    });
    const entry: Entry = { external: NONE, stamps: own, file: reading };
    reading.catch(() => this.known.delete(key, entry));
    return entry;
  }
}

function same(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a?.length === b.length && a.every((each, i) => each === b[i]);
}
