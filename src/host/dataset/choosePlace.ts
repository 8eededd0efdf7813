import * as vscode from 'vscode';
import { pickRow } from '../plain.js';

/** From the palette: a folder, or a file that holds a data set. */
export async function choosePlace(title = 'Open as Data Set', openLabel = 'Open'): Promise<vscode.Uri | undefined> {
  const kinds = await dialogKinds(title);
  if (kinds === undefined) return undefined;
  const picked = await vscode.window.showOpenDialog({
    title,
    openLabel,
    ...kinds,
    filters: { 'Data sets': ['parquet', 'npz', 'csv', 'json', 'jsonl'] },
  });
  return picked?.[0];
}

type DialogKinds = Pick<vscode.OpenDialogOptions, 'canSelectFiles' | 'canSelectFolders'>;

/** The dialogs of Windows and Linux offer folders or files, never both: there it is asked first. */
async function dialogKinds(title: string): Promise<DialogKinds | undefined> {
  if (vscode.env.uiKind === vscode.UIKind.Web || process.platform === 'darwin')
    return { canSelectFiles: true, canSelectFolders: true };
  const rows = [
    { label: 'Folder of pictures', canSelectFolders: true, canSelectFiles: false },
    {
      label: 'File',
      description: '.parquet, .npz, .csv, .json, .jsonl',
      canSelectFolders: false,
      canSelectFiles: true,
    },
  ];
  const picked = await pickRow(rows, { title });
  return picked && { canSelectFiles: picked.canSelectFiles, canSelectFolders: picked.canSelectFolders };
}
