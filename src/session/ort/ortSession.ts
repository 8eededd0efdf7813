import type { InferenceSession } from 'onnxruntime-node';
import { LensError, throwIfCancelled } from '../../base/errors.js';
import type { Tensor } from '../../base/tensor.js';
import { writeModel } from '../../checkpoint/writer.js';
import { ended } from '../../graph/rewrite/ended.js';
import { feedWeights } from '../../graph/rewrite/fedWeights.js';
import type { Graph } from '../../graph/graph.js';
import { widened } from '../../graph/rewrite/widen.js';
import type { GraphForms, ProviderName, ProviderReport, Session, SessionOptions, Sessions } from '../session.js';
import { ortError, firstSentence } from './ortErrors.js';
import { fromOrt, toOrt } from './ortTensor.js';
import { candidates, cudaLoadFailure, missingHere, type Refusal } from './providers.js';
import { runtimeFaults, type RuntimeFaults } from './runtimeFaults.js';
import { SelfCheckedSession } from './selfCheck.js';

type OrtModule = typeof import('onnxruntime-node');

/** A model as ONNX Runtime takes it: the bytes, and the folder against which external weights are resolved. */
export interface ModelBytes {
  readonly bytes: Uint8Array;
  readonly folder?: string;
  /** What ONNX Runtime would do wrong with these bytes. */
  readonly faults?: RuntimeFaults;
  /** Weights that are inputs of the bytes: fed with every run. */
  readonly feeds?: Readonly<Record<string, Tensor>>;
}

let loading: Promise<OrtModule> | undefined;

/** What its builds for Linux and macOS look at before they count and report sessions, and write files for that beside others' temporary ones. */
const NO_TELEMETRY = 'ORT_DISABLE_TELEMETRY';

/** Loads the native module on first use, so that work without a session never pays for it. */
export function loadRuntime(): Promise<OrtModule> {
  // Models are nobody else's business. A user's own setting holds.
  process.env[NO_TELEMETRY] ??= '1';
  loading ??= import('onnxruntime-node').then(
    (ort) => {
      // Failures are thrown as exceptions; the native logger would only repeat them on stderr.
      ort.env.logLevel = 'fatal';
      return ort;
    },
    (cause: unknown) => {
      loading = undefined;
      throw new LensError(
        'runtime',
        'session/no-runtime',
        `ONNX Runtime has no native module for ${process.platform} ${process.arch}.`,
        {
          cause,
          hint: 'Supported are Linux and Windows on x64 and arm64, and macOS on Apple silicon.',
        },
      );
    },
  );
  return loading;
}

/** Version of ONNX Runtime, for recipes. */
export async function runtimeVersion(): Promise<string> {
  const ort = await loadRuntime();
  return ort.env.versions.node ?? ort.env.versions.common;
}

/** Makes and counts sessions of ONNX Runtime. */
export class OrtSessions implements Sessions {
  private readonly live = new Set<OrtSession>();
  /** Providers that failed for a reason that will not go away within this process, so that they are tried once. */
  private readonly dead = new Map<ProviderName, string>();

  /**
   * @param serialise a graph as the bytes of a model; by default one whose weights stay in the original file
   */
  constructor(
    private readonly defaults: Partial<SessionOptions> = {},
    private readonly serialise: (graph: Graph) => ModelBytes | Promise<ModelBytes> = writeModel,
  ) {}

  /** Sessions that hold native memory now. */
  get openCount(): number {
    return this.live.size;
  }

  async open(graph: Graph | GraphForms, options: Partial<SessionOptions> = {}): Promise<Session> {
    const whole = this.isOptimised(options);
    const bytesOf = async (g: Graph, provider: ProviderName): Promise<ModelBytes> => {
      const fed = whole || provider !== 'cpu' ? { graph: g, feeds: {} } : feedWeights(g);
      return { ...(await this.serialise(ended(widened(fed.graph)))), faults: runtimeFaults(g), feeds: fed.feeds };
    };
    if (typeof graph === 'function')
      return this.openFor(async (provider) => bytesOf(await graph(provider), provider), options);
    return whole
      ? this.openBytes(await bytesOf(graph, 'cpu'), options)
      : this.openFor((provider) => bytesOf(graph, provider), options);
  }

