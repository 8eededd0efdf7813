import * as vscode from 'vscode';
import { showBriefly } from '../plain.js';
import { nameOf } from '../names.js';
import type { HostServices } from '../services.js';

/** What the dialog calls files, by their ending. */
const KINDS: Readonly<Record<string, string>> = {
  png: 'Picture',
  svg: 'Vector picture',
  npy: 'NumPy array',
  json: 'Recipe',
  html: 'Page',
};

type Content = () => Uint8Array | Promise<Uint8Array>;

/**
 * Asks where to save, and saves.
 *
 * @param content made once there is a place for it
 * @returns `false` when the question is dismissed
 */
export async function askAndSave(proposal: vscode.Uri, content: Content): Promise<boolean> {
  const name = nameOf(proposal);
  const ending = name.slice(name.lastIndexOf('.') + 1);
  const filters = { [KINDS[ending] ?? 'File']: [ending] };
  const file = await vscode.window.showSaveDialog({ defaultUri: proposal, filters });
  if (file === undefined) return false;
  await vscode.workspace.fs.writeFile(file, await content());
  showBriefly(`Saved ${nameOf(file)}`, 4000);
  return true;
}

/** The same for a page, which is told only whether it was saved: what goes wrong is shown to the person. */
export async function saveFor(
  { notify }: Pick<HostServices, 'notify'>,
  proposal: vscode.Uri,
  content: Content,
): Promise<boolean> {
  try {
    return await askAndSave(proposal, content);
  } catch (error) {
    notify(error);
    return false;
  }
}
