import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { LensError } from '../base/errors.js';
import { OUTSIDE, type Reach } from '../base/reach.js';

/** What becomes of a file: the path to read, why it is not read, or that it is left alone. */
export type Looked = { readonly real: string } | { readonly unreadable: string } | { readonly kept: true };

/** More links than these lead in a circle. */
const MOST_LINKS = 40;

/** Files of the system that look like ordinary ones. */
const SYSTEM = /^\/(dev|proc|sys)\//;

/**
 * Decides about every file that is read because of a model: its own folder and those of the workspace are free, what lies
 * elsewhere waits for permission. Links are followed before that. On the command line, where nobody is asked, it is said.
 */
export class FileReach {
  private readonly own: readonly string[];
  private readonly folders = new Map<string, Promise<string>>();
  private roots: Promise<readonly string[]> | undefined;
  private readonly said = new Set<string>();

  /**
   * @param model whose files these are; left out, every file is free
   * @param reach of the workspace; left out, what lies outside is read and said
   * @param config a settings file that somebody chose
   */
  constructor(
    private readonly model?: string,
    private readonly reach?: Reach,
    config?: string,
  ) {
    const beside = [model, config].flatMap((file) => (file === undefined ? [] : [path.dirname(path.resolve(file))]));
    const inWorkspace = reach !== undefined && beside.every((folder) => reach.roots.some((r) => isWithin(r, folder)));
    this.own = inWorkspace ? [] : beside;
  }

  /** Sentences about files outside: those that were left alone or, where nobody is asked, read. */
  get notes(): readonly string[] {
    return [...this.said];
  }

  /**
   * @param named whether a file of the model's names it; others are looked for under names of ours
   * @throws LensError {@link OUTSIDE} for a file that nobody has decided about yet
   */
  async look(file: string, named: boolean): Promise<Looked> {
    if (this.model === undefined) return { real: file };
    const place = path.resolve(file);
    if (!named && !this.isLookedAt(place)) return { unreadable: 'lies outside the workspace' };
    let real: string;
    try {
      real = await this.realOf(place, 0);
    } catch (error) {
      // What is wrong with it is told by whoever reads it.
      if (error instanceof LensError) return { unreadable: error.message };
      if (error instanceof Error && 'code' in error) return { real: file };
      throw error;
    }
    const roots = await this.realRoots();
    if (roots.some((root) => isWithin(root, real))) return { real };
    // What is looked for above the model's folder is no link itself; a folder on the way there may be one.
    if (!named && (real === place || (await this.realAbove()).includes(path.dirname(real)))) return { real };
    return this.decided(real, path.basename(place));
  }

  /** Weights that lie outside the file of the model: they are not left out, so that without permission there is no model. */
  async requireData(files: readonly string[]): Promise<void> {
    if (this.reach === undefined) return;
    for (const file of files) {
      if ('real' in (await this.look(file, true))) continue;
      throw new LensError(
        'input',
        'files/left',
        `The model keeps its weights in "${file}", outside the workspace: they are not read.`,
        { hint: this.wayOut() },
      );
    }
  }

  private decided(real: string, name: string): Looked {
    if (SYSTEM.test(real)) return { unreadable: 'is no ordinary file' };
    const { reach } = this;
    const isIn = (files: readonly string[]): boolean => files.includes(real);
    if (reach === undefined) {
      this.said.add(`"${name}" lies outside the folder of the model: ${real} was read.`);
      return { real };
    }
    if (isIn(reach.allowed)) return { real };
    if (!reach.trusted || isIn(reach.left)) {
      this.said.add(`"${name}" lies outside the workspace, at ${real}, and is not read. ${this.wayOut()}`);
      return { kept: true };
    }
    throw new LensError(
      'usage',
      OUTSIDE,
      `The files of ${path.basename(this.model!)} name "${name}", which lies outside the workspace: ${real}.`,
      { files: [real], hint: 'Allow it to be read, or copy it into the workspace.' },
    );
  }

  private wayOut(): string {
    return this.reach?.trusted === false
      ? 'Trust this workspace to be asked about it, or copy the file into it.'
      : '"Ask Again About Files Outside the Workspace" takes the answer back; or copy the file into the workspace.';
  }

  /** The folders of the workspace; beside a model that lies in none of them, its own folder and the one above. */
  private isLookedAt(place: string): boolean {
    const above = this.own.map((folder) => path.dirname(folder));
    const { reach } = this;
    return reach === undefined || [...reach.roots, ...this.own, ...above].some((root) => isWithin(root, place));
  }

  /** Where the folders above the model's own really lie. */
  private realAbove(): Promise<readonly string[]> {
    return Promise.all(this.own.map((folder) => this.folder(path.dirname(folder), 0).catch(() => folder)));
  }

  private realRoots(): Promise<readonly string[]> {
    this.roots ??= Promise.all(
      [
        ...(this.reach?.roots ?? []),
        ...this.own,
        // A cache keeps models as links into one store, and the files beside them, too.
        ...(this.own.length === 0 ? [] : [this.realOf(path.resolve(this.model!), 0).then(path.dirname)]),
      ].map((each) =>
        typeof each === 'string'
          ? this.folder(path.resolve(each), 0).catch(() => path.resolve(each))
          : each.catch(() => ''),
      ),
    ).then((roots) => roots.filter((root) => root !== ''));
    return this.roots;
  }

  private folder(folder: string, links: number): Promise<string> {
    let real = this.folders.get(folder);
    if (real === undefined) {
      real = this.realOf(folder, links);
      this.folders.set(folder, real);
    }
    return real;
  }

  /** As `realpath`, but that a link to another machine is read and not followed. */
  private async realOf(place: string, links: number): Promise<string> {
    const above = path.dirname(place);
    if (above === place) return place;
    const folder = await this.folder(above, links);
    const real = path.join(folder, path.basename(place));
    if (!(await lstat(real)).isSymbolicLink()) return real;
    const target = await readlink(real);
    if (/^[\\/]{2}/.test(target) && !(this.reach?.roots ?? []).some((root) => isWithin(root, target)))
      throw new LensError('input', 'files/place', 'is a link to another machine');
    if (links >= MOST_LINKS) throw new LensError('input', 'files/place', 'is a link that leads in a circle');
    return this.realOf(path.resolve(folder, target), links + 1);
  }
}

function isWithin(folder: string, file: string): boolean {
  const way = path.relative(folder, file);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}
