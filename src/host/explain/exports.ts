import * as vscode from 'vscode';
import { writeNpy } from '../../base/npy.js';
import { given } from '../../base/given.js';
import type { ExportKind, ExportRequest } from '../../protocol/explainPanel.js';
import type { Explanation } from '../../result/explanation.js';
import { nameOf } from '../names.js';
import { askAndSave } from '../panel/saving.js';
import type { Recipe } from '../../result/recipe.js';

const ENDINGS: Readonly<Record<ExportKind, string>> = { png: 'png', svg: 'svg', npy: 'npy', recipe: 'json' };

/** Asks where to save one form of an explanation, and saves it. `false` when the question is dismissed. */
export async function saveExplanation(
  { kind, bytes, sanity, drawing }: ExportRequest,
  picture: vscode.Uri,
  explanation: Explanation,
): Promise<boolean> {
  const stem = nameOf(picture).replace(/\.[^.]+$/, '');
  const proposal = vscode.Uri.joinPath(picture, '..', `${stem}.${explanation.recipe.method}.${ENDINGS[kind]}`);
  return askAndSave(proposal, () =>
    contentOf(kind, bytes, { ...explanation.recipe, ...given({ sanity, drawing }) }, explanation),
  );
}

/** Asks where to save bytes, proposing a name beside a file, and saves them. */
export async function saveBytes(name: string, bytes: Uint8Array, beside: vscode.Uri): Promise<boolean> {
  const plain = name.replace(/[/\\]/g, '_');
  return askAndSave(vscode.Uri.joinPath(beside, '..', plain), () => bytes);
}

function contentOf(
  kind: ExportKind,
  bytes: Uint8Array | undefined,
  recipe: Recipe,
  { attribution }: Explanation,
): Uint8Array {
  switch (kind) {
    case 'png':
    case 'svg':
      if (bytes === undefined) throw new Error('The panel sent no picture');
      return bytes;
    case 'npy':
      return writeNpy(attribution.values);
    case 'recipe':
      return new TextEncoder().encode(`${JSON.stringify(recipe, null, 2)}\n`);
  }
}
