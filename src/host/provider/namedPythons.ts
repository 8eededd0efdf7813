import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { NamedPython } from './pythonPlaces.js';

/** As much of the Python extension's interface as is asked. */
interface PythonApi {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
  };
}

const PYTHON_EXTENSION = 'ms-python.python';
/** What environments in a folder of code are called. */
const USUAL = ['.venv', 'venv', 'env', '.conda'];

/**
 * The Pythons of this window, what a person selected first. Of a workspace that is not trusted nothing is asked that it
 * could have written: neither its settings nor its folders.
 *
 * @param asked whether the Python extension may be started for its answer
 */
export async function namedPythons(environment: NodeJS.ProcessEnv, asked: boolean): Promise<NamedPython[]> {
  const named: NamedPython[] = [];
  const add = (place: string | undefined, by: string): void => {
    if (place !== undefined && place !== '') named.push({ path: place, by });
  };
  if (vscode.workspace.isTrusted) {
    const folders: readonly (vscode.WorkspaceFolder | undefined)[] = vscode.workspace.workspaceFolders ?? [undefined];
    const api = await pythonApi(asked);
    for (const folder of folders) {
      add(api?.environments?.getActiveEnvironmentPath(folder?.uri).path, 'selected in the Python extension');
      const set = vscode.workspace.getConfiguration('python', folder?.uri).get<unknown>('defaultInterpreterPath');
      if (typeof set === 'string' && set !== 'python')
        add(filled(set, folder?.uri.fsPath, environment), 'python.defaultInterpreterPath');
    }
    for (const folder of folders)
      for (const name of folder === undefined ? [] : USUAL) {
        const place = path.join(folder!.uri.fsPath, name);
        if (existsSync(path.join(place, 'bin'))) add(place, 'in this workspace');
      }
  }
  add(environment['VIRTUAL_ENV'], 'VIRTUAL_ENV');
  add(environment['CONDA_PREFIX'], 'CONDA_PREFIX');
  add('python3', 'first on the PATH');
  return named;
}

/** Its interface, if it is installed: its selection is what a person calls "my Python". */
async function pythonApi(mayStart: boolean): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>(PYTHON_EXTENSION);
  if (extension === undefined || (!extension.isActive && !mayStart)) return undefined;
  try {
    return extension.isActive ? extension.exports : await extension.activate();
  } catch {
    return undefined; // it says so itself
  }
}

/** The variables that the editor allows in this setting. */
function filled(setting: string, folder: string | undefined, environment: NodeJS.ProcessEnv): string {
  return setting
    .replace(/\$\{(workspaceFolder|workspaceRoot)\}/g, () => folder ?? '')
    .replace(/\$\{userHome\}/g, () => environment['HOME'] ?? '')
    .replace(/\$\{env:(\w+)\}/g, (_, name: string) => environment[name] ?? '');
}
