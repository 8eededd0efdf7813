import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { plainRow } from '../plain.js';
import { LensError } from '../../base/errors.js';
import type { Outline } from '../../result/inspection.js';
import { formatAge, formatBytes } from '../format.js';
import { folderOf, nameOf } from '../names.js';
import { distance } from '../paths.js';
import type { Models } from '../services.js';
import type { Outlines } from './outlines.js';
import { byTraining } from './series.js';

/** So many models of the list are read for what they take, the first ones first. */
const READ = 100;
/** How long the question waits for what models say of themselves, before it is asked. */
const WAIT_MS = 300;
/** Rows are written anew not more often than this. */
const SHOW_MS = 200;

/** A file that is offered, with its age where it can be read. */
interface Offered {
  readonly uri: vscode.Uri;
  readonly bytes: number;
  /** Milliseconds since 1970; 0 where it is not known. */
  readonly modified: number;
}

/**
 * Models as they are offered: the one used last, then those nearest to `near`. Of one folder, what a training ended with
 * comes before its moments, later ones before earlier ones, and the newest first otherwise.
 */
export async function offered(models: Models, near: vscode.Uri | undefined): Promise<readonly Offered[]> {
  const last = models.lastUsed?.toString();
  const rank = (uri: vscode.Uri): number =>
    uri.toString() === last ? -1 : near === undefined ? 0 : distance(uri.path, near.path);
  const files = await Promise.all(models.list().map(({ uri }) => stamped(uri)));
  return files
    .map((file) => ({ file, rank: rank(file.uri), folder: folderOf(file.uri) }))
    .sort(
      (a, b) =>
        a.rank - b.rank || // stable: the list is sorted by path
        (a.folder === b.folder
          ? byTraining(nameOf(a.file.uri), nameOf(b.file.uri)) || minuteOf(b.file) - minuteOf(a.file)
          : 0),
    )
    .map(({ file }) => file);
}

/** Files that were copied together are of one age. */
function minuteOf({ modified }: Offered): number {
  return Math.floor(modified / 60_000);
}

async function stamped(uri: vscode.Uri): Promise<Offered> {
  const { size, mtimeMs } = await stat(uri.fsPath).catch(() => ({ size: 0, mtimeMs: 0 }));
  return { uri, bytes: size, modified: mtimeMs };
}

interface Row extends vscode.QuickPickItem {
  readonly uri?: vscode.Uri;
}

/**
 * The model to work with: the only one, or the one that is picked. Undefined when the question is dismissed. Rows say size,
 * input and age; what is known not to take a picture stands at the end, with the reason.
 *
 * @param near the picture or other file it is wanted for
 * @param outlines what the models say of themselves
 * @param unfit why a model cannot do what is wanted; by default any that can be read does
 * @throws LensError `models/none` when the workspace has none
 */
export async function chooseModel(
  models: Models,
  near: vscode.Uri | undefined,
  title: string,
  outlines: Outlines,
  unfit: (outline: Outline) => string | undefined = () => undefined,
): Promise<vscode.Uri | undefined> {
  await models.ready();
  const files = await offered(models, near);
  if (files.length === 0) {
    throw new LensError('usage', 'models/none', 'There is no ONNX model in this workspace.', {
      hint: 'Export one into it, or begin with the example model.',
    });
  }
  if (files.length === 1) return files[0]!.uri;
  const last = models.lastUsed?.toString();
  const said = new Map<Offered, { readonly input: string; readonly reason?: string; readonly bytes?: number }>();
  const row = (file: Offered): Row => {
    const { input, reason, bytes = file.bytes } = said.get(file) ?? { input: '' };
    const facts = [
      folderOf(file.uri),
      file.uri.toString() === last && 'last used',
      bytes > 0 && formatBytes(bytes),
      reason ?? input,
      file.modified > 0 && formatAge(file.modified, Date.now()),
    ];
    return {
      label: plainRow(nameOf(file.uri)),
      description: plainRow(facts.filter(Boolean).join(' · ')),
      uri: file.uri,
    };
  };
  const pick = vscode.window.createQuickPick<Row>();
  Object.assign(pick, { title, placeholder: 'Model', matchOnDescription: true });
  let open = true;
  let update = (): void => undefined;
  const reading = (async () => {
    let shown = performance.now();
    for (const file of files.slice(0, READ)) {
      const answer = await outlines.get(file.uri).catch(() => undefined);
      if (!open) return;
      if (answer === undefined) continue;
      if ('error' in answer) said.set(file, { input: '', reason: 'not readable' });
      else {
        const { outline } = answer;
        const reason = unfit(outline);
        const input = outline.inputs[0]?.dims.join('×') ?? '';
        said.set(file, { input, bytes: outline.totalBytes ?? file.bytes, ...(reason === undefined ? {} : { reason }) });
      }
      if (performance.now() - shown < SHOW_MS) continue;
      update();
      shown = performance.now();
    }
    update();
  })();
  await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, WAIT_MS))]);
  // What is known by now orders the rows. Later ones are filled in where they stand: none moves away under the pointer.
  const bad = files.filter((file) => said.get(file)?.reason !== undefined);
  const good = files.filter((file) => !bad.includes(file));
  update = () => {
    const active = pick.activeItems[0]?.uri?.toString();
    const rest = { label: 'cannot be used here', kind: vscode.QuickPickItemKind.Separator };
    pick.keepScrollPosition = true;
    pick.items = bad.length === 0 ? good.map(row) : [...good.map(row), rest, ...bad.map(row)];
    const again = pick.items.filter((each) => each.uri !== undefined && each.uri.toString() === active);
    if (again.length > 0) pick.activeItems = again;
  };
  update();
  const chosen = new Promise<vscode.Uri | undefined>((resolve) => {
    pick.onDidAccept(() => resolve(pick.selectedItems[0]?.uri));
    pick.onDidHide(() => resolve(undefined));
  }).finally(() => (open = false));
  pick.show();
  const uri = await chosen;
  pick.dispose();
  return uri;
}

/** Why a model cannot be shown a picture: none of its inputs has the rank of one. */
export function takesNoPicture({ inputs }: Outline): string | undefined {
  if (inputs.length === 0) return 'has no input';
  // Without dimensions nothing is said against it. Three are a grey picture or one without a batch.
  const possible = inputs.some(
    ({ type, dims }) => type !== 'string' && (dims.length === 0 || dims.length === 3 || dims.length === 4),
  );
  return possible ? undefined : 'takes no picture';
}
