import * as vscode from 'vscode';
import { onDisk } from '../../panel/passed.js';
import { browse, browseFolder, isPicture } from '../../workspace/pictures.js';
import type { Chapter, EditorRoom } from '../room.js';

/** What the model answers to a picture, and which picture that is. */
export function activationHandlers({
  services,
  ask,
}: EditorRoom): Chapter<'activations' | 'choosePicture' | 'usePicture' | 'chooseFolder'> {
  const { lastUsed } = services;
  return {
    activations: async (request, call) => {
      const answer = await ask('activations', onDisk(request), call);
      services.status.report(answer.provider, [], answer.milliseconds);
      return answer;
    },
    choosePicture: async () => lastUsed.remember('picture', await browse('Choose a Picture', 'Choose')),
    usePicture: async (request) => {
      const picture = 'path' in request ? vscode.Uri.file(request.path) : vscode.Uri.parse(request.uri);
      return picture.scheme === 'file' && isPicture(picture) ? lastUsed.remember('picture', picture) : undefined;
    },
    chooseFolder: async () =>
      lastUsed.remember('folder', await browseFolder('Choose a Folder with Pictures', 'Choose')),
  };
}
