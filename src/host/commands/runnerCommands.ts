import * as vscode from 'vscode';
import { formatBytes } from '../format.js';
import { pickRow, showInformation } from '../plain.js';
import type { RunnerPair } from '../runner/pair.js';
import type { HostServices } from '../services.js';
import { PROVIDERS } from '../settings.js';
import { providerName, type StatusItem } from '../statusItem.js';
import type { FilesOutside } from '../workspace/outside.js';
import { registerCommands } from './register.js';

type Provider = (typeof PROVIDERS)[number];

const PROVIDER_TEXT: Readonly<Record<Provider, string>> = {
  auto: 'The fastest that works here',
  cpu: 'Works everywhere',
  webgpu: 'Any graphics card, through WebGPU',
  cuda: 'NVIDIA, through CUDA',
  dml: 'Windows, through DirectML',
  coreml: 'macOS, through Core ML',
};

/** Providers that ONNX Runtime has a build of for a platform. */
function providersOf(platform: NodeJS.Platform): readonly Provider[] {
  const absent: readonly Provider[] =
    platform === 'win32' ? ['cuda', 'coreml'] : platform === 'darwin' ? ['cuda', 'dml'] : ['dml', 'coreml'];
  return PROVIDERS.filter((provider) => !absent.includes(provider));
}

/** The commands about the process that runs models, and about the extension itself. */
export function runnerCommands(
  extensionId: string,
  services: HostServices,
  { runner, status, outside }: { runner: RunnerPair; status: StatusItem; outside: FilesOutside },
): vscode.Disposable {
  const { log, settings } = services;

  const selectProvider = async (): Promise<void> => {
    const current = settings.get('provider');
    const items = providersOf(process.platform).map((provider) => ({
      label: provider === 'auto' ? 'Automatic' : providerName(provider),
      description: provider === current ? 'current' : '',
      detail: PROVIDER_TEXT[provider],
      provider,
    }));
    const picked = await pickRow(items, { title: 'Run Models with' });
    if (picked === undefined) return;
    const configuration = vscode.workspace.getConfiguration('onnxLens');
    // Where the setting is already made for this workspace, the user's own one would have no effect.
    const inWorkspace = configuration.inspect('provider')?.workspaceValue !== undefined;
    await configuration.update(
      'provider',
      picked.provider,
      inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global,
    );
  };

  return registerCommands(services.notify, {
    selectProvider,
    restartRunner: () => runner.restart(),
    showLog: () => log.show(true),
    askAboutFilesAgain: async () => {
      await outside.forget();
      // Their keys do not say which files could be read.
      services.answers.clear();
    },
    emptyStore: async () => {
      const client = await services.runner();
      const { bytes } = await client.emptyStore({});
      const said =
        bytes === 0 ? 'Nothing was kept.' : `${formatBytes(bytes)} of predictions and features were removed.`;
      void showInformation(said);
    },
    cancel: () => status.cancel(),
    openWalkthrough: () =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', `${extensionId}#firstSteps`, false),
  });
}
