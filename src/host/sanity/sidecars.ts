import path from 'node:path';
import * as vscode from 'vscode';
import { sidecarPath } from '../workspace/sidecar.js';
import { placeAt, settingPlace } from './settingPlace.js';

/** A settings file as the window shows it, else as it lies on the disk. */
export interface SidecarText {
  readonly uri: vscode.Uri;
  readonly text: string;
}

export const SIDECAR = /\.lens\.json$/i;

/** The settings file beside a model; `undefined` where there is none. */
export async function sidecarOf(model: vscode.Uri): Promise<SidecarText | undefined> {
  const uri = model.with({ path: sidecarPath(model.path) });
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open !== undefined) return { uri, text: open.getText() };
  try {
    return { uri, text: new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)) };
  } catch {
    return undefined;
  }
}

/** Where a setting stands: in the settings file, or the model where there is none. */
export function locationOf(model: vscode.Uri, sidecar: SidecarText | undefined, setting: string): vscode.Location {
  if (sidecar === undefined) return new vscode.Location(model, new vscode.Position(0, 0));
  const { start, end } = settingPlace(sidecar.text, setting);
  const [from, to] = [start, end].map((offset) => {
    const { line, column } = placeAt(sidecar.text, offset);
    return new vscode.Position(line, column);
  });
  return new vscode.Location(sidecar.uri, new vscode.Range(from!, to!));
}

/** What a settings file names as the pictures that its model is checked with. */
export function placeOf({ uri, text }: SidecarText): vscode.Uri | undefined {
  try {
    const data = (JSON.parse(text) as { readonly checks?: { readonly data?: unknown } } | null)?.checks?.data;
    return typeof data === 'string' ? vscode.Uri.file(path.resolve(path.dirname(uri.fsPath), data)) : undefined;
  } catch {
    return undefined;
  }
}