  /** Nothing where the runtime refuses the graph: whoever runs it learns why. */
  async shapes(graph: Graph): Promise<ReadonlyMap<string, readonly number[]>> {
    const ort = await loadRuntime();
    const found = new Map<string, readonly number[]>();
    try {
      const { bytes, folder } = await this.serialise(widened(graph));
      const native = await ort.InferenceSession.create(bytes, {
        graphOptimizationLevel: 'disabled',
        logSeverityLevel: 4,
        intraOpNumThreads: 1,
        ...(folder === undefined || folder === ''
          ? {}
          : { extra: { session: { model_external_initializers_file_folder_path: folder } } }),
      });
      for (const output of native.outputMetadata) {
        if (!output.isTensor || !output.shape.every((d) => typeof d === 'number' && d >= 0)) continue;
        // A value of any rank is listed as a scalar is. Counters are scalars; a floating number alone is next to nothing.
        if (output.shape.length === 0 && output.type.startsWith('float')) continue;
        found.set(output.name, output.shape as number[]);
      }
      await native.release();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
    return found;
  }

  /** A session of bytes, the same for every provider. */
  openBytes(model: ModelBytes, options: Partial<SessionOptions> = {}): Promise<Session> {
    return this.openFor(() => model, options);
  }

  /**
   * Tries the providers of the choice in order and keeps the reason of each refusal. Under `auto` a GPU's first answer is
   * compared with the CPU's, because a provider can be present and wrong.
   */
  private async openFor(
    modelFor: (provider: ProviderName) => ModelBytes | Promise<ModelBytes>,
    options: Partial<SessionOptions>,
  ): Promise<Session> {
    const choice = options.provider ?? this.defaults.provider ?? 'auto';
    const how = {
      threads: options.threads ?? this.defaults.threads ?? 0,
      optimised: this.isOptimised(options),
    };
    const refused: Refusal[] = [];
    for (const provider of candidates(choice)) {
      const known = missingHere(provider) ?? this.dead.get(provider);
      if (known !== undefined) {
        refused.push({ provider, reason: known });
        continue;
      }
      const model = await modelFor(provider);
      let session: OrtSession;
      try {
        session = await this.create(model, provider, how, refused);
      } catch (error) {
        if (provider === 'cpu') throw ortError(error, 'open');
        const said = firstSentence(error instanceof Error ? error.message : String(error));
        const unloaded = provider === 'cuda' && /shared library/i.test(said) ? cudaLoadFailure() : undefined;
        const reason = unloaded === undefined ? said : `its shared library cannot be loaded: ${unloaded}`;
        if (/adapter|shared library|backend not found/i.test(reason)) this.dead.set(provider, reason);
        refused.push({ provider, reason });
        continue;
      }
      if (provider === 'cpu') return session;
      const onCpu = async (): Promise<OrtSession> => this.create(await modelFor('cpu'), 'cpu', how, refused);
      return new SelfCheckedSession(session, onCpu, choice === 'auto');
    }
    const [first] = refused;
    throw new LensError(
      'runtime',
      choice === 'cuda' ? 'session/provider-cuda' : 'session/provider',
      `The provider "${choice}" cannot be used here: ${first?.reason ?? 'unknown provider'}`.replace(/\.?$/, '.'),
      {
        hint: 'Choose "auto" or "cpu".',
      },
    );
  }

  private isOptimised(options: Partial<SessionOptions>): boolean {
    return options.optimised ?? this.defaults.optimised ?? true;
  }

  /** Releases whatever is still open. */
  async dispose(): Promise<void> {
    await Promise.all([...this.live].map((session) => session.dispose()));
  }

  private async create(
    model: ModelBytes,
    provider: ProviderName,
    { threads, optimised }: Pick<SessionOptions, 'threads' | 'optimised'>,
    refused: readonly Refusal[],
  ): Promise<OrtSession> {
    const ort = await loadRuntime();
    const entries: Record<string, unknown> = {};
    if (model.folder !== undefined && model.folder !== '')
      entries['model_external_initializers_file_folder_path'] = model.folder;
    // Spinning threads fight with each other on a busy machine: measured slower than one thread.
    if (threads !== 1) entries['intra_op'] = { allow_spinning: '0' };
    // Packing copies every weight, which takes longer than one run on it saves.
    if (!optimised && provider === 'cpu') entries['disable_prepacking'] = '1';
    // An empty list is refused.
    const onCpu = provider === 'webgpu' ? (model.faults?.onCpu ?? []) : [];
    const harmful = model.faults?.optimisers ?? [];
    const options: InferenceSession.SessionOptions = {
      executionProviders: [onCpu.length > 0 ? { name: 'webgpu', forceCpuNodeNames: onCpu } : provider],
      graphOptimizationLevel: optimised || provider !== 'cpu' ? 'all' : 'disabled',
      logSeverityLevel: 4,
      // A plan of the memory for each batch size would be kept beside the memory of the first run, and gains no time.
      enableMemPattern: false,
      extra: {
        session: entries,
        ...(harmful.length === 0 ? {} : { optimization: { disable_specified_optimizers: harmful.join(';') } }),
      },
      ...(threads > 0 ? { intraOpNumThreads: threads } : {}),
    };
    const native = await ort.InferenceSession.create(model.bytes, options);
    const session = new OrtSession(ort, native, { used: provider, refused: [...refused] }, model.feeds ?? {}, () =>
      this.live.delete(session),
    );
    this.live.add(session);
    return session;
  }
}

/** One session of ONNX Runtime on one provider. */
export class OrtSession implements Session {
  private disposed: Promise<void> | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ort: OrtModule,
    private readonly native: InferenceSession,
    readonly provider: ProviderReport,
    private readonly weights: Readonly<Record<string, Tensor>>,
    private readonly onDispose: () => void,
  ) {}

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches: readonly string[],
    signal?: AbortSignal,
  ): Promise<Record<string, Tensor>> {
    throwIfCancelled(signal);
    if (this.disposed !== undefined) throw new Error('This session has been disposed');
    const inputs = Object.fromEntries(
      Object.entries({ ...feeds, ...this.weights }).map(([name, tensor]) => [name, toOrt(this.ort, name, tensor)]),
    );
    // A list of names is looked up name by name in the list of outputs: thousands of them take longer than the run.
    const { outputNames } = this.native;
    const all = fetches.length === outputNames.length && fetches.every((name, i) => name === outputNames[i]);
    const running = all ? this.native.run(inputs) : this.native.run(inputs, [...fetches]);
    this.last = running.catch(() => undefined);
    let outputs: Awaited<typeof running>;
    try {
      outputs = await running;
    } catch (error) {
      throw ortError(error, 'run');
    }
    throwIfCancelled(signal);
    return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, fromOrt(name, tensor)]));
  }

  dispose(): Promise<void> {
    this.disposed ??= this.last.then(async () => {
      this.onDispose();
      await this.native.release();
    });
    return this.disposed;
  }
}
