import * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import type { LayerDescription } from '../../result/inspection.js';
import { remap, staleness } from '../../result/sourceMap.js';
import { showBriefly } from '../plain.js';
import { distance } from '../paths.js';

/** The workspace's own copy of the file that made a layer. */
export interface FoundSource {
  readonly uri: vscode.Uri;
  /** Zero-based. */
  readonly at: vscode.Position;
  /** The file was changed after the model was written: the line may have moved. */
  readonly stale: boolean;
  /** So many other files of the workspace fit as well. */
  readonly others: number;
}

/** How many files of one name are looked at. */
const MOST = 500;

/**
 * Finds the line of the training code that made a layer. The path stands in the model file as its exporter wrote it, perhaps
 * on another machine: it is untrusted, so only files of the workspace are found, by the longest common ending.
 */
export async function findSource(
  model: vscode.Uri,
  source: NonNullable<LayerDescription['source']>,
): Promise<FoundSource | undefined> {
  const name = source.path.split(/[\\/]+/).at(-1) ?? '';
  if (name === '' || name === '.' || name === '..') return undefined;
  const files = await vscode.workspace.findFiles(`**/${name.replace(/[[\]{}*?]/g, '?')}`, undefined, MOST);
  const byPath = new Map(files.map((uri) => [uri.path, uri]));
  const found = remap(source.path, [...byPath.keys()]);
  if (found === undefined) return undefined;
  // Of files that fit equally well the one nearest to the model.
  const [nearest] = [found.path, ...found.others].sort((a, b) => distance(a, model.path) - distance(b, model.path));
  const uri = byPath.get(nearest!);
  if (uri === undefined) return undefined;
  const [written, changed] = await Promise.all([modified(model), modified(uri)]);
  return {
    uri,
    at: new vscode.Position(Math.max(0, source.line - 1), 0),
    stale: staleness(written, changed) === 'source-newer',
    others: found.others.length,
  };
}

/** Opens the line of the training code that made a layer. */
export async function openSource(
  model: vscode.Uri,
  layer: Pick<LayerDescription, 'name' | 'source'>,
  column?: vscode.ViewColumn,
): Promise<void> {
  if (layer.source === undefined) {
    throw new LensError('usage', 'source/none', `The model does not say where "${layer.name}" comes from.`, {
      hint: 'PyTorch writes it with torch.onnx.export(..., dynamo=True), the default since 2.9.',
    });
  }
  const found = await findSource(model, layer.source);
  if (found === undefined) {
    throw new LensError('usage', 'source/not-found', `"${layer.source.path}" is not in this workspace.`, {
      hint: 'Open the folder with the training code.',
    });
  }
  const { uri, at, stale } = found;
  // The code opens where it is open already; else beside the model that asked.
  const open = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.toString() === uri.toString());
  const editor = await vscode.window.showTextDocument(uri, {
    selection: new vscode.Range(at, at),
    preview: true,
    ...(open?.viewColumn !== undefined
      ? { viewColumn: open.viewColumn }
      : column === undefined
        ? {}
        : { viewColumn: column }),
  });
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  if (stale) showBriefly('The file was changed after the model was written: the line may have moved', 8000);
}

function modified(uri: vscode.Uri): Promise<number | undefined> {
  return Promise.resolve(vscode.workspace.fs.stat(uri)).then(
    ({ mtime }) => mtime,
    () => undefined,
  );
}
