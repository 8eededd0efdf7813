import type { LensError } from '../base/errors.js';
import type { Raster } from '../input/resize.js';

/** One picture of a data set, not read yet. */
export interface Example {
  /** Tells it apart within the set, e.g. `cat/01.png` or `train.parquet#12`. */
  readonly name: string;
  /** The file that holds it, alone or with others. */
  readonly file: string;
  /** What it is labelled; absent where nothing says. */
  readonly className?: string;
  /** `train`, `test` … */
  readonly split?: string;
  /** A file to be decoded, its bytes, or pixels. */
  read(signal?: AbortSignal): Promise<string | Uint8Array | Raster>;
}

/** A labelled set of pictures, however it is written down. */
export interface Dataset {
  /** What kind of source it is, for people: "a folder per class", "parquet (Hugging Face)". */
  readonly title: string;
  readonly examples: readonly Example[];
  /**
   * Names of the classes in the order of their numbers, where the source has one; absent where only the names are known:
   * then Python's order of the names is what training code would have used.
   */
  readonly classes?: readonly string[];
  /** What a person should know, one sentence each. */
  readonly notes: readonly string[];
  readonly omitted: readonly Omitted[];
}

/** What stands in the source and cannot be a picture. */
export interface Omitted {
  readonly name: string;
  readonly error: LensError;
}

/** One way of writing down a data set. */
export interface Source {
  readonly id: string;
  /** Whether a file or folder is written that way, told from its name and as little of it as possible. */
  recognises(place: string, isFolder: boolean): Promise<boolean>;
  /** @throws LensError that says what is wrong and what to do */
  open(place: string, signal?: AbortSignal): Promise<Dataset>;
}
