import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { AttentionPanels } from './host/attention/attentionPanels.js';
import { CheckTests } from './host/sanity/checkTests.js';
import { checkCommands } from './host/sanity/commands.js';
import { explainCommands } from './host/explain/commands.js';
import { DatasetPanels } from './host/dataset/datasetPanels.js';
import { modelCommands } from './host/model/commands.js';
import { runnerCommands } from './host/commands/runnerCommands.js';
import { Answers } from './host/explain/answers.js';
import { explainPanels, type ExplainPanels } from './host/explain/explainPanels.js';
import { ModelEditors } from './host/model/modelEditor.js';
import { KeptStates } from './host/panel/keptStates.js';
import { LayerSelection } from './host/workspace/selection.js';
import { WorkspaceModels } from './host/workspace/models.js';
import { LastUsed } from './host/workspace/lastUsed.js';
import { TrainPanels } from './host/training/trainPanels.js';
import { VisualizePanels } from './host/reconstruction/visualizePanels.js';
import { ModelTree } from './host/tree/modelTree.js';
import { Notifier } from './host/notify.js';
import { cudaCommands } from './host/provider/cudaCommands.js';
import { CudaSetup } from './host/provider/cudaSetup.js';
import { Outlines } from './host/workspace/outlines.js';
import { PythonLenses } from './host/python/pythonLenses.js';
import { mostBytes } from './host/runner/memory.js';
import { RunnerPair } from './host/runner/pair.js';
import { storeIn } from './host/runner/store.js';
import type { HostServices } from './host/services.js';
import { modelRequest, Settings } from './host/settings.js';
import { StatusItem } from './host/statusItem.js';
import { trustedOnly } from './host/workspaceTrust.js';
import { askModal } from './host/plain.js';
import { pathOf } from './host/names.js';
import { FilesOutside } from './host/workspace/outside.js';

/** What other code can reach through `vscode.extensions.getExtension(…).exports`; our tests do. */
export interface LensApi {
  readonly services: HostServices;
  readonly runner: RunnerPair;
  readonly tree: ModelTree;
  readonly explain: ExplainPanels;
  readonly editors: ModelEditors;
  readonly datasets: DatasetPanels;
  readonly attention: AttentionPanels;
  readonly visualize: VisualizePanels;
  readonly training: TrainPanels;
  readonly checks: CheckTests;
  readonly notifier: Notifier;
  readonly status: StatusItem;
  readonly cuda: CudaSetup;
  /** How long `activate` took. */
  readonly activationMs: number;
}

/** Composition root: creates, registers, disposes. */
export function activate(context: vscode.ExtensionContext): LensApi {
  const start = performance.now();
  const own = <T extends vscode.Disposable>(disposable: T): T => {
    context.subscriptions.push(disposable);
    return disposable;
  };
  const log = own(vscode.window.createOutputChannel('ONNX Lens', { log: true }));
  const settings = own(new Settings());
  const notifier = own(new Notifier(log));
  const status = own(new StatusItem());
  const models = own(new WorkspaceModels(context.workspaceState, log));
  const script = path.join(context.extensionPath, 'dist', 'runner.js');
  const storage = path.join(context.globalStorageUri.fsPath, 'cuda');
  const cuda = own(
    new CudaSetup({
      script,
      storage,
      state: context.globalState,
      settings,
      status,
      log,
      replaceRunner: () => runner.replace(),
    }),
  );
  const store = path.join(context.globalStorageUri.fsPath, 'datasets');
  const runner: RunnerPair = own(
    new RunnerPair(
      {
        script,
        log,
        nodePath: () => settings.get('runner.nodePath'),
        killAfterSeconds: () => settings.get('runner.killAfterSeconds'),
        idleMinutes: () => settings.get('runner.idleMinutes'),
        mostBytes: () => mostBytes(settings.get('memoryLimit')),
        environment: () => ({ ...cuda.environment(), ...storeIn(store) }),
      },
      // Together they stay within the machine.
      { mostBytes: () => mostBytes(settings.get('memoryLimit'), os.totalmem() / 2) },
    ),
  );
  own(settings.onDidChange((changed) => changed('runner.nodePath') && runner.replace()));

  const outside = new FilesOutside({
    memory: context.workspaceState,
    roots: () =>
      (vscode.workspace.workspaceFolders ?? [])
        .filter(({ uri }) => uri.scheme === 'file')
        .map(({ uri }) => pathOf(uri)),
    trusted: () => vscode.workspace.isTrusted,
    ask: askModal,
  });
  const client = outside.over(trustedOnly(runner.client, context.extensionPath, () => vscode.workspace.isTrusted));
  const services: HostServices = {
    extension: context.extensionUri,
    runner: () => Promise.resolve(client),
    settings,
    log,
    status,
    models,
    outlines: new Outlines(() => Promise.resolve(client)),
    selection: own(new LayerSelection()),
    lastUsed: new LastUsed(context.workspaceState),
    kept: new KeptStates(context.workspaceState),
    answers: new Answers(),
    request: (model) => modelRequest(settings, model),
    notify: notifier.notify,
  };
  const tree = own(new ModelTree(services));
  const explain = own(explainPanels(services));
  const editors = own(
    new ModelEditors(services, (model) => explain.open.some((panel) => panel.model.toString() === model.toString())),
  );
  const datasets = own(new DatasetPanels(services, explain, context.workspaceState));
  const attention = own(new AttentionPanels(services, explain));
  const visualize = own(new VisualizePanels(services, explain));
  const training = own(new TrainPanels(services));
  const checks = own(new CheckTests(services));
  own(checkCommands(services, checks, explain, datasets));
  own(new PythonLenses(services));
  own(explainCommands(services, explain));
  own(modelCommands(services, tree, editors));
  own(runnerCommands(context.extension.id, services, { runner, status, outside }));
  own(cudaCommands(services, cuda, storage));
  const activationMs = performance.now() - start;
  return {
    services,
    runner,
    tree,
    explain,
    editors,
    datasets,
    attention,
    visualize,
    training,
    checks,
    notifier,
    status,
    cuda,
    activationMs,
  };
}
