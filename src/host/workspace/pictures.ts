import * as vscode from 'vscode';
import { given } from '../../base/given.js';
import { pickRow } from '../plain.js';
import { excludeGlob } from './excludes.js';
import { folderOf, nameOf } from '../names.js';
import { distance } from '../paths.js';

/** Endings of what can be explained: pictures, and tensors that are already preprocessed. package.json's menus name the same. */
export const PICTURE_ENDINGS = ['png', 'jpg', 'jpeg', 'webp', 'gif', 'tif', 'tiff', 'avif', 'npy'] as const;

const ENDING = new RegExp(`\\.(${PICTURE_ENDINGS.join('|')})$`, 'i');
const MOST = 5000;

export function isPicture(uri: vscode.Uri): boolean {
  return ENDING.test(uri.path);
}

/** What is open in the active tab, whatever editor shows it. */
export function activeFile(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
}

/** The pictures in a folder and its folders, in the order in which people number them. */
export async function picturesIn(folder: vscode.Uri): Promise<readonly vscode.Uri[]> {
  const endings = PICTURE_ENDINGS.flatMap((ending) => [ending, ending.toUpperCase()]);
  const found = await vscode.workspace.findFiles(
    new vscode.RelativePattern(folder, `**/*.{${endings.join(',')}}`),
    undefined,
    MOST,
  );
  return found.sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
}

/** Asks for a picture: those of the workspace, nearest to `near` first, or any other from disk. */
export async function pickPicture(near: vscode.Uri, title: string): Promise<vscode.Uri | undefined> {
  const exclude = excludeGlob(
    vscode.workspace.getConfiguration('files').get('exclude'),
    vscode.workspace.getConfiguration('search').get('exclude'),
  );
  const endings = PICTURE_ENDINGS.flatMap((ending) => [ending, ending.toUpperCase()]);
  const found = await vscode.workspace.findFiles(`**/*.{${endings.join(',')}}`, exclude, MOST);
  if (found.length === 0) return browse(title);
  const other = { icon: 'folder-opened', label: 'Browse…', uri: undefined };
  const items = found
    .map((uri) => ({ uri, far: distance(uri.path, near.path), path: vscode.workspace.asRelativePath(uri) }))
    .sort((a, b) => a.far - b.far || a.path.localeCompare(b.path, 'en', { numeric: true }))
    .map(({ uri }) => ({ label: nameOf(uri), description: folderOf(uri), uri }));
  const picked = await pickRow<vscode.QuickPickItem & { uri: vscode.Uri | undefined }>([...items, other], {
    title,
    placeHolder: 'Picture',
    matchOnDescription: true,
  });
  return picked === other ? browse(title) : picked?.uri;
}

/** Asks for a folder anywhere on disk. */
export async function browseFolder(
  title: string,
  openLabel: string,
  near?: vscode.Uri,
): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title,
    openLabel,
    canSelectFiles: false,
    canSelectFolders: true,
    ...given({ defaultUri: near }),
  });
  return picked?.[0];
}

/** Asks for a picture anywhere on disk, or for a file of other endings. */
export async function browse(
  title: string,
  openLabel = 'Explain',
  filters: Record<string, string[]> = { 'Pictures and arrays': [...PICTURE_ENDINGS] },
): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({ title, openLabel, filters });
  return picked?.[0];
}
