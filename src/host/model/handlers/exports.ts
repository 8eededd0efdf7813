import * as vscode from 'vscode';
import { given } from '../../../base/given.js';
import type { RecipeRequest } from '../../../protocol/modelPanel.js';
import { fileAt, pathOf } from '../../names.js';
import { saveFor } from '../../panel/saving.js';
import type { HostServices } from '../../services.js';
import type { Chapter, EditorRoom } from '../room.js';

/** Files that are saved beside the model. */
export function exportHandlers({ services, document }: EditorRoom): Chapter<'save' | 'saveRecipe'> {
  const beside = (name: string): vscode.Uri => vscode.Uri.joinPath(document.uri, '..', name);
  return {
    save: ({ name, bytes }) => saveFor(services, beside(name), () => bytes),
    saveRecipe: (request) => saveFor(services, beside(request.name), () => recipeOf(services, document.uri, request)),
  };
}

/** A recipe as a file: what the page knows, and what only the runner does. */
async function recipeOf(
  services: HostServices,
  model: vscode.Uri,
  { method, params, layer, input, provider, notes }: RecipeRequest,
): Promise<Uint8Array> {
  const client = await services.runner();
  const recipe = await client.recipe({
    ...services.request(model),
    method,
    params,
    notes,
    ...given({ layer, ranOn: provider, input: input === undefined ? undefined : pathOf(fileAt(input)) }),
  });
  return new TextEncoder().encode(`${JSON.stringify(recipe, null, 2)}\n`);
}
