import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import type { RunnerLog } from '../runner/process.js';
import type { Settings } from '../settings.js';
import type { StatusItem } from '../statusItem.js';
import { asChoice, liesIn, startWith, type CudaChoice, type RunnerRuntime } from './chosen.js';
import { fits, searchCuda, type Candidate, type CudaFindings } from './cudaSearch.js';
import { against, candidateName, cardLine, report } from './cudaText.js';
import { deviceFor, nvidiaFacts, nvidiaPresent, type DriverPlaces, type NvidiaFacts } from './devices.js';
import { fetchedFolder } from './fetched.js';
import { linksFor } from './home.js';
import { namedPythons } from './namedPythons.js';

export interface CudaSetupOptions {
  /** The bundled runner, beside which its native packages lie. */
  readonly script: string;
  /** A folder of ours outside any workspace. */
  readonly storage: string;
  readonly state: vscode.Memento;
  readonly settings: Settings;
  readonly status: StatusItem;
  readonly log: RunnerLog;
  /** Ends the runner, so that the next one starts with what has changed. */
  readonly replaceRunner: () => void;
  /** Where the driver is; a test makes its own. */
  readonly driver?: DriverPlaces;
}

/** What was found, and the card that it is for. */
export interface CudaSearchResult {
  readonly found: CudaFindings;
  readonly facts: NvidiaFacts;
}

const CHOICE = 'onnxLens.cuda.choice';

/**
 * The NVIDIA card of this machine: finds what runs models on it, starts the runner with what a person chose, and names the
 * device. Nothing is loaded here, and nothing without a person's click or setting.
 */
export class CudaSetup implements vscode.Disposable {
  private readonly listeners: vscode.Disposable;
  private said = '';
  private looking: Promise<void> | undefined;

  constructor(private readonly options: CudaSetupOptions) {
    const { settings, status } = options;
    this.listeners = vscode.Disposable.from(
      settings.onDidChange((changed) => {
        if (this.choice !== undefined && changed('cuda.device')) options.replaceRunner();
        if (changed('cuda.folder') || changed('cuda.libraryPath') || changed('cuda.offer')) this.looking = undefined;
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        if (this.choice !== undefined) options.replaceRunner();
      }),
      status.onDidReport(({ provider, refused }) => {
        if (provider === 'cuda') void this.nameDevice();
        else if (refused.some((each) => each.provider === 'cuda')) this.looking ??= this.offer();
      }),
    );
  }

  /** What models run with, if a person chose something. */
  get choice(): CudaChoice | undefined {
    return asChoice(this.options.state.get<unknown>(CHOICE));
  }

  /** Whether ONNX Runtime has a CUDA provider for this machine at all. */
  get supported(): boolean {
    return process.platform === 'linux' && process.arch === 'x64';
  }

  /** Added to the environment of a runner that is about to start. */
  environment(): Readonly<Record<string, string>> {
    const { choice } = this;
    if (choice === undefined || !this.supported) return {};
    const { settings, storage, log } = this.options;
    try {
      const start = startWith(choice, {
        runtime: this.runtime(),
        storage,
        device: settings.get('cuda.device'),
        environment: process.env,
        mayLoad,
      });
      if ('environment' in start) {
        log.info(`CUDA of ${choice.of} is ready for the runner.`);
        return start.environment;
      }
      log.warn(`The runner starts without CUDA of ${choice.of}: ${start.refused}.`);
      if (start.mend)
        this.options.status.setOffer(`CUDA of ${choice.of} is not used: ${start.refused}.`, [
          { title: 'Set up CUDA', command: 'onnxLens.setUpCuda' },
        ]);
    } catch (error) {
      log.warn(`The runner starts without CUDA: ${String(error)}`);
    }
    return {};
  }

  /** Version and place of the runner's ONNX Runtime. */
  runtime(): RunnerRuntime {
    const file = createRequire(this.options.script).resolve('onnxruntime-node/package.json');
    const { version } = createRequire(file)(file) as { readonly version: string };
    const folder = path.join(path.dirname(file), 'bin', 'napi-v6', process.platform, process.arch);
    return { version, library: path.join(folder, 'libonnxruntime.so.1') };
  }

