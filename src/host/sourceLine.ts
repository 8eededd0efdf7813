import * as vscode from 'vscode';
import { LensError } from '../base/errors.js';
import type { LayerDescription } from '../result/inspection.js';
import { commonEnding, distance } from './paths.js';

/**
 * Opens the line of the training code that made a layer. The path stands in the model file as its exporter wrote it, perhaps
 * on another machine: it is untrusted, so only files of the workspace are opened, found by the longest common ending.
 */
export async function revealSource(model: vscode.Uri, layer: LayerDescription): Promise<void> {
  if (layer.source === undefined) {
    throw new LensError('usage', 'source/none', `The model does not say where "${layer.name}" comes from.`, {
      hint: 'PyTorch writes it with torch.onnx.export(..., dynamo=True), the default since 2.9.',
    });
  }
  const { path, line } = layer.source;
  const uri = await findByEnding(path, model);
  if (uri === undefined) {
    throw new LensError('usage', 'source/not-found', `"${path}" is not in this workspace.`, {
      hint: 'Open the folder with the training code.',
    });
  }
  const at = new vscode.Position(Math.max(0, line - 1), 0);
  const editor = await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at), preview: true });
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

async function findByEnding(path: string, near: vscode.Uri): Promise<vscode.Uri | undefined> {
  const parts = path
    .split(/[\\/]+/)
    .filter((part) => part !== '' && part !== '.' && part !== '..' && !part.endsWith(':'));
  const name = parts.at(-1);
  if (name === undefined) return undefined;
  const found = await vscode.workspace.findFiles(`**/${name.replace(/[[\]{}*?]/g, '?')}`, undefined, 500);
  const rated = found.map((uri) => ({
    uri,
    common: commonEnding(uri.path.split('/'), parts),
    far: distance(uri.path, near.path),
  }));
  return rated.filter(({ common }) => common > 0).sort((a, b) => b.common - a.common || a.far - b.far)[0]?.uri;
}
