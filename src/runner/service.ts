import { given } from '../base/given.js';
import { labelOf } from '../input/labels.js';
import { describeMethods } from '../method/index.js';
import { classLayoutOf } from '../method/target/regions.js';
import type { Call, Handlers } from '../protocol/channel.js';
import type {
  ActivationsAnswer,
  ActivationsRequest,
  ExportActivationsRequest,
  TopPicturesRequest,
  TopProgress,
} from '../protocol/activations.js';
import type { ExplainAnswer, ExplainRequest } from '../protocol/attribution.js';
import type { ExportGradientRequest, GradientFile } from '../protocol/gradient.js';
import type { GraphActivationsRequest, GraphRequest } from '../protocol/graph.js';
import type { PredictAnswer, PredictRequest } from '../protocol/prediction.js';
import type { ModelRequest, WorkProgress } from '../protocol/request.js';
import type { RecipeRequest } from '../protocol/recipe.js';
import type { RunnerApi, RunnerStatus } from '../protocol/runner.js';
import type { Recipe } from '../result/recipe.js';
import type { SanityAnswer, SanityRequest } from '../protocol/sanity.js';
import type {
  CompareWeightsRequest,
  WeightNeighboursRequest,
  WeightsPcaRequest,
  WeightsRequest,
} from '../protocol/weights.js';
import type { Activation, TopPictures } from '../result/activations.js';
import type { GraphActivations, GraphStructure } from '../result/graphView.js';
import type { Inspection, Outline } from '../result/inspection.js';
import type { MethodDescription } from '../result/method.js';
import type { Measurements, Overview, ScanProgress, WeightScan } from '../result/overview.js';
import type {
  LayerWeights,
  WeightComparison,
  WeightNeighbours,
  WeightsExport,
  WeightsPca,
  WeightStatistics,
} from '../result/weights.js';
import { OrtSessions, runtimeVersion } from '../session/ort/ortSession.js';
import { activationsOf, exportActivations } from './activations/activations.js';
import { recipeOf } from './input/recipe.js';
import { outlineOf, recordOf } from './overview/describe.js';
import { explainInputs } from './attribution/explain.js';
import { Foreground } from './model/foreground.js';
import { compareWeights } from './weights/compare.js';
import { graphActivationsOf } from './graph/activations.js';
import { structureOf } from './graph/view.js';
import { writeGradient } from './graph/gradientModel.js';
import { differentiableByTable, inspectModel } from './overview/inspect.js';
import { ModelCache, type ModelCacheOptions } from './model/cache.js';
import { ModelFiles } from './model/files.js';
import { measureModel, overviewOf, scanModel } from './overview/overview.js';
import { predictInputs } from './prediction/predict.js';
import { SanityCache, sanityOf } from './sanity/badge.js';
import { topPicturesOf } from './activations/top.js';
import { exportWeights, layerWeights, weightNeighbours, weightsPca, weightStatistics } from './weights/weights.js';

type Progress = Call<WorkProgress>;

/** Everything the runner does, in this process. The child process and the command line are two faces of it. */
export class RunnerService implements Handlers<RunnerApi> {
  private readonly sessions = new OrtSessions();
  private readonly files = new ModelFiles();
  private readonly models: ModelCache;
  private readonly foreground = new Foreground();
  private readonly badges = new SanityCache();

  constructor(options: Partial<ModelCacheOptions> = {}) {
    this.models = new ModelCache(this.files, this.sessions, { idleMs: 5 * 60_000, most: 3, ...options });
  }

  outline = async ({ model }: { readonly model: string }): Promise<Outline> => {
    const { checkpoint, graph, layers } = await this.files.read(model);
    return { ...outlineOf(checkpoint, graph, layers), differentiable: differentiableByTable(graph) };
  };

  inspect = (request: ModelRequest, call: Progress): Promise<Inspection> =>
    this.models.use(request, (model) => inspectModel(model, call));

  methods = (): Promise<readonly MethodDescription[]> => Promise.resolve(describeMethods());

