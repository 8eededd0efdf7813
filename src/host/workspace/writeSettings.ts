import * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import type { SettingsToTake, TakenSettings } from '../../protocol/explainPanel.js';
import type { TokenChoices } from '../../result/attention.js';
import type { OutputChoices } from '../../result/output.js';
import { nameOf, pathOf } from '../names.js';
import type { HostServices } from '../services.js';

/**
 * Writes settings, or how outputs are read, beside a model. What else its sidecar says stays, and what a person wrote of
 * these settings, until `replace` says that it may go.
 *
 * @throws LensError where nothing may or can be written there
 */
export async function writeSettings(
  services: Pick<HostServices, 'runner'>,
  model: vscode.Uri,
  {
    replace = false,
    ...said
  }: SettingsToTake & { readonly outputs?: OutputChoices; readonly attention?: TokenChoices },
): Promise<TakenSettings> {
  requireWritable(model);
  const runner = await services.runner();
  const { file, text, replaces } = await runner.sidecarText({ model: pathOf(model), ...said });
  const target = vscode.Uri.file(file);
  if (replaces.length > 0 && !replace) return { state: 'asks', file: nameOf(target), replaces };
  try {
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
  } catch (cause) {
    throw new LensError('runtime', 'settings/unwritable', `${nameOf(target)} cannot be written beside the model.`, {
      hint: 'Look whether the folder may be written to; the settings can be used in the panel meanwhile.',
      cause,
    });
  }
  return { state: 'written', file };
}

function requireWritable(model: vscode.Uri): void {
  if (!vscode.workspace.isTrusted)
    throw new LensError('usage', 'workspace/untrusted', 'Nothing is written in a workspace that is not trusted.', {
      hint: 'Trust this workspace to save the settings beside the model.',
    });
  if (model.scheme !== 'file' || vscode.workspace.fs.isWritableFileSystem(model.scheme) === false)
    throw new LensError(
      'usage',
      'settings/virtual',
      `Nothing can be written beside ${nameOf(model)}: it lies on no disk.`,
      {
        hint: 'Save the model in a folder of this machine first.',
      },
    );
}

/** What a person is asked before something of theirs is replaced. */
export function replaceQuestion({ file, replaces }: Extract<TakenSettings, { readonly state: 'asks' }>): string {
  const which = replaces.map((name) => `"${name}"`).join(', ');
  return `${file} says something else for ${which} already, and nothing there says that it was found. Replace it?`;
}
