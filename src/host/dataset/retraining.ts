import * as vscode from 'vscode';
import { canonical } from '../../base/canonical.js';
import { given } from '../../base/given.js';
import type { Call, Handlers } from '../../protocol/channel.js';
import type { RoarProgress } from '../../protocol/benchmark.js';
import type { DatasetHostApi, RoarBegun } from '../../protocol/datasetPanel.js';
import { fileAt, named, nameOf, pathOf } from '../names.js';
import { shellOf } from '../explain/commandLine.js';
import { showBriefly } from '../plain.js';
import { askAbout } from '../runner/asking.js';
import type { HostServices } from '../services.js';
import { roarCommand } from './commandLine.js';
import type { RoarJob } from './roarJob.js';
import type { DatasetTopicFiles } from './topicFiles.js';

type Chapter = Pick<Handlers<DatasetHostApi>, 'roar' | 'roarPlace' | 'stopRoar' | 'copyRoarCommand'>;

/** In a job's folder: what a panel has asked there, so that another one can go on. */
const ASKED = 'panel.json';
const SCHEMA = 'onnx-lens/roar-panel/1';

/** Remove and retrain on the pictures of a panel, in a folder that keeps what is done. */
export function retrainingHandlers(services: HostServices, { model, place }: DatasetTopicFiles, job: RoarJob): Chapter {
  return {
    roarPlace: async ({ choose }) => {
      const folder = choose === true ? await chosenFolder() : defaultFolder(model, place);
      return folder && { folder: named(folder), ...given({ begun: await readAsked(folder) }) };
    },
    roar: ({ folder, ...asked }, call) =>
      job.ask(canonical({ ...services.request(model), ...asked, folder }), call, async (own: Call<RoarProgress>) => {
        await writeAsked(fileAt(folder), asked);
        const request = { ...asked, place: pathOf(place), job: { folder: pathOf(fileAt(folder)) } };
        return askAbout(services, model, 'roar', { ...services.request(model), ...request }, own, (read) => read());
      }),
    stopRoar: async () => job.stop(),
    copyRoarCommand: async ({ folder, ...asked }) => {
      const file = (uri: vscode.Uri): string => vscode.workspace.asRelativePath(uri, false);
      const files = { model: file(model), place: file(place), folder: file(fileAt(folder)) };
      await vscode.env.clipboard.writeText(roarCommand(files, asked, shellOf(vscode.env.shell, process.platform)));
      showBriefly('Copied the command line', 4000);
    },
  };
}

/** Beside the place, always the same: its units say themselves what they belong to, so several questions have room in it. */
function defaultFolder(model: vscode.Uri, place: vscode.Uri): vscode.Uri {
  const stem = (uri: vscode.Uri): string => nameOf(uri).replace(/\.[^.]+$/, '');
  return vscode.Uri.joinPath(place, '..', `${stem(place)}-${stem(model)}-roar`);
}

async function chosenFolder(): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title: 'Keep the Trainings in…',
    openLabel: 'Choose',
    canSelectFiles: false,
    canSelectFolders: true,
  });
  return picked?.[0];
}

async function writeAsked(folder: vscode.Uri, asked: RoarBegun): Promise<void> {
  await vscode.workspace.fs.createDirectory(folder);
  const text = `${JSON.stringify({ schema: SCHEMA, ...asked }, null, 2)}\n`;
  await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(folder, ASKED), new TextEncoder().encode(text));
}

/** What was asked there; nothing where that cannot be understood: it is a convenience, and the units say what they are. */
async function readAsked(folder: vscode.Uri): Promise<RoarBegun | undefined> {
  try {
    const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder, ASKED));
    const read = JSON.parse(new TextDecoder().decode(bytes)) as Partial<RoarBegun & { schema: string }>;
    const { schema, methods, params, training, seed } = read;
    if (schema !== SCHEMA || !Array.isArray(methods) || typeof seed !== 'number') return undefined;
    const known = methods.filter((each) => typeof (each as { method?: unknown } | null)?.method === 'string');
    return { methods: known, params: valuesOf(params), training: valuesOf(training), seed };
  } catch {
    return undefined;
  }
}

function valuesOf(read: unknown): RoarBegun['params'] {
  if (typeof read !== 'object' || read === null) return {};
  const plain = (v: unknown): v is string | number | boolean => ['string', 'number', 'boolean'].includes(typeof v);
  return Object.fromEntries(Object.entries(read).filter((entry): entry is [string, string] => plain(entry[1])));
}
