import { labelOf } from '../input/labels.js';
import { describeMethods } from '../method/index.js';
import type { Call, Handlers } from '../protocol/channel.js';
import type {
  ExplainAnswer,
  ExplainRequest,
  ModelRequest,
  PredictAnswer,
  PredictRequest,
  RunnerApi,
  RunnerStatus,
  WorkProgress,
} from '../protocol/runner.js';
import type { Inspection, Outline } from '../result/inspection.js';
import type { MethodDescription } from '../result/method.js';
import { OrtSessions, runtimeVersion } from '../session/ort/ortSession.js';
import { outlineOf } from './describe.js';
import { explainInputs } from './explain.js';
import { inspectModel } from './inspect.js';
import { ModelCache, type ModelCacheOptions } from './modelCache.js';
import { readModelFile } from './openModel.js';
import { predictInputs } from './predict.js';

type Progress = Call<WorkProgress>;

/** Everything the runner does, in this process. The child process and the command line are two faces of it. */
export class RunnerService implements Handlers<RunnerApi> {
  private readonly sessions = new OrtSessions();
  private readonly models: ModelCache;

  constructor(options: Partial<ModelCacheOptions> = {}) {
    this.models = new ModelCache(this.sessions, { idleMs: 5 * 60_000, most: 3, ...options });
  }

  outline = async ({ model }: { readonly model: string }): Promise<Outline> => {
    const { checkpoint, graph, layers } = await readModelFile(model);
    return outlineOf(checkpoint, graph, layers);
  };

  inspect = (request: ModelRequest, call: Progress): Promise<Inspection> =>
    this.models.use(request, (model) => inspectModel(model, call));

  methods = (): Promise<readonly MethodDescription[]> => Promise.resolve(describeMethods());

  labels = (request: ModelRequest): Promise<readonly string[]> =>
    this.models.use(request, async (model) => {
      const { names } = model.resolved.labels;
      if (names.length > 0) return names;
      const { classes } = await model.subject();
      return Array.from({ length: classes }, (_, i) => labelOf(model.resolved.labels, i));
    });

  predict = (request: PredictRequest, call: Progress): Promise<PredictAnswer> =>
    this.models.use(request, (model) => predictInputs(model, request, call));

  explain = (request: ExplainRequest, call: Progress): Promise<ExplainAnswer> =>
    this.models.use(request, (model) => explainInputs(model, request, call));

  release = ({ model }: { readonly model: string }): Promise<void> => this.models.release(model);

  status = async (): Promise<RunnerStatus> => ({
    pid: process.pid,
    node: process.version,
    runtime: `onnxruntime-node ${await runtimeVersion().catch(() => 'unavailable')}`,
    openModels: this.models.models,
    residentBytes: process.memoryUsage.rss(),
  });

  /** Frees everything. */
  async dispose(): Promise<void> {
    await this.models.dispose();
    await this.sessions.dispose();
  }
}
