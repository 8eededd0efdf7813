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

/** Which models are offered, and for what. */
export interface ModelQuestion {
  readonly models: Models;
  /** The picture or other file that they are wanted for. */
  readonly near: vscode.Uri | undefined;
  readonly title: string;
  /** What the models say of themselves. */
  readonly outlines: Outlines;
  /** Why a model cannot do what is wanted; by default any that can be read does. */
  readonly unfit?: (outline: Outline) => string | undefined;
}

/** A row that is no file of the workspace. */
export interface OtherRow extends vscode.QuickPickItem {
  readonly uri?: undefined;
}

interface FileRow extends vscode.QuickPickItem {
  readonly uri: vscode.Uri;
  readonly unfit: boolean;
}

type Row = OtherRow | FileRow;

/**
 * The model to work with: the only one, or the one that is picked. Undefined when the question is dismissed. Rows say size,
 * input and age; what is known not to take a picture stands at the end, with the reason.
 *
 * @throws LensError `models/none` when the workspace has none
 */
export async function chooseModel(question: ModelQuestion): Promise<vscode.Uri | undefined> {
  const files = await modelsFor(question);
  if (files.length === 1) return files[0]!.uri;
  return (await askFor(question, files, { placeholder: 'Model' }))?.[0]?.uri;
}

/** Models, and rows that are none of the workspace's, as far as they were picked; in the order of the list. */
export interface ManyModels {
  readonly models: readonly vscode.Uri[];
  readonly others: readonly OtherRow[];
}

/**
 * Several of the models, with boxes to tick. What cannot be used stands at the end and is not ticked.
 *
 * @param others rows beside them
 * @throws LensError `models/none` when the workspace has none
 */
export async function chooseModels(
  question: ModelQuestion,
  placeholder: string,
  others: readonly OtherRow[],
): Promise<ManyModels | undefined> {
  const files = await modelsFor(question);
  const picked = await askFor(question, files, { placeholder, others, many: true });
  if (picked === undefined) return undefined;
  return {
    models: files.map(({ uri }) => uri).filter((uri) => picked.some((row) => row.uri?.toString() === uri.toString())),
    others: others.filter((row) => picked.includes(row)),
  };
}

/** One of the models but `own`, or of other rows. */
export async function chooseOther(
  question: ModelQuestion,
  own: vscode.Uri,
  others: readonly OtherRow[],
): Promise<vscode.Uri | OtherRow | undefined> {
  const files = (await modelsFor(question)).filter(({ uri }) => uri.toString() !== own.toString());
  const [picked] = (await askFor(question, files, { placeholder: 'Model', others })) ?? [];
  return picked?.uri ?? picked;
}

async function modelsFor({ models, near }: ModelQuestion): Promise<readonly Offered[]> {
  await models.ready();
  const files = await offered(models, near);
  if (files.length > 0) return files;
  throw new LensError('usage', 'models/none', 'There is no ONNX model in this workspace.', {
    hint: 'Export one into it, or begin with the example model.',
  });
}

interface Asking {
  readonly placeholder: string;
  readonly others?: readonly OtherRow[];
  readonly many?: boolean;
}

async function askFor(
  { models, title, outlines, unfit = () => undefined }: ModelQuestion,
  files: readonly Offered[],
  { placeholder, others = [], many = false }: Asking,
): Promise<readonly Row[] | undefined> {
  const last = models.lastUsed?.toString();
  const said = new Map<Offered, { readonly input: string; readonly reason?: string; readonly bytes?: number }>();
  const row = (file: Offered): FileRow => {
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
      unfit: reason !== undefined,
    };
  };
  const pick = vscode.window.createQuickPick<Row>();
  Object.assign(pick, { title: plainRow(title), placeholder, matchOnDescription: true, canSelectMany: many });
  // Until every row says what it can.
  pick.busy = true;
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
    pick.busy = false;
  })();
  await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, WAIT_MS))]);
  // What is known by now orders the rows. Later ones are filled in where they stand: none moves away under the pointer.
  const bad = files.filter((file) => said.get(file)?.reason !== undefined);
  const good = files.filter((file) => !bad.includes(file));
  const [none, beside]: readonly OtherRow[] = ['cannot be used here', 'for comparison'].map((label) => ({
    label,
    kind: vscode.QuickPickItemKind.Separator,
  }));
  update = () => {
    const same = (rows: readonly Row[]): readonly Row[] =>
      pick.items.filter((item) => rows.some((each) => isSame(item, each)));
    const [active, selected] = [pick.activeItems, pick.selectedItems];
    pick.keepScrollPosition = true;
    pick.items = [
      ...good.map(row),
      ...(others.length === 0 ? [] : [beside!, ...others]),
      ...(bad.length === 0 ? [] : [none!, ...bad.map(row)]),
    ];
    const again = same(active);
    if (again.length > 0) pick.activeItems = again;
    if (many) pick.selectedItems = fitting(same(selected));
  };
  update();
  if (many) {
    pick.onDidChangeSelection((rows) => {
      const left = fitting(rows);
      if (left.length < rows.length) pick.selectedItems = left;
    });
  }
  const chosen = new Promise<readonly Row[] | undefined>((resolve) => {
    pick.onDidAccept(() => pick.selectedItems.length > 0 && resolve([...pick.selectedItems]));
    pick.onDidHide(() => resolve(undefined));
  }).finally(() => (open = false));
  pick.show();
  const rows = await chosen;
  pick.dispose();
  return rows;
}

const isSame = (a: Row, b: Row): boolean => a === b || (a.uri !== undefined && a.uri.toString() === b.uri?.toString());

/** What cannot be used is not ticked. */
const fitting = (rows: readonly Row[]): readonly Row[] => rows.filter((row) => row.uri === undefined || !row.unfit);

/** Why a model cannot be shown a picture: none of its inputs has the rank of one. */
export function takesNoPicture({ inputs }: Outline): string | undefined {
  if (inputs.length === 0) return 'has no input';
  // Without dimensions nothing is said against it. Three are a grey picture or one without a batch.
  const possible = inputs.some(
    ({ type, dims }) => type !== 'string' && (dims.length === 0 || dims.length === 3 || dims.length === 4),
  );
  return possible ? undefined : 'takes no picture';
}
