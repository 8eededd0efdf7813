import * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import type { NamedFile } from '../../protocol/explainPanel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { SettingsFinding } from '../../result/settings.js';
import { fileAt, nameOf, pathOf } from '../names.js';
import { pickRow, showWarning, type Row } from '../plain.js';
import type { HostServices } from '../services.js';
import { isPicture } from './pictures.js';
import { replaceQuestion, writeSettings } from './writeSettings.js';

interface Asking {
  readonly signal: AbortSignal;
  readonly progress: (report: WorkProgress) => void;
}

/** Folders that are looked into to see whether they hold pictures. */
const FEW = 4;

/** Finds how a model wants its pictures, with the work in the status bar. */
export async function findSettings(
  services: HostServices,
  model: vscode.Uri,
  inputs: readonly vscode.Uri[],
  { signal, progress }: Asking,
): Promise<SettingsFinding> {
  const runner = await services.runner();
  const { finding } = await services.status.work(
    `finding the settings of ${nameOf(model)}`,
    (ours, report) =>
      runner.findSettings(
        { ...services.request(model), inputs: inputs.map(pathOf) },
        {
          signal: ours,
          onProgress: (each) => {
            report(each);
            progress(each);
          },
        },
      ),
    signal,
  );
  return finding;
}

/**
 * The folder of a picture; the one above it where that holds a folder for each class: then the classes help to find.
 *
 * @throws LensError where no picture is shown
 */
export async function picturesAround(pictures: readonly NamedFile[]): Promise<readonly vscode.Uri[]> {
  const [first] = pictures;
  if (first === undefined)
    throw new LensError('usage', 'settings/no-pictures', 'There is no picture to find the settings from.', {
      hint: 'Choose pictures of the kind that the model was trained on.',
    });
  const folder = vscode.Uri.joinPath(fileAt(first.uri), '..');
  const above = vscode.Uri.joinPath(folder, '..');
  return [(await holdsClasses(above)) ? above : folder];
}

/** Folders with pictures only, several of them, and no picture between them. */
async function holdsClasses(folder: vscode.Uri): Promise<boolean> {
  const entries = await vscode.workspace.fs.readDirectory(folder).then(
    (all) => all.filter(([name]) => !name.startsWith('.')),
    () => [],
  );
  if (entries.length < 2 || entries.length > 1000 || entries.some(([, type]) => type !== vscode.FileType.Directory))
    return false;
  for (const [name] of entries.slice(0, FEW)) {
    const inner = await vscode.workspace.fs.readDirectory(vscode.Uri.joinPath(folder, name)).then(
      (all) => all,
      () => [],
    );
    if (!inner.some(([file]) => isPicture(vscode.Uri.joinPath(folder, name, file)))) return false;
  }
  return true;
}

const ICONS = { stated: 'check', found: 'check', likely: 'question', 'cannot tell': 'circle-slash' } as const;

/** Asks for a folder of pictures, finds the settings from it, and offers to write them beside the model. */
export async function askForSettings(services: HostServices, model: vscode.Uri): Promise<void> {
  const picked = await vscode.window.showOpenDialog({
    title: `Pictures of the Kind that ${nameOf(model)} Was Trained on`,
    openLabel: 'Find the Settings',
    canSelectFiles: false,
    canSelectFolders: true,
    defaultUri: vscode.Uri.joinPath(model, '..'),
  });
  if (picked === undefined) return;
  const finding = await findSettings(services, model, picked, {
    signal: new AbortController().signal,
    progress: () => undefined,
  });
  const take: Row<vscode.QuickPickItem> = { icon: 'save', label: 'Use these settings', description: finding.title };
  const chosen = await pickRow<vscode.QuickPickItem>(
    [
      take,
      ...finding.parts.map((p) => ({
        icon: ICONS[p.verdict],
        label: `${p.part}: ${p.verdict}`,
        description: p.value,
        detail: p.sentence,
      })),
      ...finding.notes.map((note) => ({ icon: 'info', label: '', detail: note })),
    ],
    { title: `Settings of ${nameOf(model)}`, placeHolder: 'The first writes them beside the model' },
  );
  if (chosen !== take) return;
  const change = { ...finding.settings, evidence: finding.origins };
  const taken = await writeSettings(services, model, { change });
  if (taken.state === 'written') return;
  const replace = 'Replace';
  const answer = await showWarning(replaceQuestion(taken), replace);
  if (answer === replace) await writeSettings(services, model, { change, replace: true });
}
