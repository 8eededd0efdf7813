import * as vscode from 'vscode';
import { writeNpy } from '../../base/npy.js';
import type { ExportKind, ExportRequest } from '../../protocol/explainPanel.js';
import type { Explanation } from '../../result/explanation.js';
import { nameOf } from '../names.js';
import type { Recipe } from '../../result/recipe.js';

const KINDS: Readonly<Record<ExportKind, { readonly ending: string; readonly filter: string }>> = {
  png: { ending: 'png', filter: 'Picture' },
  svg: { ending: 'svg', filter: 'Vector picture' },
  npy: { ending: 'npy', filter: 'NumPy array' },
  recipe: { ending: 'json', filter: 'Recipe' },
};

/** Asks where to save one form of an explanation, and saves it. `false` when the question is dismissed. */
export async function saveExplanation(
  { kind, bytes, sanity }: ExportRequest,
  picture: vscode.Uri,
  explanation: Explanation,
): Promise<boolean> {
  const { ending, filter } = KINDS[kind];
  const stem = nameOf(picture).replace(/\.[^.]+$/, '');
  const proposal = vscode.Uri.joinPath(picture, '..', `${stem}.${explanation.recipe.method}.${ending}`);
  return save(proposal, filter, ending, () => contentOf(kind, bytes, explanation, sanity));
}

/** Asks where to save bytes, proposing a name beside a file, and saves them. */
export async function saveBytes(name: string, bytes: Uint8Array, beside: vscode.Uri): Promise<boolean> {
  const plain = name.replace(/[/\\]/g, '_');
  const ending = plain.slice(plain.lastIndexOf('.') + 1);
  const filter = Object.values(KINDS).find((kind) => kind.ending === ending)?.filter ?? 'File';
  return save(vscode.Uri.joinPath(beside, '..', plain), filter, ending, () => bytes);
}

async function save(proposal: vscode.Uri, filter: string, ending: string, content: () => Uint8Array): Promise<boolean> {
  const file = await vscode.window.showSaveDialog({ defaultUri: proposal, filters: { [filter]: [ending] } });
  if (file === undefined) return false;
  await vscode.workspace.fs.writeFile(file, content());
  vscode.window.setStatusBarMessage(`Saved ${nameOf(file)}`, 4000);
  return true;
}

function contentOf(
  kind: ExportKind,
  bytes: Uint8Array | undefined,
  explanation: Explanation,
  sanity: ExportRequest['sanity'],
): Uint8Array {
  switch (kind) {
    case 'png':
    case 'svg':
      if (bytes === undefined) throw new Error('The panel sent no picture');
      return bytes;
    case 'npy':
      return writeNpy(explanation.attribution.values);
    case 'recipe': {
      const recipe: Recipe = sanity === undefined ? explanation.recipe : { ...explanation.recipe, sanity };
      return new TextEncoder().encode(`${JSON.stringify(recipe, null, 2)}\n`);
    }
  }
}
