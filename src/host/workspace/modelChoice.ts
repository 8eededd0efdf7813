import * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import { folderOf, nameOf } from '../names.js';
import { distance } from '../paths.js';
import type { Models } from '../services.js';

/** Models as they are offered: the one used last, then those nearest to `near`, then by path. */
export function offered(models: Models, near: vscode.Uri | undefined): readonly vscode.Uri[] {
  const last = models.lastUsed?.toString();
  const rank = (uri: vscode.Uri): number =>
    uri.toString() === last ? -1 : near === undefined ? 0 : distance(uri.path, near.path);
  return models
    .list()
    .map(({ uri }) => ({ uri, rank: rank(uri) }))
    .sort((a, b) => a.rank - b.rank) // stable: the list is sorted by path
    .map(({ uri }) => uri);
}

/**
 * The model to work with: the only one, or the one that is picked. Undefined when the question is dismissed.
 *
 * @param near the picture or other file it is wanted for
 * @throws LensError `models/none` when the workspace has none
 */
export async function chooseModel(
  models: Models,
  near: vscode.Uri | undefined,
  title: string,
): Promise<vscode.Uri | undefined> {
  await models.ready();
  const uris = offered(models, near);
  if (uris.length === 0) {
    throw new LensError('usage', 'models/none', 'There is no ONNX model in this workspace.', {
      hint: 'Export one into it, or begin with the example model.',
    });
  }
  if (uris.length === 1) return uris[0];
  const last = models.lastUsed?.toString();
  const picked = await vscode.window.showQuickPick(
    uris.map((uri) => ({
      label: nameOf(uri),
      description: [folderOf(uri), uri.toString() === last && 'last used'].filter(Boolean).join(' · '),
      uri,
    })),
    { title, placeHolder: 'Model', matchOnDescription: true },
  );
  return picked?.uri;
}
