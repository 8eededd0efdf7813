import * as vscode from 'vscode';
import type { NamedFile } from '../../protocol/explainPanel.js';
import { named } from '../names.js';

/** Where the workspace's memory holds the picture and the folder of pictures that were used last. */
const KEYS = { picture: 'lastPicture', folder: 'lastPictureFolder' } as const;

/** The picture, and the folder of pictures, that were used last with any model of the workspace. */
export class LastUsed {
  constructor(private readonly memory: Pick<vscode.Memento, 'get' | 'update'>) {}

  get(kind: keyof typeof KEYS): NamedFile | undefined {
    const stored = this.memory.get<string>(KEYS[kind]);
    return stored === undefined ? undefined : named(vscode.Uri.parse(stored));
  }

  /** Remembers a file, and hands it on by name; nothing where a question was dismissed. */
  remember(kind: keyof typeof KEYS, file: vscode.Uri | undefined): NamedFile | undefined {
    if (file === undefined) return undefined;
    void this.memory.update(KEYS[kind], file.toString());
    return named(file);
  }
}
