import * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import { isPicture } from './pictures.js';
import { byTraining } from './series.js';

/** The model that is shipped with the extension, for the first minute. */
const EXAMPLE = 'birds';
/** Where its pictures lie, and those of a species with many field marks to look for. */
const PICTURES = ['pictures/Lanternfinch', 'pictures'];

export interface Example {
  readonly folder: vscode.Uri;
  readonly model: vscode.Uri;
  readonly image: vscode.Uri;
}

/** The shipped model and one of its pictures. */
export async function shippedExample(extension: vscode.Uri): Promise<Example> {
  const folder = vscode.Uri.joinPath(extension, 'models', EXAMPLE);
  const model = await find(folder, (uri) => uri.path.endsWith('.onnx'));
  let image: vscode.Uri | undefined;
  for (const pictures of PICTURES) image ??= await find(vscode.Uri.joinPath(folder, pictures), isPicture);
  if (model === undefined || image === undefined) {
    throw new LensError('runtime', 'example/missing', 'The example model is not in this installation.', {
      hint: 'Install the extension again.',
    });
  }
  return { folder, model, image };
}

/** Copies the shipped model with its pictures into the first workspace folder; answers where it lies then. */
export async function addExampleModel(extension: vscode.Uri): Promise<vscode.Uri | undefined> {
  const workspace = vscode.workspace.workspaceFolders?.[0];
  if (workspace === undefined) {
    await vscode.commands.executeCommand('vscode.openFolder');
    return undefined;
  }
  const { folder, model } = await shippedExample(extension);
  const to = vscode.Uri.joinPath(workspace.uri, `onnx-lens-${EXAMPLE}`);
  await copyMissing(folder, to);
  return vscode.Uri.joinPath(to, model.path.slice(folder.path.length));
}

/** Copies a folder; files that are there already stay as they are. */
async function copyMissing(from: vscode.Uri, to: vscode.Uri): Promise<void> {
  await vscode.workspace.fs.createDirectory(to);
  for (const [name, type] of await vscode.workspace.fs.readDirectory(from)) {
    const [source, target] = [vscode.Uri.joinPath(from, name), vscode.Uri.joinPath(to, name)];
    if (type === vscode.FileType.Directory) await copyMissing(source, target);
    else if (!(await exists(target))) await vscode.workspace.fs.copy(source, target);
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}

/** The first match in the order of names, files before folders. */
async function find(folder: vscode.Uri, matches: (uri: vscode.Uri) => boolean): Promise<vscode.Uri | undefined> {
  const entries = await vscode.workspace.fs.readDirectory(folder).then(
    (list) => list.sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })),
    () => [],
  );
  const uris = (type: vscode.FileType): vscode.Uri[] =>
    entries
      .filter((each) => each[1] === type)
      // What a training ended with comes before its moments; the order of names is kept otherwise.
      .sort(([a], [b]) => byTraining(a, b))
      .map(([name]) => vscode.Uri.joinPath(folder, name));
  const file = uris(vscode.FileType.File).find(matches);
  if (file !== undefined) return file;
  for (const below of uris(vscode.FileType.Directory)) {
    const found = await find(below, matches);
    if (found !== undefined) return found;
  }
  return undefined;
}
