import * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import { plain } from '../plain.js';
import { registerCommands } from '../commands/register.js';
import type { HostServices } from '../services.js';
import { fits, missing, type Candidate } from './cudaSearch.js';
import type { CudaSearchResult, CudaSetup } from './cudaSetup.js';
import { against, candidateName, cardLine, lacks, names, pipCommand } from './cudaText.js';
import { CUDA_PACKAGE } from './cudaPackage.js';
import { fetchedFolder, isFetched } from './fetched.js';

interface Deed extends vscode.QuickPickItem {
  readonly run?: () => Promise<unknown>;
}

/** The commands about the NVIDIA card: what was found, what is missing, and the deeds that help. */
export function cudaCommands(services: HostServices, setup: CudaSetup, storage: string): vscode.Disposable {
  const { log, settings, status } = services;

  const use = async (candidate: Candidate): Promise<void> => {
    await setup.use(candidate);
    const provider = settings.get('provider');
    if (provider === 'auto' || provider === 'cuda') return;
    const change = 'Use Automatic';
    const answer = await vscode.window.showInformationMessage(
      `CUDA is set up, but the setting onnxLens.provider says "${provider}".`,
      change,
    );
    if (answer === change) await vscode.commands.executeCommand('onnxLens.selectProvider');
  };

  const explain = async (candidate: Candidate, { found, facts }: CudaSearchResult): Promise<void> => {
    const pip =
      candidate.unfit === undefined ? pipCommand(missing(candidate)) : `pip install onnxruntime-gpu==${found.runtime}`;
    const [copy, show] = ['Copy pip Command', 'Show Log'];
    const answer = await vscode.window.showWarningMessage(
      plain(`${candidateName(candidate)} in ${candidate.of} cannot be used.`),
      {
        modal: true,
        detail: [...against(candidate, facts), ...(pip === undefined ? [] : [`This would help: ${pip}`])].join('\n'),
      },
      ...(pip === undefined ? [] : [copy]),
      show,
    );
    if (answer === copy) await vscode.env.clipboard.writeText(pip!);
    if (answer === show) log.show(true);
  };

  const fetchIt = async ({ found }: CudaSearchResult): Promise<void> => {
    const feed = settings.get('cuda.feed');
    // What unpacks it is not loaded before it is wanted: every window waits for what an extension loads.
    const { fetchPackage, offeredPackage } = await import('./fetchPackage.js');
    const offered = await status.work('looking for the CUDA package', (signal) =>
      offeredPackage(feed, found.runtime, signal),
    );
    const size = offered.bytes === undefined ? '' : ` (${(offered.bytes / 1e6).toFixed(0)} MB)`;
    const lacking = missing({ needs: found.expected });
    const answer = await vscode.window.showInformationMessage(
      plain(`Fetch ${CUDA_PACKAGE.name} ${offered.version}${size}?`),
      {
        modal: true,
        detail: [
          `From ${offered.url} into ${fetchedFolder(storage, offered.version)}. It is checked against the SHA-512 that the feed states.`,
          'CUDA 12 and cuDNN 9 are not part of it.',
          ...(lacking.length === 0
            ? ['All of them that it is expected to need are on this computer.']
            : lacks(lacking)),
        ].join('\n'),
      },
      'Fetch',
    );
    if (answer !== 'Fetch') return;
    await status.work('fetching CUDA for ONNX Runtime', (signal, onProgress) =>
      fetchPackage(offered, { storage, signal, onProgress }),
    );
    const result = await setup.search(true);
    const folder = fetchedFolder(storage, offered.version);
    const candidate = result.found.candidates.find((each) => each.folder === folder);
    if (candidate === undefined) return;
    await (fits(candidate) ? use(candidate) : explain(candidate, result));
  };

  const nameFolder = async (): Promise<void> => {
    const [folder] =
      (await vscode.window.showOpenDialog({
        title: 'Folder with libonnxruntime_providers_cuda.so',
        canSelectFolders: true,
        canSelectFiles: false,
      })) ?? [];
    if (folder === undefined) return;
    await vscode.workspace
      .getConfiguration('onnxLens')
      .update('cuda.folder', folder.fsPath, vscode.ConfigurationTarget.Global);
    const result = await setup.search(true);
    const candidate = result.found.candidates.find((each) => each.folder === folder.fsPath);
    if (candidate === undefined)
      throw new LensError('usage', 'cuda/folder', `There is no libonnxruntime_providers_cuda.so in ${folder.fsPath}.`, {
        hint: 'In a Python environment it lies in onnxruntime/capi, in a release of ONNX Runtime in lib.',
      });
    await (fits(candidate) ? use(candidate) : explain(candidate, result));
  };

  const setUpCuda = async (): Promise<void> => {
    if (!setup.supported) {
      throw new LensError('usage', 'cuda/platform', 'ONNX Runtime for the editor has CUDA for 64-bit Linux only.', {
        hint: `The graphics card of this computer is used through ${process.platform === 'win32' ? 'DirectML' : 'WebGPU'}.`,
      });
    }
    const result = await status.work('looking for CUDA', () => setup.search(true));
    const { found, facts } = result;
    const { choice } = setup;
    const lacking = missing({ needs: found.expected });
    const items: Deed[] = found.candidates.map((candidate) => {
      const [reason, ...others] = against(candidate, facts);
      const more = others.length === 0 ? '' : ` And ${others.length} more.`;
      return {
        label: `$(${fits(candidate) ? 'check' : 'warning'}) ${fits(candidate) ? 'Use ' : ''}${candidateName(candidate)}`,
        description: choice?.folder === candidate.folder ? `in use, ${candidate.of}` : candidate.of,
        detail:
          reason === undefined
            ? `Complete: ${candidate.needs.length} libraries, listed in the log.`
            : `${reason}${more}`,
        run: () => (fits(candidate) ? use(candidate) : explain(candidate, result)),
      };
    });
    if (!(await isFetched(storage, found.runtime)))
      items.push({
        label: "$(cloud-download) Fetch ONNX Runtime's CUDA Package…",
        detail:
          lacking.length === 0
            ? 'CUDA 12 and cuDNN 9, which it needs, are here.'
            : `Needs CUDA 12 and cuDNN 9. Missing here: ${names(lacking)}.`,
        run: () => fetchIt(result),
      });
    items.push({ label: '$(folder) Name a Folder…', run: nameFolder });
    if (choice !== undefined)
      items.push({
        label: '$(circle-slash) Run without CUDA',
        description: `now of ${choice.of}`,
        run: () => setup.forget(),
      });
    items.push({
      label: '$(output) Show All That Was Found',
      detail: found.remarks.join(' '),
      run: () => Promise.resolve(log.show(true)),
    });
    const picked = await vscode.window.showQuickPick(items, {
      title: `CUDA: ${cardLine(facts)}`,
      placeHolder: `ONNX Runtime ${found.runtime} needs its CUDA libraries in the same version`,
      matchOnDetail: true,
    });
    await picked?.run?.();
  };

  return registerCommands(services.notify, {
    setUpCuda,
    useCuda: async (folder: unknown) => {
      const result = await setup.search(true);
      const candidate = result.found.candidates.find((each) => each.folder === folder);
      if (candidate === undefined) return setUpCuda();
      return fits(candidate) ? use(candidate) : explain(candidate, result);
    },
  });
}
