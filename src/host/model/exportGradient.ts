import * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import type { GradientFile } from '../../protocol/gradient.js';
import { formatBytes } from '../format.js';
import { nameOf, pathOf } from '../names.js';
import { pickRow, showInformation, showWarning } from '../plain.js';
import type { HostServices } from '../services.js';

type Weights = 'shared' | 'embedded';

/** What would be asked otherwise: for other extensions, key bindings and tests. */
export interface ExportChoice {
  readonly file?: vscode.Uri;
  readonly weights?: Weights;
}

/**
 * Writes the gradient graph of a model as an ordinary `.onnx`: asks where its weights shall be and where to save, shows
 * progress in the status bar, and says what was written. Answers the file; undefined when a question is dismissed.
 */
export async function exportGradient(
  services: HostServices,
  model: vscode.Uri,
  choice: ExportChoice = {},
): Promise<vscode.Uri | undefined> {
  const weights = choice.weights ?? (await askForWeights(model));
  if (weights === undefined) return undefined;
  const file = choice.file ?? (await askForFile(model, weights));
  if (file === undefined) return undefined;
  if (file.scheme !== 'file')
    throw new LensError('usage', 'gradient/scheme', `${nameOf(file)} would not lie on this machine.`, {
      hint: 'Choose a place on the disk.',
    });
  try {
    const written = await write(services, model, file, weights);
    void tell(model, file, weights, written);
    return file;
  } catch (error) {
    // The one refusal that another choice of these lifts.
    if (!(error instanceof LensError) || error.code !== 'gradient/folder') throw error;
    const copy = 'Copy the Weights In';
    const text = `${error.message} Write it beside the model, or copy the weights into it.`;
    if ((await showWarning(text, copy)) !== copy) return undefined;
    return exportGradient(services, model, { file, weights: 'embedded' });
  }
}

function write(services: HostServices, model: vscode.Uri, file: vscode.Uri, weights: Weights): Promise<GradientFile> {
  return services.status.work(`exporting the gradient of ${nameOf(model)}`, async (signal, progress) =>
    (await services.runner()).exportGradient(
      { ...services.request(model), file: pathOf(file), embed: weights === 'embedded' },
      { signal, onProgress: progress },
    ),
  );
}

async function askForWeights(model: vscode.Uri): Promise<Weights | undefined> {
  const { size } = await vscode.workspace.fs.stat(model);
  const items: readonly (vscode.QuickPickItem & { readonly weights: Weights })[] = [
    {
      label: 'Leave the weights where they are',
      detail: `A small file that must stay in the folder of ${nameOf(model)} or above it`,
      weights: 'shared',
    },
    {
      label: 'Copy the weights in',
      detail: `A file of about ${formatBytes(size)} or more that stands alone`,
      weights: 'embedded',
    },
  ];
  const picked = await pickRow(items, {
    title: `Export the Gradient Graph of ${nameOf(model)}`,
    placeHolder: 'Weights',
  });
  return picked?.weights;
}

async function askForFile(model: vscode.Uri, weights: Weights): Promise<vscode.Uri | undefined> {
  const file = await vscode.window.showSaveDialog({
    title: weights === 'shared' ? 'Save the Gradient Graph beside Its Model' : 'Save the Gradient Graph',
    saveLabel: 'Export',
    defaultUri: vscode.Uri.joinPath(model, '..', `${nameOf(model).replace(/\.onnx$/i, '')}.gradient.onnx`),
    filters: { 'ONNX model': ['onnx'] },
  });
  return file === undefined || /\.onnx$/i.test(file.path) ? file : file.with({ path: `${file.path}.onnx` });
}

async function tell(model: vscode.Uri, file: vscode.Uri, weights: Weights, written: GradientFile): Promise<void> {
  const { score, wrt, bytes, notes } = written;
  const where = weights === 'shared' ? `Its weights stay in ${nameOf(model)}.` : 'Its weights are copied in.';
  const what = `It gives ${score}[target] and its gradient with respect to ${wrt}.`;
  const text = [`Saved ${nameOf(file)} (${formatBytes(bytes)}).`, what, where, ...notes];
  const inWorkspace = vscode.workspace.getWorkspaceFolder(file) !== undefined;
  const reveal = inWorkspace ? 'Reveal in Explorer' : 'Open Containing Folder';
  const answer = await showInformation(text.join(' '), 'Open', reveal);
  if (answer === 'Open') await vscode.commands.executeCommand('vscode.openWith', file, 'onnxLens.model');
  if (answer === reveal)
    await vscode.commands.executeCommand(inWorkspace ? 'revealInExplorer' : 'revealFileInOS', file);
}
