/** The part of yauzl that is used; it ships no types of its own. */
declare module 'yauzl' {
  import type { Readable } from 'node:stream';

  export interface Entry {
    readonly fileName: string;
    readonly uncompressedSize: number;
    /** 0: stored as it is. */
    readonly compressionMethod: number;
    readonly relativeOffsetOfLocalHeader: number;
  }

  export interface ZipFile {
    eachEntry(): AsyncIterable<Entry>;
    /** Ends with an error where the content is damaged. */
    openReadStreamPromise(entry: Entry): Promise<Readable>;
    close(): void;
  }

  export function openPromise(
    path: string,
    options?: { readonly autoClose?: boolean; readonly lazyEntries?: boolean },
  ): Promise<ZipFile>;
}
