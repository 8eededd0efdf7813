import * as vscode from 'vscode';
import { pickRow } from '../plain.js';
import { given } from '../../base/given.js';
import { LensError } from '../../base/errors.js';
import type { ExplainPanels } from './explainPanels.js';
import { addExampleModel, shippedExample } from '../workspace/example.js';
import { chooseNetworks } from './chooseNetwork.js';
import { chooseModel, takesNoPicture } from '../workspace/modelChoice.js';
import { activeFile, browse, browseFolder, isPicture, picturesIn, pickPicture } from '../workspace/pictures.js';
import { nameOf, pathOf } from '../names.js';
import type { HostServices } from '../services.js';
import type { LayerElement, ModelElement } from '../tree/treeElements.js';
import { registerCommands, selectedFiles } from '../commands/register.js';

/** The commands that lead to a picture with its explanation. */
export function explainCommands(services: HostServices, panels: ExplainPanels): vscode.Disposable {
  const { models, outlines } = services;
  const choose = (near: vscode.Uri | undefined, title: string): Promise<vscode.Uri | undefined> =>
    chooseModel({ models, near, title, outlines, unfit: takesNoPicture });

  const explainImage = async (...args: readonly unknown[]): Promise<void> => {
    const images = await imagesOf(args);
    if (images.length === 0) return;
    // It starts while the model is chosen and the page loads; whatever is wrong with it is said by the page.
    void services.runner().catch(() => undefined);
    const model = await choose(images[0], `Explain ${nameOfAll(images)}`);
    if (model === undefined) return;
    models.use(model);
    openEarly(services, model, images[0]!);
    panels.show({ images, model });
  };

  /** The same pictures by several networks, beside each other. */
  const explainModels = async (...args: readonly unknown[]): Promise<void> => {
    const images = await imagesOf(args);
    if (images.length === 0) return;
    void services.runner().catch(() => undefined);
    const title = `Explain ${nameOfAll(images)} with Several Models`;
    const chosen = await chooseNetworks(services, images[0], title);
    if (chosen === undefined) return;
    const { model, others } = chosen;
    models.use(model);
    openEarly(services, model, images[0]!);
    panels.show({ images, model, ...(others.length === 0 ? {} : { networks: others }) });
  };

  const explainFolder = async (...args: readonly unknown[]): Promise<void> => {
    const folder = selectedFiles(args)[0] ?? (await browseFolder('Explain the Pictures of a Folder', 'Explain'));
    if (folder === undefined) return;
    const all = await picturesIn(folder);
    if (all.length === 0) {
      throw new LensError('input', 'picture/none', `There is no picture in "${nameOf(folder)}".`, {
        hint: 'A .npy array counts as one.',
      });
    }
    const images = all.length <= MANY ? all : await howMany(all, nameOf(folder));
    if (images === undefined) return;
    const title = `Explain ${images.length} Pictures of ${nameOf(folder)}`;
    const model = await choose(images[0], title);
    if (model === undefined) return;
    models.use(model);
    openEarly(services, model, images[0]!);
    panels.show({ images, model });
  };

  const explainWith = async (...args: readonly unknown[]): Promise<void> => {
    const { model, layer } = (await targetOf(args)) ?? {};
    if (model === undefined) return;
    const image = await pickPicture(
      model,
      layer === undefined ? `Explain with ${nameOf(model)}` : `Explain at ${layer} of ${nameOf(model)}`,
    );
    if (image === undefined) return;
    models.use(model);
    openEarly(services, model, image);
    panels.show({ images: [image], model, ...given({ layer }) });
  };

  /** A tree row, a file of the explorer, or nothing: then the model is asked for. */
  const targetOf = async (args: readonly unknown[]): Promise<{ model: vscode.Uri; layer?: string } | undefined> => {
    const element = args[0] as ModelElement | LayerElement | vscode.Uri | undefined;
    if (element instanceof vscode.Uri) return { model: element };
    if (element?.kind === 'model') return { model: element.uri };
    if (element?.kind === 'layer') return { model: element.model, layer: element.layer.name };
    const model = await choose(activeFile(), 'Explain with a Model');
    return model === undefined ? undefined : { model };
  };

  return registerCommands(services.notify, {
    explainImage,
    explainModels,
    explainFolder,
    explainWith,
    explainExample: async () => {
      const { model, image } = await shippedExample(services.extension);
      openEarly(services, model, image);
      panels.show({ images: [image], model });
    },
    addExampleModel: async () => {
      const model = await addExampleModel(services.extension);
      if (model !== undefined) await vscode.commands.executeCommand('onnxLens.models.focus');
    },
  });
}

/** The runner opens the model while the page loads, which takes as long; whatever is wrong is said when the page asks. */
function openEarly(services: HostServices, model: vscode.Uri, image: vscode.Uri): void {
  if (image.scheme !== 'file' || model.scheme !== 'file') return;
  void services
    .runner()
    .then((runner) => runner.predict({ ...services.request(model), inputs: [pathOf(image)] }))
    .catch(() => undefined);
}

async function imagesOf(args: readonly unknown[]): Promise<vscode.Uri[]> {
  if (isFromExplorer(args[0])) await vscode.commands.executeCommand('filesExplorer.openFilePreserveFocus');
  const selected = selectedFiles(args);
  const pictures = selected.filter(isPicture);
  if (pictures.length > 0) return pictures;
  if (selected.length > 0) {
    throw new LensError('usage', 'picture/kind', `"${nameOf(selected[0]!)}" is neither a picture nor a .npy array.`);
  }
  const active = activeFile();
  if (active !== undefined && isPicture(active)) return [active];
  // From the palette: those of the workspace, the nearest to what is open first.
  const near = active ?? vscode.workspace.workspaceFolders?.[0]?.uri;
  const picked = near === undefined ? await browse('Explain a Picture') : await pickPicture(near, 'Explain a Picture');
  return picked === undefined ? [] : [picked];
}

/** A key was pressed in the explorer, which does not say on which file: the file is opened, and is the active one then. */
function isFromExplorer(argument: unknown): boolean {
  return typeof argument === 'object' && argument !== null && 'from' in argument && argument.from === 'explorer';
}

const nameOfAll = (images: readonly vscode.Uri[]): string =>
  images.length === 1 ? nameOf(images[0]!) : `${images.length} Pictures`;

/** More pictures than these are not explained without being asked about: each costs time and some memory. */
const MANY = 60;

/** A part of many pictures, evenly over the folder, or all of them. */
async function howMany(all: readonly vscode.Uri[], folder: string): Promise<readonly vscode.Uri[] | undefined> {
  const some = Array.from({ length: MANY }, (_, i) => all[Math.floor((i * all.length) / MANY)]!);
  const items = [
    { label: `${MANY} of them`, description: 'evenly over the folder', images: some },
    { label: `All ${all.length}`, description: 'takes a while; can be cancelled', images: all },
  ];
  const title = `${all.length} Pictures in ${folder}`;
  return (await pickRow(items, { title, placeHolder: 'Explain …' }))?.images;
}
