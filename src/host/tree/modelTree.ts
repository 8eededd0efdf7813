import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { Disposables } from '../../base/disposable.js';
import { LensError } from '../../base/errors.js';
import { folderTree } from './folderTree.js';
import { groupLayers, isGroup, type LayerGroup, type LayerItem } from './layerGroups.js';
import { modelTooltip } from './modelTooltip.js';
import type { LayerSelection } from '../workspace/selection.js';
import type { Outlines } from '../workspace/outlines.js';
import type { HostServices, ModelFile, Models } from '../services.js';
import {
  itemOf,
  summarise,
  versionOf,
  type FolderElement,
  type GroupElement,
  type LayerElement,
  type ModelElement,
  type TreeElement,
} from './treeElements.js';

/** Up to this many models all folders are open from the start. */
const OPEN_FOLDERS = 50;
/** So many models of an opened folder are read for their opset without being asked; the others when they are expanded or hovered. */
const READ_AHEAD = 60;
const BATCH_MS = 150;

/** The view "Models": folders, models, and what is in them. A model is read when its folder is open, and never by the host. */
export class ModelTree implements vscode.TreeDataProvider<TreeElement>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<TreeElement[] | undefined>();
  private readonly models = new Map<string, ModelElement>();
  private readonly parents = new WeakMap<TreeElement, TreeElement>();
  private readonly stale = new Set<TreeElement>();
  private staleTimer: NodeJS.Timeout | undefined;
  private readonly disposables = new Disposables();
  readonly onDidChangeTreeData = this.changed.event;
  readonly view: vscode.TreeView<TreeElement>;

  private readonly files: Models;
  private readonly outlines: Outlines;

  constructor({ models: files, outlines, selection }: HostServices) {
    this.files = files;
    this.outlines = outlines;
    this.disposables.onDispose(() => clearTimeout(this.staleTimer));
    this.disposables.add(this.changed);
    this.view = this.disposables.add(
      vscode.window.createTreeView<TreeElement>('onnxLens.models', {
        treeDataProvider: this,
        showCollapseAll: true,
        canSelectMany: true,
      }),
    );
    this.disposables.addAll(
      files.onDidChange(() => this.changed.fire(undefined)),
      files.onDidChangeFile((uri) => {
        const element = this.models.get(uri.toString());
        if (element !== undefined) this.fileChanged(element);
      }),
      this.follow(selection),
    );
  }

  dispose(): void {
    this.disposables.dispose();
  }

  async getChildren(parent?: TreeElement): Promise<TreeElement[]> {
    const children = await this.childrenOf(parent);
    if (parent !== undefined) for (const child of children) this.parents.set(child, parent);
    return children;
  }

  getParent(element: TreeElement): TreeElement | undefined {
    return this.parents.get(element);
  }

  getTreeItem(element: TreeElement): vscode.TreeItem {
    const item = itemOf(element, this.files.list().length <= OPEN_FOLDERS);
    item.id = element.id;
    return item;
  }

  /** The tooltip of a model needs its outline: read when the pointer rests on it. */
  async resolveTreeItem(item: vscode.TreeItem, element: TreeElement): Promise<vscode.TreeItem> {
    if (element.kind === 'model') {
      const answer = await this.outlines.get(element.uri).catch(() => undefined);
      item.tooltip = modelTooltip(element.uri, element.bytes, answer);
    }
    return item;
  }

  /** Selects the row of the layer that is selected elsewhere, while the view is in sight. */
  private follow(selection: LayerSelection): vscode.Disposable {
    return selection.onDidChange(({ model, layer, by }) => {
      if (by !== this && layer !== undefined && this.view.visible) void this.reveal(model, layer);
    });
  }

  /** Shows the row of a layer without taking the focus; where it is not listed nothing happens. */
  private async reveal(model: vscode.Uri, layer: string): Promise<void> {
    const search = async (parent?: TreeElement): Promise<TreeElement | undefined> => {
      for (const element of await this.getChildren(parent)) {
        if (element.kind === 'layer' && element.layer.name === layer) return element;
        if (!mayHold(element, model, layer)) continue;
        const found = await search(element);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    const element = await search();
    if (element !== undefined) await this.view.reveal(element, { select: true, focus: false });
  }

  private async childrenOf(parent: TreeElement | undefined): Promise<TreeElement[]> {
    switch (parent?.kind) {
      case undefined:
        await this.files.ready();
        return this.roots();
      case 'folder':
        return this.inFolder(parent);
      case 'model':
        return this.inModel(parent);
      case 'group':
        return parent.group.items.map((item, index) => layerElement(parent.model, `${parent.id}/${index}`, item));
      default:
        return [];
    }
  }

  private async roots(): Promise<TreeElement[]> {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const byFolder = new Map<vscode.WorkspaceFolder, ModelFile[]>(folders.map((folder) => [folder, []]));
    for (const file of this.files.list())
      byFolder.get(vscode.workspace.getWorkspaceFolder(file.uri) ?? folders[0]!)?.push(file);
    const known = new Set(this.files.list().map((file) => file.uri.toString()));
    for (const key of this.models.keys()) if (!known.has(key)) this.models.delete(key);
    const roots = [...byFolder]
      .filter(([, files]) => files.length > 0)
      .map(([folder, files]): FolderElement => {
        const node = folderTree(files, (file) => folderBelow(folder.uri, file.uri));
        return {
          kind: 'folder',
          id: `w:${folder.uri.toString()}`,
          label: folder.name,
          uri: folder.uri,
          node,
          root: true,
        };
      });
    return roots.length === 1 ? this.inFolder(roots[0]!) : roots;
  }

  private async inFolder(parent: FolderElement): Promise<TreeElement[]> {
    const base = parent.root ? parent.uri : rootOf(parent);
    const folders = parent.node.folders.map((node): FolderElement => {
      const uri = vscode.Uri.joinPath(base, node.path);
      return { kind: 'folder', id: `f:${uri.toString()}`, label: node.name, uri, node, root: false };
    });
    const models = await Promise.all(parent.node.files.map((file) => this.modelElement(file)));
    void this.readAhead(models.slice(0, READ_AHEAD));
    return [...folders, ...models];
  }

  private async modelElement({ uri }: ModelFile): Promise<ModelElement> {
    const key = uri.toString();
    let element = this.models.get(key);
    if (element === undefined)
      this.models.set(key, (element = { kind: 'model', id: `m:${key}`, uri, bytes: 0, modified: 0 }));
    await measure(element);
    return element;
  }

  private async readAhead(models: readonly ModelElement[]): Promise<void> {
    await Promise.allSettled(
      models.map(async (element) => {
        if (element.summary?.of === versionOf(element)) return;
        summarise(element, await this.outlines.get(element.uri));
        this.refresh(element);
      }),
    );
  }

  private async inModel({ uri, id }: ModelElement): Promise<TreeElement[]> {
    try {
      const answer = await this.outlines.get(uri);
      if ('error' in answer) return [{ kind: 'problem', id: `${id}!`, error: answer.error }];
      return groupLayers(answer.outline.layers).map((item, index) => layerElement(uri, `${id}#${index}`, item));
    } catch (error) {
      if (!(error instanceof LensError)) throw error;
      return [{ kind: 'problem', id: `${id}!`, error }];
    }
  }

  private fileChanged(element: ModelElement): void {
    void measure(element).then(() => {
      this.refresh(element);
      return this.readAhead([element]);
    });
  }

  /** Redraws one row; many at once are one event. */
  private refresh(element: TreeElement): void {
    this.stale.add(element);
    this.staleTimer ??= setTimeout(() => {
      this.staleTimer = undefined;
      this.changed.fire([...this.stale]);
      this.stale.clear();
    }, BATCH_MS);
  }
}

function layerElement(model: vscode.Uri, id: string, item: LayerGroup | LayerItem): GroupElement | LayerElement {
  return isGroup(item)
    ? { kind: 'group', id, model, group: item }
    : { kind: 'layer', id, model, label: item.label, layer: item.layer };
}

/** Whether a row may hold the layer of a model: whole subtrees are passed over. */
function mayHold(element: TreeElement, model: vscode.Uri, layer: string): boolean {
  switch (element.kind) {
    case 'folder':
      return model.path.startsWith(`${element.uri.path}/`);
    case 'model':
      return element.uri.toString() === model.toString();
    case 'group':
      return holds(element.group, layer);
    default:
      return false;
  }
}

function holds(group: LayerGroup, layer: string): boolean {
  return group.items.some((item) => (isGroup(item) ? holds(item, layer) : item.layer.name === layer));
}

async function measure(element: ModelElement): Promise<void> {
  try {
    const { size, mtimeMs } = await stat(element.uri.fsPath);
    element.bytes = size;
    element.modified = mtimeMs;
  } catch {
    // Gone since it was found: the watcher says so in a moment.
  }
}

/** The workspace folder of a folder below it. */
function rootOf({ uri, node }: FolderElement): vscode.Uri {
  return uri.with({ path: uri.path.slice(0, uri.path.length - node.path.length - 1) || '/' });
}

function folderBelow(root: vscode.Uri, file: vscode.Uri): string {
  const prefix = root.path.endsWith('/') ? root.path : `${root.path}/`;
  const below = file.path.startsWith(prefix) ? file.path.slice(prefix.length) : file.path;
  return below.slice(0, Math.max(0, below.lastIndexOf('/')));
}
