import path from 'node:path';
import { exists, listed, readLoaderCache, type Place, type SystemPlaces } from './loader.js';

/** Where a library was found. */
export interface Found {
  readonly soname: string;
  readonly file: string;
  readonly of: string;
  /** The system's loader finds it by itself. */
  readonly byLoader: boolean;
}

/** Whether a library is one of CUDA's or cuDNN's, by its name: libcublas, libcudnn_ops, libnvrtc … */
export function isNvidia(soname: string): boolean {
  return /^lib(cu|nv)\w*([-.]\w+)*\.so(\.|$)/.test(soname);
}

/** Libraries of a list of places by their names, the first place first. Folders are listed once. */
export class LibraryIndex {
  private readonly folders = new Map<string, Promise<readonly string[]>>();
  private cache: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(private readonly system: SystemPlaces) {}

  /** Looks in `before`, where the loader looks, then in `after`. */
  async find(soname: string, before: readonly Place[], after: readonly Place[]): Promise<Found | undefined> {
    const byLoader = (file: string): Found => ({ soname, file, of: path.dirname(file), byLoader: true });
    const first = await this.inPlaces(soname, before);
    if (first !== undefined) return first;
    this.cache ??= readLoaderCache(this.system.loaderCache);
    const cached = (await this.cache).get(soname);
    // The cache may name what has gone since.
    if (cached !== undefined && (await exists(cached))) return byLoader(cached);
    for (const folder of this.system.builtIn)
      if ((await this.names(folder)).includes(soname)) return byLoader(path.join(folder, soname));
    return this.inPlaces(soname, after);
  }

  /** The same library in other versions: "libcublas.so.13" for "libcublas.so.12". */
  async others(soname: string, places: readonly Place[]): Promise<Found[]> {
    const stem = /^(.+?\.so)(\.|$)/.exec(soname)?.[1];
    if (stem === undefined) return [];
    const versions = new RegExp(`^${stem.replace(/[.+]/g, '\\$&')}\\.\\d+$`);
    const found = new Map<string, Found>();
    const add = (name: string, file: string, of: string, byLoader: boolean): void => {
      if (versions.test(name) && name !== soname && !found.has(name))
        found.set(name, { soname: name, file, of, byLoader });
    };
    for (const { folder, of } of places)
      for (const name of await this.names(folder)) add(name, path.join(folder, name), of, false);
    this.cache ??= readLoaderCache(this.system.loaderCache);
    for (const [name, file] of await this.cache) add(name, file, path.dirname(file), true);
    return [...found.values()];
  }

  /** Names in a folder. */
  names(folder: string): Promise<readonly string[]> {
    let names = this.folders.get(folder);
    if (names === undefined) this.folders.set(folder, (names = listed(folder)));
    return names;
  }

  private async inPlaces(soname: string, places: readonly Place[]): Promise<Found | undefined> {
    for (const { folder, of } of places) {
      const file = path.join(folder, soname);
      // A link whose end has gone is listed all the same.
      if ((await this.names(folder)).includes(soname) && (await exists(file)))
        return { soname, file, of, byLoader: false };
    }
    return undefined;
  }
}