  labels = (request: ModelRequest): Promise<readonly string[]> =>
    this.models.use(request, async (model) => {
      const { names } = model.resolved.labels;
      if (names.length > 0) return names;
      const subject = await model.subject();
      const classes = (subject.classifier ? undefined : classLayoutOf(subject, 0)?.classes) ?? subject.classes;
      return Array.from({ length: classes }, (_, i) => labelOf(model.resolved.labels, i));
    });

  predict = (request: PredictRequest, call: Progress): Promise<PredictAnswer> =>
    this.foreground.during(() => this.models.use(request, (model) => predictInputs(model, request, call)));

  explain = (request: ExplainRequest, call: Progress): Promise<ExplainAnswer> =>
    this.foreground.during(() => this.models.use(request, (model) => explainInputs(model, request, call)));

  sanity = (request: SanityRequest, call: Progress): Promise<SanityAnswer> =>
    this.models.use(request, (model) => sanityOf(model, request, call, this.badges, this.foreground));

  overview = (request: ModelRequest): Promise<Overview> => this.models.use(request, overviewOf);

  measure = (request: ModelRequest, call: Progress): Promise<Measurements> =>
    this.models.use(request, (model) => measureModel(model, call));

  scanWeights = (request: ModelRequest, call: Call<ScanProgress>): Promise<WeightScan> =>
    this.models.use(request, (model) => scanModel(model, call));

  graphView = (request: GraphRequest, call: Progress): Promise<GraphStructure> =>
    this.models.use(request, async (model) => {
      const { file } = model;
      if (request.measured) call.progress({ message: 'running once to learn the shapes' });
      return structureOf(file.graph, file.layers, request.measured ? await model.facts() : undefined);
    });

  graphActivations = (request: GraphActivationsRequest, call: Progress): Promise<GraphActivations> =>
    this.foreground.during(() => this.models.use(request, (model) => graphActivationsOf(model, request, call)));

  weights = (request: WeightsRequest, call: Progress): Promise<LayerWeights> =>
    this.models.use(request, (model) => layerWeights(model, request, call));

  weightStatistics = (request: WeightsRequest, call: Progress): Promise<WeightStatistics> =>
    this.models.use(request, (model) => weightStatistics(model, request, call));

  compareWeights = (request: CompareWeightsRequest, call: Progress): Promise<WeightComparison> =>
    this.models.use(request, (model) => {
      const { other } = request;
      if ('random' in other) return compareWeights(model, model, request, call);
      // Only the file is different: provider and threads play no part, and a sidecar is not read for weights.
      return this.models.use({ ...request, model: other.model }, (second) =>
        compareWeights(model, second, request, call),
      );
    });

  weightsPca = (request: WeightsPcaRequest, call: Progress): Promise<WeightsPca> =>
    this.models.use(request, (model) => weightsPca(model, request, call));

  weightNeighbours = (request: WeightNeighboursRequest, call: Progress): Promise<WeightNeighbours> =>
    this.models.use(request, (model) => weightNeighbours(model, request, call));

  activations = (request: ActivationsRequest, call: Progress): Promise<Activation> =>
    this.models.use(request, (model) => activationsOf(model, request, call));

  exportWeights = (request: WeightsRequest, call: Progress): Promise<WeightsExport> =>
    this.models.use(request, (model) => exportWeights(model, request, call));

  exportActivations = (request: ExportActivationsRequest, call: Progress): Promise<ActivationsAnswer> =>
    this.models.use(request, (model) => exportActivations(model, request, call));

  topPictures = (request: TopPicturesRequest, call: Call<TopProgress>): Promise<TopPictures> =>
    this.models.use(request, (model) => topPicturesOf(model, request, call));

  exportGradient = (request: ExportGradientRequest, call: Progress): Promise<GradientFile> =>
    this.models.use(request, (model) => writeGradient(model, request.file, request.embed, call));

  recipe = (request: RecipeRequest): Promise<Recipe> =>
    this.models.use(request, (model) => {
      const { method, params, layer, input, ranOn: provider = 'none', notes } = request;
      const preprocessing = recordOf(model.resolved.preprocessing);
      return recipeOf(model, {
        preprocessing,
        method,
        params,
        provider,
        notes,
        ...given({ layer, input: input === undefined ? undefined : { name: input } }),
      });
    });

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
