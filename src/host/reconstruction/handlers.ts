import * as vscode from 'vscode';
import { canonical } from '../../base/canonical.js';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import type { Call, Handlers } from '../../protocol/channel.js';
import type {
  VisualizeAnswer,
  VisualizeChannelsProgress,
  VisualizeProgress,
  VisualizeRequest,
} from '../../protocol/reconstruction.js';
import type {
  ChannelsPictures,
  PictureAsked,
  SmallReconstruction,
  VisualizeHostApi,
} from '../../protocol/reconstructionPanel.js';
import type { KeptAnswers } from '../dataset/keptAnswers.js';
import { chooseNetwork } from '../explain/chooseNetwork.js';
import { shellOf } from '../explain/commandLine.js';
import { fileAt, named, pathOf } from '../names.js';
import { passed } from '../panel/passed.js';
import { saveFor } from '../panel/saving.js';
import { showBriefly } from '../plain.js';
import { askAbout } from '../runner/asking.js';
import type { HostServices } from '../services.js';
import { chooseOther, takesNoPicture } from '../workspace/modelChoice.js';
import { activeFile, browse, browseFolder, pickPicture } from '../workspace/pictures.js';
import { visualizeCommand } from './commandLine.js';

/** Random weights are the same each time. */
const RANDOM_SEED = 0;

/** What the handlers share with their panel. */
export interface VisualizeRoom {
  readonly services: HostServices;
  readonly model: vscode.Uri;
  /** Names this panel among all that the runner works for. */
  readonly id: string;
  /** Whole pictures, and those of many. */
  readonly whole: KeptAnswers;
  readonly small: KeptAnswers;
  /** Files beside the model that an answer depends on. */
  answered(files: readonly vscode.Uri[]): void;
  explain(picture: vscode.Uri): void;
}

/** What the page asks, but for its beginning. */
export function visualizeHandlers(
  room: VisualizeRoom,
): Omit<Handlers<VisualizeHostApi>, 'setup' | 'renew' | 'knownPictures'> {
  const { services, model, whole, small } = room;
  return {
    ...passed(services, model, ['topPictures']),
    form: async (request, { signal }) =>
      (await services.runner()).visualizeForm({ ...services.request(model), ...request }, { signal }),
    picture: (asked, call) =>
      whole.ask(canonical(asked), call, (own: Call<VisualizeProgress>) => made(room, asked, own)),
    smallPicture: (asked, call) =>
      small.ask(canonical(asked), call, async (own: Call<VisualizeProgress>) =>
        withoutValues(await made(room, asked, own)),
      ),
    channels: async (asked, call) => {
      const work = (own: Call<VisualizeChannelsProgress>): Promise<null> => channels(room, asked, own);
      // What there is changes from one look to the next; work is joined by a page that comes back.
      if (asked.known === true) await work(call);
      else await small.ask(canonical({ channels: asked }), call, work);
    },
    steer: async ({ asked, state }) => (await services.runner()).steer({ run: runOf(room, asked), state }),
    choosePicture: async () => {
      const near = activeFile() ?? model;
      const picked = await pickPicture(near, 'Choose a Picture');
      return picked && named(picked);
    },
    chooseDirection: async () => {
      const picked = await browse('A Direction in a Layer', 'Use', { 'Numbers (.npy)': ['npy'] });
      return picked && named(picked);
    },
    chooseFolder: async () => {
      const folder = await browseFolder('A Folder with Pictures', 'Use', vscode.Uri.joinPath(model, '..'));
      return services.lastUsed.remember('folder', folder);
    },
    chooseModel: async () => {
      const { models, outlines } = services;
      const title = 'Another Model for the Same Classes';
      const picked = await chooseOther({ models, near: model, title, outlines, unfit: takesNoPicture }, model, []);
      return picked instanceof vscode.Uri ? named(picked) : undefined;
    },
    chooseNetwork: async () => chooseNetwork(services, model, 'Make the same picture with…'),
    explain: async ({ path }) => room.explain(vscode.Uri.file(path)),
    save: ({ name, bytes }) =>
      saveFor(services, vscode.Uri.joinPath(model, '..', name.replace(/[/\\]/g, '_')), () => bytes),
    copyVisualizeCommand: async ({ files: at, ...asked }) => {
      const file = (uri: vscode.Uri): string => vscode.workspace.asRelativePath(uri, false);
      const files = Object.fromEntries(Object.entries(at).map(([name, uri]) => [name, file(fileAt(uri))]));
      const shell = shellOf(vscode.env.shell, process.platform);
      await vscode.env.clipboard.writeText(visualizeCommand(file(model), asked, files, shell));
      showBriefly('Copied the command line', 4000);
    },
    showLog: async () => services.log.show(true),
  };
}

/** Makes a picture with the panel's model, or with another network. */
async function made(room: VisualizeRoom, asked: PictureAsked, call: Call<VisualizeProgress>): Promise<VisualizeAnswer> {
  const { services, answered } = room;
  const { network, files, params, target, layer, channel, seed } = asked;
  const model = network?.model === undefined ? room.model : fileAt(network.model);
  const request: Omit<VisualizeRequest, 'model'> = {
    ...given({ target, layer, channel }),
    params: { ...params, ...pathsOf(files) },
    seed,
    run: runOf(room, asked),
    ...(network?.random === true ? { randomWeights: RANDOM_SEED } : {}),
  };
  const answer = await askAbout(services, model, 'visualize', request as VisualizeRequest, call, (read) => read());
  if (network === undefined) answered(answer.files.map((file) => vscode.Uri.file(filePath(file))));
  services.status.report(answer.provider, answer.refusedProviders);
  return answer;
}

/** Every channel of a layer by the panel's model. */
async function channels(
  { services, model, answered }: VisualizeRoom,
  { files, ...asked }: ChannelsPictures,
  call: Call<VisualizeChannelsProgress>,
): Promise<null> {
  const request = { ...asked, params: { ...asked.params, ...pathsOf(files) }, told: true };
  const answer = await askAbout(services, model, 'visualizeChannels', request, call, (read) => read());
  answered(answer.files.map((file) => vscode.Uri.file(filePath(file))));
  services.status.report(answer.provider, answer.refusedProviders);
  return null;
}

const pathsOf = (files: PictureAsked['files']): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, uri]) => [name, pathOf(fileAt(uri))]));

/** The same question is the same run, whichever life of the page asks. */
const runOf = ({ id }: VisualizeRoom, asked: PictureAsked): string => `${id} ${canonical(asked)}`;

function withoutValues({ result }: VisualizeAnswer): SmallReconstruction {
  const { values: _values, saved: _saved, recipe: _recipe, opacity: _opacity, facets: _facets, ...rest } = result;
  return rest;
}
