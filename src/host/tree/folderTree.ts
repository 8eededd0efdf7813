/** Files grouped by their folders, as the explorer's compact folders do it. */

export interface FolderNode<F> {
  /** Path below the parent node, `a/b/c` where the folders between hold nothing else. */
  readonly name: string;
  /** Path below the root of the tree, `/` between the parts. */
  readonly path: string;
  readonly folders: readonly FolderNode<F>[];
  readonly files: readonly F[];
  /** Files in it and below. */
  readonly count: number;
}

interface Draft<F> {
  readonly folders: Map<string, Draft<F>>;
  readonly files: F[];
}

/**
 * The tree of `files`, in the order given.
 *
 * @param folderOf a file's folder below the root, `''` for the root itself
 */
export function folderTree<F>(files: readonly F[], folderOf: (file: F) => string): FolderNode<F> {
  const root: Draft<F> = { folders: new Map(), files: [] };
  for (const file of files) {
    let at = root;
    for (const part of folderOf(file).split('/')) {
      if (part === '') continue;
      let next = at.folders.get(part);
      if (next === undefined) at.folders.set(part, (next = { folders: new Map(), files: [] }));
      at = next;
    }
    at.files.push(file);
  }
  return finish(root, '', '');
}

function finish<F>(draft: Draft<F>, name: string, path: string): FolderNode<F> {
  const folders = [...draft.folders].map(([part, child]) => {
    let [at, label] = [child, part];
    while (at.files.length === 0 && at.folders.size === 1) {
      const [[only, below]] = [...at.folders] as [[string, Draft<F>]];
      label += `/${only}`;
      at = below;
    }
    return finish(at, label, path === '' ? label : `${path}/${label}`);
  });
  const count = draft.files.length + folders.reduce((sum, folder) => sum + folder.count, 0);
  return { name, path, folders, files: draft.files, count };
}
