import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { LensError } from '../base/errors.js';
import { whyNoPlace } from '../base/reach.js';

/** Where external data lies. A location is untrusted text: it may only name a file inside the model's own folder. */
export class ExternalFiles {
  private readonly found = new Map<string, { path: string; size: number }>();
  private readonly roots: readonly string[];
  private readonly folder: string;

  /**
   * The folder of the model as it was named, and the folder in which the file really lies: caches keep models as links
   * into one store, and there the data lies beside the model too.
   */
  constructor(modelPath: string, realModelPath: string) {
    this.folder = path.dirname(modelPath);
    this.roots = [...new Set([realpathSync(this.folder), path.dirname(realModelPath)])];
  }

  /** Real paths of all files that were asked for, sorted. */
  get paths(): readonly string[] {
    return [...new Set([...this.found.values()].map((f) => f.path))].sort();
  }

  /** Real path and size of the file at a location. */
  resolve(location: string, tensor: string): { path: string; size: number } {
    let file = this.found.get(location);
    if (file === undefined) {
      file = this.look(location, tensor);
      this.found.set(location, file);
    }
    return file;
  }

  private look(location: string, tensor: string): { path: string; size: number } {
    const relative = location.replaceAll('\\', '/');
    if (relative === '' || relative.includes('\0')) {
      throw refuse('external-path', `The weights "${tensor}" lie in an external file that is not named.`);
    }
    if (relative.startsWith('/') || /^[A-Za-z]:/.test(relative)) {
      throw refuse('external-path', `The weights "${tensor}" point to the absolute path "${location}".`, INSIDE);
    }
    const odd = whyNoPlace(location);
    if (odd !== undefined)
      throw refuse('external-path', `The weights "${tensor}" point to "${location}": ${odd}.`, INSIDE);
    const normal = path.posix.normalize(relative);
    if (normal === '..' || normal.startsWith('../')) {
      throw refuse(
        'external-path',
        `The weights "${tensor}" point out of the model's folder, to "${location}".`,
        INSIDE,
      );
    }
    let real: string;
    let size: number;
    try {
      real = realpathSync(path.join(this.folder, normal));
      const stat = statSync(real);
      if (!stat.isFile())
        throw refuse('external-path', `The weights "${tensor}" point to "${location}", which is not a file.`);
      size = stat.size;
    } catch (error) {
      if (error instanceof LensError) throw error;
      throw new LensError(
        'input',
        'checkpoint/external-missing',
        `The model keeps its weights in "${location}", and that file is not there.`,
        {
          hint: `Put "${path.posix.basename(normal)}" beside the model, or export the model again into one file.`,
          cause: error,
        },
      );
    }
    if (!this.roots.some((root) => isInside(root, real))) {
      throw refuse(
        'external-path',
        `The weights "${tensor}" point to "${location}", a link that leaves the model's folder.`,
        INSIDE,
      );
    }
    return { path: real, size };
  }
}

const INSIDE =
  'External data must lie in the folder of the model or below it: copy the file there and export the model again.';

function isInside(root: string, file: string): boolean {
  const relative = path.relative(root, file);
  return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function refuse(what: string, sentence: string, hint?: string): LensError {
  return new LensError('input', `checkpoint/${what}`, sentence, hint === undefined ? {} : { hint });
}
