/** Where a path of the training machine lies in the workspace. */
export interface Remapped {
  /** The file of the workspace. */
  readonly path: string;
  /** How many trailing parts of the path agree, the file name included: the more, the surer. */
  readonly parts: number;
  /** Other files that agree as well as this one: ask, or say so. */
  readonly others: readonly string[];
}

/**
 * Finds the workspace's own copy of a file that an exporter named: the exact path where it is there, else the file with
 * the longest common tail (`/home/ann/proj/net/model.py` is `C:\work\net\model.py` by two parts). Both separators are
 * understood; a drive's letter case does not matter. `path` is untrusted text: nothing but the given files can come out.
 */
export function remap(path: string, workspaceFiles: readonly string[]): Remapped | undefined {
  const wanted = partsOf(path);
  if (wanted.length === 0) return undefined;
  let best: string[] = [];
  let parts = 0;
  for (const file of workspaceFiles) {
    const have = partsOf(file);
    const agree = commonTail(wanted, have);
    if (agree === 0 || agree < parts) continue;
    if (agree > parts) {
      best = [];
      parts = agree;
    }
    best.push(file);
  }
  if (parts === 0) return undefined;
  // Of equally good ones the shallowest: `model.py` beside the project rather than a copy in `build/`.
  best.sort((a, b) => partsOf(a).length - partsOf(b).length || (a < b ? -1 : 1));
  const exact = best.find((file) => partsOf(file).length === parts && wanted.length === parts);
  const path0 = exact ?? best[0]!;
  return { path: path0, parts, others: exact === undefined ? best.filter((f) => f !== path0) : [] };
}

function partsOf(path: string): string[] {
  return path.split(/[\\/]+/).filter((part) => part !== '' && part !== '.');
}

function commonTail(a: readonly string[], b: readonly string[]): number {
  let n = 0;
  while (n < a.length && n < b.length && same(a[a.length - 1 - n]!, b[b.length - 1 - n]!)) n++;
  return n;
}

function same(a: string, b: string): boolean {
  return a === b || (/^[a-z]:$/i.test(a) && a.toLowerCase() === b.toLowerCase());
}

/** Whether the line numbers of a model still fit its source. */
export type Staleness = 'fresh' | 'source-newer' | 'unknown';

/**
 * `source-newer` where the file was changed after the model was written: its lines may have moved. Times in milliseconds
 * since 1970; two seconds of difference are taken as one moment, because file systems round.
 */
export function staleness(modelModified: number | undefined, sourceModified: number | undefined): Staleness {
  if (modelModified === undefined || sourceModified === undefined) return 'unknown';
  return sourceModified > modelModified + 2000 ? 'source-newer' : 'fresh';
}
