import * as vscode from 'vscode';
import type { LayerDescription } from '../../result/inspection.js';
import type { OtherCheckpoint } from '../../protocol/modelPanel.js';
import { folderOf, named, nameOf } from '../names.js';
import { plainRow } from '../plain.js';
import { distance } from '../paths.js';
import type { HostServices } from '../services.js';
import { sameLayers, seriesOf } from '../workspace/series.js';

interface Offer extends vscode.QuickPickItem {
  readonly other?: OtherCheckpoint;
}

/** So many models are asked whether they have the layer. */
const MOST = 200;
/** Further models are added to the list not more often than this. */
const SHOW_MS = 500;
/** The draw of the first offer; the page can draw others. */
const SEED = 0;

/**
 * What to compare a layer with: another checkpoint of the workspace that has it, those of the same training first and the
 * nearest of the others next, or the same network with random weights. `undefined`: dismissed.
 */
export async function chooseOther(
  services: HostServices,
  model: vscode.Uri,
  layer: string,
): Promise<OtherCheckpoint | undefined> {
  const random: Offer = {
    label: '$(sync) The same network with random weights',
    description: 'drawn anew, with each weight’s own mean and deviation',
    other: { kind: 'random', seed: SEED },
  };
  const pick = vscode.window.createQuickPick<Offer>();
  pick.title = plainRow(`Compare "${layer}" of ${nameOf(model)} with…`);
  pick.placeholder = 'A checkpoint that has this layer';
  pick.matchOnDescription = true;
  pick.busy = true;
  pick.items = [random];
  let moved = false;
  pick.onDidChangeActive(([active]) => (moved ||= active !== undefined && active !== random && active !== found[0]));
  const found: Offer[] = [];
  const show = (): void => {
    // What is looked at must not move: the list only grows at its end, and what is active stays so.
    const [active] = pick.activeItems;
    pick.keepScrollPosition = true;
    pick.items = [random, ...found, ...restOf(without)];
    const next = moved ? active : found[0];
    if (next !== undefined) pick.activeItems = [next];
  };
  let without = 0;
  const chosen = new Promise<Offer | undefined>((resolve) => {
    pick.onDidAccept(() => resolve(pick.selectedItems[0]));
    pick.onDidHide(() => resolve(undefined));
  });
  let open = true;
  void chosen.then(() => (open = false));
  pick.show();
  void (async () => {
    await services.models.ready();
    const own = await services.outlines.get(model).catch(() => undefined);
    const layers = own !== undefined && 'outline' in own ? own.outline.layers : [];
    const here = layers.find((each) => each.name === layer);
    let shown = performance.now();
    const near = inOrder(
      model,
      services.models.list().map(({ uri }) => uri),
    );
    for (const { uri, step, certain } of near.slice(0, MOST)) {
      if (!open) return;
      const answer = await services.outlines.get(uri).catch(() => undefined);
      const has =
        answer !== undefined &&
        'outline' in answer &&
        answer.outline.layers.some((each) => here !== undefined && fits(here, each));
      if (!has) without++;
      else {
        const folder = folderOf(uri);
        const same = step !== undefined && (certain || sameLayers(layers, answer.outline.layers));
        const description = [folder, same ? 'same training' : ''].filter(Boolean).join(' · ');
        found.push({
          label: plainRow(nameOf(uri)),
          description: plainRow(description),
          other: { kind: 'file', file: named(uri) },
        });
      }
      if (found.length === 1 || performance.now() - shown > SHOW_MS) {
        if (open) show();
        shown = performance.now();
      }
    }
    if (!open) return;
    show();
    pick.busy = false;
  })();
  const offer = await chosen;
  pick.dispose();
  return offer?.other;
}

/** Whether the weights of two layers can be held against each other: by name, operator and number. */
function fits(here: LayerDescription, there: LayerDescription): boolean {
  const { name, op, parameters } = there;
  return here.name === name && here.op === op && here.parameters === parameters && there.weights.length > 0;
}

function restOf(without: number): readonly Offer[] {
  if (without === 0) return [];
  const label = `${without} other ${without === 1 ? 'model has' : 'models have'} no layer that fits`;
  return [{ label, kind: vscode.QuickPickItemKind.Separator }];
}

interface Near {
  readonly uri: vscode.Uri;
  /** How far it is away in the training, where its name is one of the same. */
  readonly step?: number;
  readonly certain?: boolean;
}

/** Other checkpoints of the same training by their distance in it, then all others by where they lie. */
function inOrder(model: vscode.Uri, models: readonly vscode.Uri[]): readonly Near[] {
  const name = nameOf(model);
  const folder = vscode.Uri.joinPath(model, '..').toString();
  const beside = models.filter((uri) => vscode.Uri.joinPath(uri, '..').toString() === folder);
  const series = seriesOf(
    name,
    beside.map((uri) => nameOf(uri)),
  );
  const own = series.find((each) => each.name === name)?.step ?? 0;
  const rank = (uri: vscode.Uri): Near => {
    const entry = beside.includes(uri) ? series.find((each) => each.name === nameOf(uri)) : undefined;
    return entry === undefined ? { uri } : { uri, step: Math.abs(entry.step - own), certain: entry.certain };
  };
  return models
    .filter((uri) => uri.toString() !== model.toString())
    .map(rank)
    .sort(
      (a, b) =>
        (a.step ?? Infinity) - (b.step ?? Infinity) ||
        distance(a.uri.path, model.path) - distance(b.uri.path, model.path) ||
        (a.uri.path < b.uri.path ? -1 : 1),
    );
}
