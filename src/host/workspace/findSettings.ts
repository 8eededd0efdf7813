import * as vscode from 'vscode';
import { isCancelled, LensError, toErrorData, type ErrorData } from '../../base/errors.js';
import type { NamedFile } from '../../protocol/explainPanel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { FindSettingsAnswer } from '../../protocol/settings.js';
import { fileAt, nameOf, pathOf } from '../names.js';
import { pickRow, showWarning, type Row } from '../plain.js';
import type { HostServices } from '../services.js';
import { browseFolder, isPicture } from './pictures.js';
import { replaceQuestion, writeSettings } from './writeSettings.js';

interface Asking {
  readonly signal: AbortSignal;
  readonly progress: (report: WorkProgress) => void;
}

/** Folders that are looked into to see whether they hold pictures. */
const FEW = 4;

/** Finds how a model wants its pictures, with the work in the status bar. */
export async function settingsFrom(
  services: HostServices,
  model: vscode.Uri,
  inputs: readonly vscode.Uri[],
  asking?: Asking,
): Promise<FindSettingsAnswer> {
  const runner = await services.runner();
  return services.status.work(
    `finding the settings of ${nameOf(model)}`,
    (ours, report) =>
      runner.findSettings(
        { ...services.request(model), inputs: inputs.map(pathOf) },
        {
          signal: ours,
          onProgress: (each) => {
            report(each);
            asking?.progress(each);
          },
        },
      ),
    asking?.signal,
  );
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

const ICONS = {
  stated: 'check',
  found: 'check',
  likely: 'question',
  assumed: 'question',
  'cannot tell': 'circle-slash',
} as const;

/** One model of those that were asked about. */
type Found =
  | { readonly model: vscode.Uri; readonly answer: FindSettingsAnswer }
  | { readonly model: vscode.Uri; readonly error: ErrorData };

/** A row of the table; one that is chosen writes the settings of its models. */
type VerdictRow = Row<vscode.QuickPickItem> & { readonly take?: readonly Found[] };

/**
 * Asks for a folder of pictures, finds the settings of one model or of several from it, and offers to write them beside
 * the models. One that fails is said among the others.
 */
export async function askForSettings(services: HostServices, models: readonly vscode.Uri[]): Promise<void> {
  const [first] = models;
  if (first === undefined) return;
  const whose = models.length === 1 ? nameOf(first) : `${models.length} Models`;
  const title = `Pictures of the Kind that ${models.length === 1 ? `${nameOf(first)} Was` : `${whose} Were`} Trained on`;
  const folder = await browseFolder(title, 'Find the Settings', vscode.Uri.joinPath(first, '..'));
  if (folder === undefined) return;
  const found: Found[] = [];
  for (const model of models) {
    try {
      found.push({ model, answer: await settingsFrom(services, model, [folder]) });
    } catch (error) {
      if (models.length === 1 || isCancelled(error)) throw error;
      found.push({ model, error: toErrorData(error) });
    }
  }
  const chosen = await pickRow(verdictRows(found), {
    title: `Settings of ${whose}`,
    placeHolder: 'The first writes them beside the model',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  for (const each of chosen?.take ?? []) if ('answer' in each) await takeSettings(services, each.model, each.answer);
}

/** What was found of each model, part by part: a group for each where there are several. */
function verdictRows(all: readonly Found[]): readonly VerdictRow[] {
  const good = all.filter((each) => 'answer' in each);
  const rows: VerdictRow[] =
    good.length < 2
      ? []
      : [{ icon: 'save-all', label: 'Use these settings', description: `of all ${good.length} models`, take: good }];
  for (const each of all) {
    if (all.length > 1)
      rows.push({ label: vscode.workspace.asRelativePath(each.model), kind: vscode.QuickPickItemKind.Separator });
    if ('error' in each) {
      const { message, hint } = each.error;
      rows.push({ icon: 'error', label: 'failed', detail: [message, hint ?? ''].join(' ').trimEnd() });
      continue;
    }
    const { finding, verdicts } = each.answer;
    rows.push({ icon: 'save', label: 'Use these settings', description: finding.title, take: [each] });
    for (const { part, verdict, value, sentence } of verdicts)
      rows.push({ icon: ICONS[verdict], label: `${part}: ${verdict}`, description: value, detail: sentence });
    for (const note of finding.notes) rows.push({ icon: 'info', label: '', detail: note });
  }
  return rows;
}

async function takeSettings(services: HostServices, model: vscode.Uri, { finding }: FindSettingsAnswer): Promise<void> {
  const change = { ...finding.settings, evidence: finding.origins };
  const taken = await writeSettings(services, model, { change });
  if (taken.state === 'written') return;
  const replace = 'Replace';
  const answer = await showWarning(replaceQuestion(taken), replace);
  if (answer === replace) await writeSettings(services, model, { change, replace: true });
}
