import * as vscode from 'vscode';
import type { Handlers } from '../../protocol/channel.js';
import type { AttentionAnswer } from '../../protocol/attention.js';
import type { AttentionParts } from '../../protocol/attentionPanel.js';
import { shellOf } from '../explain/commandLine.js';
import { allScores } from '../explain/scores.js';
import { fileAt, nameOf, pathOf } from '../names.js';
import { saveFor } from '../panel/saving.js';
import { showBriefly } from '../plain.js';
import { askAbout, type Reading } from '../runner/asking.js';
import type { HostServices } from '../services.js';
import { writeSettings } from '../workspace/writeSettings.js';
import { attentionCommand } from './commandLine.js';
import { browseFolder } from '../workspace/pictures.js';

/** Random weights are the same each time. */
const RANDOM_SEED = 0;

/**
 * What the parts of attention ask, wherever they stand.
 *
 * @param answered files beside the model that an answer depends on
 */
export function attentionHandlers(
  services: HostServices,
  model: vscode.Uri,
  answered: (files: readonly vscode.Uri[]) => void = () => undefined,
  reading: Reading = (read) => read(),
): Handlers<AttentionParts> {
  return {
    attention: async ({ input, random = false, ...asked }, call) => {
      const request = { ...asked, inputs: [pathOf(fileAt(input))], ...(random ? { randomWeights: RANDOM_SEED } : {}) };
      const answer = await askAbout(services, model, 'attention', request, call, reading);
      answered(answer.files.map((file) => vscode.Uri.file(file)));
      services.status.report(answer.provider, answer.refusedProviders);
      return asked.layers.length > 0 ? answer : withoutMatrices(answer);
    },
    silence: ({ input, ...asked }, call) =>
      askAbout(services, model, 'silence', { ...asked, inputs: [pathOf(fileAt(input))] }, call, reading),
    chooseFolder: async () =>
      services.lastUsed.remember('folder', await browseFolder('Choose a Folder with Pictures', 'Choose')),
    scores: ({ picture }, { signal }) => allScores(services, model, { picture }, signal),
    save: ({ name, bytes }) =>
      saveFor(services, vscode.Uri.joinPath(model, '..', name.replace(/[/\\]/g, '_')), () => bytes),
    saveTokens: async ({ tokens }) => {
      try {
        const taken = await writeSettings(services, model, { change: {}, attention: tokens });
        if (taken.state === 'written')
          showBriefly(`Saved beside the model: ${nameOf(vscode.Uri.file(taken.file))}`, 4000);
        return taken.state === 'written';
      } catch (error) {
        services.notify(error);
        return false;
      }
    },
    copyAttentionCommand: async ({ input, ...command }) => {
      const file = (uri: vscode.Uri): string => vscode.workspace.asRelativePath(uri, false);
      const shell = shellOf(vscode.env.shell, process.platform);
      await vscode.env.clipboard.writeText(attentionCommand(file(model), file(fileAt(input)), command, shell));
      showBriefly('Copied the command line', 4000);
    },
    showLog: async () => services.log.show(true),
  };
}

/** What joins the layers is made from all matrices; the page fetches those that it shows. */
function withoutMatrices({ results, ...about }: AttentionAnswer): AttentionAnswer {
  return {
    ...about,
    results: results.map((outcome) =>
      'error' in outcome ? outcome : { ...outcome, result: { ...outcome.result, layers: [] } },
    ),
  };
}
