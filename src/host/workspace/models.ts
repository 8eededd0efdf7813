import * as vscode from 'vscode';
import { Disposables } from '../../base/disposable.js';
import { excludeGlob } from './excludes.js';
import type { ModelFile, Models } from '../services.js';

const PATTERN = '**/*.onnx';
const LAST_USED = 'lastUsedModel';
const SETTLE_MS = 300;

/**
 * The `.onnx` files of the workspace. Only their paths are read: a folder with thousands of checkpoints costs one file
 * search. While files come and go the search is repeated, never oftener than a quarter of the time.
 */
export class WorkspaceModels implements Models, vscode.Disposable {
  private files: readonly ModelFile[] = [];
  private paths: ReadonlySet<string> = new Set();
  private scanning: Promise<void> | undefined;
  private scanned = false;
  private again = false;
  private lastScanMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly fileChanged = new vscode.EventEmitter<vscode.Uri>();
  private readonly disposables = new Disposables();
  readonly onDidChange = this.changed.event;
  readonly onDidChangeFile = this.fileChanged.event;

  constructor(
    private readonly memory: vscode.Memento,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.addAll(this.changed, this.fileChanged);
  }

  list(): readonly ModelFile[] {
    return this.files;
  }

  ready(): Promise<void> {
    if (this.scanned) return this.scanning ?? Promise.resolve();
    this.scanned = true;
    this.watch();
    return this.scan();
  }

  get lastUsed(): vscode.Uri | undefined {
    const stored = this.memory.get<string>(LAST_USED);
    if (stored === undefined) return undefined;
    const uri = vscode.Uri.parse(stored);
    return this.paths.has(uri.toString()) ? uri : undefined;
  }

  use(model: vscode.Uri): void {
    void this.memory.update(LAST_USED, model.toString());
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.disposables.dispose();
  }

  private watch(): void {
    const models = vscode.workspace.createFileSystemWatcher(PATTERN);
    models.onDidCreate(() => this.scanSoon());
    models.onDidDelete(() => this.scanSoon());
    models.onDidChange((uri) => this.fileChanged.fire(uri));
    // A folder that comes or goes is one event, without its files. What has an ending is taken for a file when it comes.
    const folders = vscode.workspace.createFileSystemWatcher('**/*', false, true, false);
    folders.onDidCreate((uri) => {
      if (!/\.[^/]*$/.test(uri.path)) this.scanSoon();
    });
    folders.onDidDelete((uri) => {
      const prefix = `${uri.toString()}/`;
      if (this.files.some((file) => file.uri.toString().startsWith(prefix))) this.scanSoon();
    });
    this.disposables.addAll(
      models,
      folders,
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.scanSoon()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('files.exclude') || event.affectsConfiguration('search.exclude'))
          this.scanSoon();
      }),
    );
  }

  private scanSoon(): void {
    this.timer ??= setTimeout(
      () => {
        this.timer = undefined;
        void this.scan();
      },
      Math.max(SETTLE_MS, 3 * this.lastScanMs),
    );
  }

  private scan(): Promise<void> {
    if (this.scanning !== undefined) this.again = true;
    this.scanning ??= this.scanOnce().finally(() => {
      this.scanning = undefined;
      if (this.again) this.scanSoon();
      this.again = false;
    });
    return this.scanning;
  }

  private async scanOnce(): Promise<void> {
    const start = performance.now();
    const found = await Promise.all((vscode.workspace.workspaceFolders ?? []).map((folder) => this.scanFolder(folder)));
    const unique = new Map(found.flat().map((uri) => [uri.toString(), uri]));
    this.files = byPath(unique.values()).map((uri) => ({ uri }));
    this.paths = new Set(unique.keys());
    this.lastScanMs = performance.now() - start;
    this.log.debug(`${this.files.length} models found in ${this.lastScanMs.toFixed(0)} ms.`);
    await vscode.commands.executeCommand('setContext', 'onnxLens.hasModels', this.files.length > 0);
    await vscode.commands.executeCommand('setContext', 'onnxLens.scanned', true);
    this.changed.fire();
  }

  private async scanFolder(folder: vscode.WorkspaceFolder): Promise<vscode.Uri[]> {
    const settings = (name: string): Record<string, unknown> | undefined =>
      vscode.workspace.getConfiguration(name, folder.uri).get<Record<string, unknown>>('exclude');
    try {
      return await vscode.workspace.findFiles(
        new vscode.RelativePattern(folder, PATTERN),
        excludeGlob(settings('files'), settings('search')),
      );
    } catch (error) {
      this.log.warn(
        `The models of "${folder.name}" cannot be searched: ${error instanceof Error ? error.message : String(error)}`,
      );
      return [];
    }
  }
}

/** By path, numbers by value: epoch_2 before epoch_10. */
function byPath(files: Iterable<vscode.Uri>): vscode.Uri[] {
  const collator = new Intl.Collator('en', { numeric: true });
  return [...files].sort((a, b) => collator.compare(a.path, b.path));
}