  /**
   * Looks for everything; what was found goes to the log.
   *
   * @param asked a person waits for it: the Python extension is started, where it is not, to tell its selection
   */
  async search(asked: boolean): Promise<CudaSearchResult> {
    const { settings, storage, log } = this.options;
    const runtime = this.runtime();
    const folder = settings.get('cuda.folder');
    const [found, facts] = await Promise.all([
      searchCuda({
        runtime,
        pythons: await namedPythons(process.env, asked),
        providers: [
          ...(path.isAbsolute(folder) ? [{ folder, of: folder }] : []),
          { folder: fetchedFolder(storage, runtime.version), of: "the extension's storage" },
        ],
        libraries: settings.get('cuda.libraryPath').filter((each) => path.isAbsolute(each)),
        environment: process.env,
        mayLoad,
      }),
      nvidiaFacts(this.options.driver),
    ]);
    const lines = report(found, facts);
    if (lines.join('\n') !== this.said) for (const line of lines) log.info(line);
    this.said = lines.join('\n');
    return { found, facts };
  }

  /** Starts the runner with a candidate, from now on. */
  async use(candidate: Candidate): Promise<void> {
    if (!fits(candidate))
      throw new LensError('usage', 'cuda/unfit', `${candidateName(candidate)} in ${candidate.of} cannot be used.`, {
        hint: 'The log says what is missing.',
      });
    const runtime = this.runtime();
    const links = [...(await linksFor(candidate, runtime.library))].slice(1);
    const { cuda } = candidate.version;
    const choice: CudaChoice = {
      runtime: runtime.version,
      folder: candidate.folder,
      of: candidate.of,
      links,
      ...(cuda === undefined ? {} : { cuda }),
    };
    await this.options.state.update(CHOICE, choice);
    this.options.status.setOffer(undefined);
    this.options.log.info(`CUDA of ${candidate.of} was chosen: ${candidate.folder}`);
    this.options.replaceRunner();
  }

  /** Runs models without CUDA again. */
  async forget(): Promise<void> {
    await this.options.state.update(CHOICE, undefined);
    this.options.replaceRunner();
  }

  dispose(): void {
    this.listeners.dispose();
  }

  /** Says in the status bar's tooltip what there is for a card that is here and was not used. */
  private async offer(): Promise<void> {
    const { settings, status, log } = this.options;
    try {
      if (!this.supported || !settings.get('cuda.offer') || !(await nvidiaPresent(this.options.driver))) return;
      const { found, facts } = await this.search(false);
      const setUp = { title: 'Set up CUDA', command: 'onnxLens.setUpCuda' };
      const card = cardLine(facts);
      const set = settings.get('cuda.folder');
      const named = found.candidates.find((each) => set !== '' && each.folder === path.resolve(set));
      // Who named the folder in the settings has said yes.
      if (named !== undefined && fits(named) && this.choice?.folder !== named.folder) return await this.use(named);
      const best = named ?? found.candidates[0];
      if (best === undefined) {
        status.setOffer(`${card}: no CUDA libraries of ONNX Runtime ${found.runtime} were found.`, [setUp]);
      } else if (!fits(best)) {
        status.setOffer(`${card}: CUDA of ${best.of} does not do. ${against(best, facts).join(' ')}`, [setUp]);
      } else if (this.choice === undefined) {
        const use = { title: 'Use it', command: 'onnxLens.useCuda', args: [best.folder] };
        status.setOffer(`${card}: ${candidateName(best)} is in ${best.of}.`, [use, setUp]);
      }
    } catch (error) {
      log.warn(`The search for CUDA failed: ${String(error)}`);
      this.looking = undefined;
    }
  }

  private async nameDevice(): Promise<void> {
    const facts = await nvidiaFacts(this.options.driver);
    const visible = this.options.settings.get('cuda.device');
    const device = deviceFor(facts, {
      ...process.env,
      CUDA_DEVICE_ORDER: process.env['CUDA_DEVICE_ORDER'] ?? 'PCI_BUS_ID',
      ...(visible === '' ? {} : { CUDA_VISIBLE_DEVICES: visible }),
    });
    if (this.options.status.setDevice('cuda', device?.name))
      this.options.log.info(
        `CUDA runs on ${device === undefined ? 'a device that the driver does not name' : device.name}.`,
      );
  }
}

/** Native code of a workspace that is not trusted is not loaded, wherever the way to it begins. */
export function mayLoad(file: string): boolean {
  if (vscode.workspace.isTrusted) return true;
  return (vscode.workspace.workspaceFolders ?? []).every(({ uri }) => {
    if (uri.scheme !== 'file') return true;
    return !liesIn(file, uri.fsPath) && !liesIn(file, realFolder(uri.fsPath));
  });
}

function realFolder(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    return folder;
  }
}
