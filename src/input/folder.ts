import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import path from 'node:path';
import { LensError, throwIfCancelled } from '../base/errors.js';
import { isNodeError } from './files.js';
import { readFolderMetadata } from './folderMetadata.js';
import { PICTURE_ENDINGS } from './sniff.js';

/** Folders of pictures: one subfolder per class as torchvision's ImageFolder has it, or flat, or split into train and test. */

export interface FolderPicture {
  readonly path: string;
  /** Relative to the folder, with forward slashes. */
  readonly relative: string;
  /** The class that the folder names (a subfolder, or the label of `metadata.csv`). */
  readonly className?: string;
  /** `train`, `test` … where the folder is split so. */
  readonly split?: string;
}

export interface WalkOptions {
  readonly signal?: AbortSignal;
  /** Endings that count as pictures, lower case; default those that can be decoded. */
  readonly endings?: readonly string[];
}

const SPLIT = /^(train|training|test|val|valid|validation|dev)$/i;

/** Python's order of strings: by code point. JavaScript compares UTF-16 units, which puts astral characters elsewhere. */
export function comparePython(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const surrogates = Number(x >= 0xd800 && x <= 0xdfff) - Number(y >= 0xd800 && y <= 0xdfff);
    return surrogates !== 0 ? surrogates : x - y;
  }
  return a.length - b.length;
}

/**
 * The pictures of a folder one after the other, classes in order and files in order within a class, without holding the
 * whole tree: only the folder at hand is read. Hidden files are passed over; links are followed, but no folder is entered
 * twice.
 */
export async function* walkPictures(folder: string, options: WalkOptions = {}): AsyncGenerator<FolderPicture> {
  const top = await readFolder(folder, true);
  const walk = new Walk(folder, options);
  await walk.enter(folder);
  const labels = await readFolderMetadata(folder, top.files);
  const splits = top.folders.length > 0 && top.folders.every((name) => SPLIT.test(name)) ? top.folders : undefined;
  yield* walk.files(folder, top.files, {}, labels);
  if (splits === undefined) {
    for (const className of top.folders) yield* walk.tree(path.join(folder, className), { className }, labels);
    return;
  }
  for (const split of splits) {
    const inner = await readFolder(path.join(folder, split), false);
    const own = (await readFolderMetadata(path.join(folder, split), inner.files)) ?? labels;
    yield* walk.files(path.join(folder, split), inner.files, { split }, own);
    for (const className of inner.folders)
      yield* walk.tree(path.join(folder, split, className), { split, className }, own);
  }
}

type Place = { readonly className?: string; readonly split?: string };
type FileLabels = ReadonlyMap<string, string> | undefined;

class Walk {
  private readonly entered = new Set<string>();
  private readonly endings: ReadonlySet<string>;

  constructor(
    private readonly root: string,
    private readonly options: WalkOptions,
  ) {
    this.endings = new Set(options.endings ?? PICTURE_ENDINGS);
  }

  *files(folder: string, files: readonly string[], place: Place, labels: FileLabels): Generator<FolderPicture> {
    for (const name of files) {
      throwIfCancelled(this.options.signal);
      if (!this.endings.has(path.extname(name).toLowerCase())) continue;
      const file = path.join(folder, name);
      const relative = path.relative(this.root, file).split(path.sep).join('/');
      const given = labels?.get(path.resolve(file));
      yield { path: file, relative, ...place, ...(given === undefined ? {} : { className: given }) };
    }
  }

  /** Whether this folder is met for the first time, by whatever path. */
  async enter(folder: string): Promise<boolean> {
    const real = await realpath(folder).catch(() => undefined);
    if (real === undefined || this.entered.has(real)) return false;
    this.entered.add(real);
    return true;
  }

  /** ImageFolder sorts the folders of a class by their whole path, then the files of each. */
  async *tree(folder: string, place: Place, labels: FileLabels): AsyncGenerator<FolderPicture> {
    const found: { readonly at: string; readonly files: readonly string[] }[] = [];
    const collect = async (at: string): Promise<void> => {
      throwIfCancelled(this.options.signal);
      if (!(await this.enter(at))) return;
      const { files, folders } = await readFolder(at, false);
      found.push({ at, files });
      for (const name of folders) await collect(path.join(at, name));
    };
    await collect(folder);
    found.sort((a, b) => comparePython(a.at, b.at));
    for (const { at, files } of found) yield* this.files(at, files, place, labels);
  }
}

/** Sorted names of a folder's files and folders, hidden ones left out. A subfolder that cannot be read counts as empty. */
async function readFolder(folder: string, must: boolean): Promise<{ files: string[]; folders: string[] }> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (!must && isNodeError(error, 'EACCES', 'EPERM', 'ENOENT')) return { files: [], folders: [] };
    const why = isNodeError(error, 'ENOENT')
      ? `There is no folder "${folder}"`
      : isNodeError(error, 'ENOTDIR')
        ? `"${folder}" is no folder`
        : undefined;
    if (why === undefined && !isNodeError(error, 'EACCES', 'EPERM')) throw error;
    throw new LensError('input', 'input/not-found', `${why ?? `The folder "${folder}" may not be read`}.`, {
      cause: error,
    });
  }
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
    const isFolder = entry.isSymbolicLink() ? await leadsToFolder(path.join(folder, entry.name)) : entry.isDirectory();
    if (isFolder) folders.push(entry.name);
    else if (isFolder === false) files.push(entry.name);
  }
  return { files: files.sort(comparePython), folders: folders.sort(comparePython) };
}

/** Undefined for a link that leads nowhere. */
async function leadsToFolder(link: string): Promise<boolean | undefined> {
  try {
    return (await stat(link)).isDirectory();
  } catch {
    return undefined;
  }
}

export interface FolderListing {
  readonly pictures: readonly FolderPicture[];
  /** Names of the classes that have pictures, in ImageFolder's order; empty for a flat folder. */
  readonly classes: readonly string[];
}

/** All pictures of a folder. Throws where there is none. */
export async function listPictures(folder: string, options: WalkOptions = {}): Promise<FolderListing> {
  const pictures: FolderPicture[] = [];
  const classes = new Set<string>();
  for await (const picture of walkPictures(folder, options)) {
    pictures.push(picture);
    if (picture.className !== undefined) classes.add(picture.className);
  }
  if (pictures.length === 0) {
    throw new LensError('input', 'input/empty-folder', `There are no pictures in "${folder}".`, {
      hint: 'Pictures may be JPEG, PNG, WebP, GIF, TIFF or AVIF, in one subfolder per class or all together.',
    });
  }
  return { pictures, classes: [...classes].sort(comparePython) };
}
