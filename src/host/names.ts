import * as vscode from 'vscode';
import { LensError } from '../base/errors.js';
import { address, filePath, type Address, type FilePath } from '../base/place.js';
import type { NamedFile } from '../protocol/explainPanel.js';

/** Files as people know them, and the way back from an address of a page to the file. */

/** The file's or folder's name: the last part of its path, its ending included. */
export function nameOf(file: Pick<vscode.Uri, 'path'>): string {
  return file.path.slice(file.path.lastIndexOf('/') + 1);
}

/** Its address and its name, as pages take them. */
export function named(file: vscode.Uri): NamedFile {
  return { uri: addressOf(file), name: nameOf(file) };
}

export function addressOf(file: vscode.Uri): Address {
  return address(file.toString());
}

/** Its path, as the runner takes it. */
export function pathOf(file: Pick<vscode.Uri, 'fsPath'>): FilePath {
  return filePath(file.fsPath);
}

/** The folder that it lies in, relative to the workspace; empty at its top. */
export function folderOf(file: vscode.Uri): string {
  return vscode.workspace.asRelativePath(file).split('/').slice(0, -1).join('/');
}

/** What a page kept of itself; it may have been written by another version, and is not trusted to be right. */
export function keptTopic(state: unknown): Readonly<Record<string, unknown>> {
  return (state as { readonly topic?: Record<string, unknown> } | null | undefined)?.topic ?? {};
}

/** The file of a {@link NamedFile} that a page has kept; it may have been written by another version. */
export function keptFile(file: unknown): vscode.Uri | undefined {
  const uri = (file as { readonly uri?: unknown } | null | undefined)?.uri;
  return typeof uri === 'string' && /^[a-z][\w+.-]*:/i.test(uri) ? vscode.Uri.parse(uri) : undefined;
}

/**
 * The file behind an address of a page.
 *
 * @throws LensError `explain/scheme` where it does not lie on a disk that the runner can read
 */
export function fileAt(place: Address): vscode.Uri {
  const uri = vscode.Uri.parse(place);
  if (uri.scheme === 'file') return uri;
  throw new LensError('input', 'explain/scheme', `${nameOf(uri)} is not a file on this machine.`, {
    hint: 'Save it in the workspace first.',
  });
}
