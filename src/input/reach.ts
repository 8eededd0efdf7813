import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { LensError } from '../base/errors.js';
import { remembered } from '../base/memo.js';
import { OUTSIDE, type Reach } from '../base/reach.js';

/** What becomes of a file: the path to read, why it is not read, or that it is left alone. */
export type Looked = { readonly real: string } | { readonly unreadable: string } | { readonly kept: true };

/** More links than these lead in a circle. */
const MOST_LINKS = 40;

/** Files of the system that look like ordinary ones. */
const SYSTEM = /^\/(dev|proc|sys)\//;

/** Where a path leads: to something behind no link, or to nothing; `linked` where the last part of the path is a link. */
type Way = { readonly real: string } | { readonly missing: string; readonly linked: boolean };

/** Folders whose files are read without permission. */
interface Free {
  /** Where they really lie: whatever is in them is free. */
  readonly roots: readonly string[];
  /** The folders of the model and of the chosen settings that lie outside the workspace. */
  readonly own: readonly string[];
  /** The folders above those, as they are named and where they really lie: what we look for there is free unless it is a link. */
  readonly above: readonly { readonly named: string; readonly real: string }[];
}

/**
 * Decides about every file that is read because of a model: its own folder and those of the workspace are free, what lies
 * elsewhere waits for permission. Links are followed before that: a model behind a folder that leads out of the workspace
 * lies outside, and so do its neighbours. On the command line, where nobody is asked, it is said.
 */
export class FileReach {
  private readonly folders = new Map<string, Promise<Way>>();
  private found: Promise<Free> | undefined;
  private readonly said = new Set<string>();

  /**
   * @param model whose files these are; left out, every file is free
   * @param reach of the workspace; left out, what lies outside is read and said
   * @param config a settings file that somebody chose
   */
  constructor(
    private readonly model?: string,
    private readonly reach?: Reach,
    private readonly config?: string,
  ) {}

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
    const free = await this.free();
    if (!named && !this.isLookedAt(place, free)) return { unreadable: 'lies outside the workspace' };
    let way: Way;
    try {
      way = await this.wayTo(place);
    } catch (error) {
      if (error instanceof LensError) return { unreadable: error.message };
      throw error;
    }
    // Never the path as it was said: the system might go another way than we have looked.
    if ('missing' in way)
      return way.linked ? { unreadable: 'is a link to a file that is not there' } : { real: way.missing };
    const { real } = way;
    if (free.roots.some((root) => isWithin(root, real))) return { real };
    const isBelow = (above: Free['above'][number]): boolean =>
      isWithin(above.named, place) && real === path.join(above.real, path.relative(above.named, place));
    if (!named && free.above.some(isBelow)) return { real };
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
  private isLookedAt(place: string, { own, above }: Free): boolean {
    const { reach } = this;
    return (
      reach === undefined ||
      [...reach.roots, ...own, ...above.map(({ named }) => named)].some((folder) => isWithin(folder, place))
    );
  }

  private free(): Promise<Free> {
    this.found ??= this.findFree();
    return this.found;
  }

  private async findFree(): Promise<Free> {
    const roots = await this.resolved(this.reach?.roots ?? []);
    const beside = [this.model, this.config].flatMap((file) =>
      file === undefined ? [] : [path.dirname(path.resolve(file))],
    );
    const own = (await this.resolved(beside)).filter(
      ({ named, real }) =>
        !roots.some((root) => isWithin(root.named, named)) || !roots.some((root) => isWithin(root.real, real)),
    );
    // A cache keeps models as links into one store, and the files beside them, too.
    const [model] = own.some(({ named }) => named === beside[0]) ? await this.resolved([this.model!]) : [];
    return {
      roots: [
        ...[...roots, ...own].map(({ real }) => real),
        ...(model === undefined ? [] : [path.dirname(model.real)]),
      ],
      own: own.map(({ named }) => named),
      above: await this.resolved(own.map(({ named }) => path.dirname(named))),
    };
  }

  /** Where some files or folders really lie; what cannot be followed, where it is said to lie. */
  private resolved(places: readonly string[]): Promise<readonly { readonly named: string; readonly real: string }[]> {
    return Promise.all(
      places.map(async (place) => {
        const named = path.resolve(place);
        const way = await this.wayTo(named).catch(() => undefined);
        return { named, real: way !== undefined && 'real' in way ? way.real : named };
      }),
    );
  }

  /** As `realpath`, but that a link to another machine is read and not followed. */
  private async wayTo(place: string): Promise<Way> {
    const above = path.dirname(place);
    if (above === place) return { real: place };
    const folder = await remembered(this.folders, above, () => this.wayTo(above));
    if ('missing' in folder) return { missing: path.join(folder.missing, path.basename(place)), linked: false };
    return this.follow(folder.real, path.basename(place));
  }

  /** From a folder behind no link, part by part as the system goes: `..` behind a link leads above where that one leads. */
  private async follow(folder: string, name: string): Promise<Way> {
    const parts = [name];
    let [real, links] = [folder, 0];
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const next = path.join(real, part);
      let target: string;
      try {
        if (!(await lstat(next)).isSymbolicLink()) {
          real = next;
          continue;
        }
        target = await readlink(next);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error;
        const gone = error.code === 'ENOENT' || error.code === 'ENOTDIR';
        return { missing: path.join(next, ...parts.filter((each) => each !== '..')), linked: gone && links > 0 };
      }
      if (/^[\\/]{2}/.test(target) && !(this.reach?.roots ?? []).some((root) => isWithin(root, target)))
        throw new LensError('input', 'files/place', 'is a link to another machine');
      if (++links > MOST_LINKS) throw new LensError('input', 'files/place', 'is a link that leads in a circle');
      const { root } = path.parse(target);
      if (root !== '') real = path.resolve(real, root);
      parts.unshift(...target.slice(root.length).split(path.sep === '/' ? '/' : /[\\/]/));
    }
    return { real };
  }
}

function isWithin(folder: string, file: string): boolean {
  const way = path.relative(folder, file);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}
