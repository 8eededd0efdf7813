import * as vscode from 'vscode';
import type { Address } from '../../base/place.js';
import { addressOf, folderOf, nameOf } from '../names.js';
import { distance } from '../paths.js';
import type { HostServices } from '../services.js';
import { sameLayers } from '../workspace/series.js';

interface Offer extends vscode.QuickPickItem {
  readonly uri: vscode.Uri;
}

/** So many models are asked whether they have the same layers, the nearest first. */
const MOST = 300;

/**
 * Asks for checkpoints to look at as one training: those of the workspace that have the layers of this one, whatever they
 * are called, or any from disk. Empty: those beside it again. `undefined`: dismissed.
 *
 * @param now those that are looked at
 */
export async function chooseSeries(
  services: HostServices,
  model: vscode.Uri,
  now: readonly Address[],
): Promise<readonly Address[] | undefined> {
  const browse = { iconPath: new vscode.ThemeIcon('folder-opened'), tooltip: 'Browse…' };
  const pick = vscode.window.createQuickPick<Offer>();
  pick.title = `Checkpoints to look at with ${nameOf(model)}`;
  pick.placeholder = 'Files with the same layers; they are played in the order in which they were written';
  pick.canSelectMany = true;
  pick.matchOnDescription = true;
  pick.busy = true;
  pick.buttons = [browse];
  let open = true;
  const chosen = new Promise<readonly vscode.Uri[] | undefined>((resolve) => {
    pick.onDidAccept(() => resolve(pick.selectedItems.map(({ uri }) => uri)));
    pick.onDidHide(() => resolve(undefined));
    pick.onDidTriggerButton(() => void browseFor(model).then(resolve));
  }).finally(() => (open = false));
  pick.show();
  void offer(services, model, (offers) => {
    if (!open) return;
    const before = new Set(pick.selectedItems);
    const known = new Set(pick.items);
    pick.keepScrollPosition = true;
    pick.items = offers;
    // What was not there before begins as it is looked at now.
    pick.selectedItems = offers.filter((each) =>
      known.has(each) ? before.has(each) : now.includes(addressOf(each.uri)),
    );
  }).finally(() => (pick.busy = false));
  const uris = await chosen;
  pick.dispose();
  return uris?.map(addressOf);
}

async function browseFor(model: vscode.Uri): Promise<readonly vscode.Uri[] | undefined> {
  return vscode.window.showOpenDialog({
    title: 'Choose Checkpoints',
    openLabel: 'Choose',
    canSelectMany: true,
    defaultUri: vscode.Uri.joinPath(model, '..'),
    filters: { 'ONNX models': ['onnx'] },
  });
}

/** Tells of the models with the same layers as they are found. */
async function offer(
  services: HostServices,
  model: vscode.Uri,
  tell: (offers: readonly Offer[]) => void,
): Promise<void> {
  await services.models.ready();
  const own = await services.outlines.get(model).catch(() => undefined);
  if (own === undefined || !('outline' in own)) return;
  const near = services.models
    .list()
    .map(({ uri }) => ({ uri, far: distance(uri.path, model.path) }))
    .sort((a, b) => a.far - b.far)
    .filter(({ uri }) => uri.toString() !== model.toString());
  const offers: Offer[] = [];
  for (const { uri } of near.slice(0, MOST)) {
    const answer = await services.outlines.get(uri).catch(() => undefined);
    if (answer === undefined || !('outline' in answer)) continue;
    if (!sameLayers(own.outline.layers, answer.outline.layers)) continue;
    offers.push({ label: nameOf(uri), description: folderOf(uri), uri });
    tell([...offers]);
  }
}
