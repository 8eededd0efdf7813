import path from 'node:path';
import { isCancelled, LensError, throwIfCancelled, toErrorData } from '../base/errors.js';
import { Random } from '../base/random.js';
import { mapClasses, namedByFolders } from '../input/classMapping.js';
import { labelOf, type Labels } from '../input/labels.js';
import { predict as predictBatch, type Ranking } from '../method/activations/prediction.js';
import { attributionMethodById, describeMethods } from '../method/index.js';
import type { AttributionAnswer, AttributionMethod } from '../method/method.js';
import type { ModelSubject } from '../method/modelSubject.js';
import { parseParameters } from '../method/parameters.js';
import { resolveTarget } from '../method/targets.js';
import type { Target } from '../method/subject.js';
import type { Call, Handlers } from '../protocol/channel.js';
import type {
  ExplainAnswer,
  ExplainRequest,
  ModelAnswer,
  ModelRequest,
  PredictAnswer,
  PredictRequest,
  RunnerApi,
  RunnerStatus,
  WorkProgress,
} from '../protocol/runner.js';
import type { Attribution, Explanation, Outcome, Prediction } from '../result/explanation.js';
import type { Inspection, Outline } from '../result/inspection.js';
import type { MethodDescription, ParameterSchema, ParametersOf, ParameterValue } from '../result/method.js';
import type { Recipe } from '../result/recipe.js';
import { concatBatches } from '../session/batches.js';
import { OrtSessions, runtimeVersion } from '../session/ort/ortSession.js';
import { judge, type Judged } from './accuracy.js';
import { outlineOf, recordOf } from './describe.js';
import { sha256Of } from './fileStamp.js';
import { expandInputs, type ExpandedInput, type LoadedInput, type PendingInput } from './inputs.js';
import { inspectModel } from './inspect.js';
import { ModelCache, type ModelCacheOptions } from './modelCache.js';
import { readModelFile, type OpenModel } from './openModel.js';
import { VERSION } from './version.js';

type Progress = Call<WorkProgress>;

/** Classes that an explanation brings along. */
const TOP = 10;

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
    this.models.use(request, async (model) => {
      const { signal } = call;
      call.progress({ message: 'opening the model' });
      const subject = await model.subject();
      const inputs = await expandInputs(model, request.inputs, signal);
      const { labels, notes, truth } = namesOf(model, subject, inputs);
      const results: Outcome<Prediction>[] = [];
      const judged: Judged[] = [];
      const step = subject.batchSize('forward');
      for (let from = 0; from < inputs.length; from += step) {
        throwIfCancelled(signal);
        const part = await Promise.all(
          inputs.slice(from, from + step).map((input) => attempt(input.name, () => loadInput(input, signal))),
        );
        const loaded = part.flatMap((p) => ('result' in p ? [p.result] : []));
        const ranked = await this.rank(subject, labels, loaded, request.top ?? 5, signal);
        part.forEach((outcome, i) => {
          if ('error' in outcome) return results.push(outcome);
          const ranking = ranked[loaded.indexOf(outcome.result)]!;
          if ('error' in ranking) return results.push({ input: outcome.input, error: ranking.error });
          const className = classNameOf(inputs[from + i]!);
          const index = className === undefined ? undefined : truth(className);
          if (index !== undefined) judged.push({ truth: index, predicted: ranking.top[0]!.index });
          const label = index === undefined ? className : labelOf(labels, index);
          return results.push({
            input: outcome.input,
            result: { input: outcome.input, ...(label === undefined ? {} : { label }), top: ranking.top },
          });
        });
        const done = Math.min(inputs.length, from + step);
        call.progress({ fraction: done / inputs.length, message: `predicted ${done} of ${inputs.length}` });
      }
      return { ...(await this.answerOf(model, subject, notes)), results, ...judge(judged, labels) };
    });

  explain = (request: ExplainRequest, call: Progress): Promise<ExplainAnswer> =>
    this.models.use(request, async (model) => {
      const { signal } = call;
      const method = attributionMethodById(request.method);
      const params = parseParameters(method.id, method.parameters, request.params);
      call.progress({ message: 'opening the model' });
      const subject = await model.subject();
      if (request.layer !== undefined) checkLayer(subject, method, request.layer);
      const inputs = await expandInputs(model, request.inputs, signal);
      const { labels } = namesOf(model, subject, inputs);
      const results: Outcome<Explanation>[] = [];
      for (const [i, input] of inputs.entries()) {
        throwIfCancelled(signal);
        const report = (fraction: number, message: string, partial?: Explanation): void => {
          const many = inputs.length > 1 ? `${path.basename(input.name)} (${i + 1} of ${inputs.length}): ` : '';
          call.progress({
            fraction: (i + fraction) / inputs.length,
            message: many + message,
            ...(partial === undefined ? {} : { partial }),
          });
        };
        results.push(
          await attempt(input.name, () =>
            this.explainOne({ model, subject, labels, method, params, request, input, signal, report }),
          ),
        );
      }
      return { ...(await this.answerOf(model, subject, [])), results };
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

  /** Predictions of a batch. Should the batch fail as a whole, each input is tried by itself, so that one does not take the others along. */
  private async rank(
    subject: ModelSubject,
    labels: Labels,
    loaded: readonly LoadedInput[],
    top: number,
    signal: AbortSignal,
  ): Promise<readonly (Ranking | { readonly error: ReturnType<typeof toErrorData> })[]> {
    if (loaded.length === 0) return [];
    try {
      return await predictBatch(subject, labels, concatBatches(loaded.map((l) => l.tensor)), top, signal);
    } catch (error) {
      if (isCancelled(error)) throw error;
      if (loaded.length === 1) return [{ error: toErrorData(error) }];
      const single: (Ranking | { readonly error: ReturnType<typeof toErrorData> })[] = [];
      for (const one of loaded) single.push(...(await this.rank(subject, labels, [one], top, signal)));
      return single;
    }
  }

  private async explainOne(work: OneExplanation): Promise<Explanation> {
    const { model, subject, labels, method, params, request, signal, report } = work;
    const started = performance.now();
    const input = await loadInput(work.input, signal);
    const [ranking] = await predictBatch(subject, labels, input.tensor, TOP, signal);
    const { logits, probabilities, top } = ranking!;
    const target = resolveTarget(request.target ?? 'top1', logits, labels);
    const score = request.score ?? 'logit';
    const seed = request.seed ?? 0;
    const fixed = {
      input: work.input.name,
      picture: input.picture,
      ...(input.crop === undefined ? {} : { crop: input.crop }),
      target,
      score,
      value: score === 'logit' ? logits[target.index]! : probabilities[target.index]!,
      probability: probabilities[target.index]!,
      predictions: withTarget(top, target, logits, probabilities),
    };
    const recipeOf = (answer: Pick<AttributionAnswer, 'notes' | 'params' | 'layer'>): Promise<Recipe> =>
      this.recipe({ ...work, answer, target, seed, loaded: input });
    // A running picture has the recipe as far as it is known; computed once, before the work, because progress cannot wait.
    const early = await recipeOf({ notes: [] });
    const compose = (
      attribution: Attribution,
      recipe: Recipe,
      answer: Partial<AttributionAnswer> = {},
    ): Explanation => ({
      ...fixed,
      attribution,
      ...(answer.layer === undefined ? {} : { layer: answer.layer }),
      ...(answer.delta === undefined ? {} : { delta: answer.delta }),
      recipe,
      warnings: [
        ...new Set([
          ...model.resolved.warnings,
          ...subject.notes,
          ...input.notes,
          ...(answer.notes ?? []),
          ...unsound(attribution),
        ]),
      ],
      milliseconds: performance.now() - started,
    });
    report(0, method.id);
    const answer = await method.run(
      subject,
      {
        input: input.tensor,
        target,
        score,
        params,
        seed,
        ...(request.layer === undefined ? {} : { layer: request.layer }),
      },
      {
        signal,
        random: new Random(seed),
        progress: (done, total, unit, partial) => {
          report(
            done / Math.max(1, total),
            `${method.id} ${done} / ${total} ${unit}`,
            partial && compose(partial, early),
          );
        },
      },
    );
    return compose(answer.attribution, await recipeOf(answer), answer);
  }

  private async recipe(work: OneExplanation & RecipeParts): Promise<Recipe> {
    const { model, subject, method, params, request, input, loaded, target, seed, answer } = work;
    const file = 'file' in input ? input.file : input.name;
    const settled: Readonly<Record<string, ParameterValue>> = { ...params, ...answer.params };
    const layer = answer.layer ?? request.layer;
    return {
      schema: 'onnx-lens/recipe/1',
      model: { file: path.basename(model.file.path), sha256: await sha256Of(model.file.path) },
      input: { file: path.basename(input.name), sha256: await sha256Of(file) },
      preprocessing: loaded.preprocessing,
      method: method.id,
      params: settled,
      ...(layer === undefined ? {} : { layer }),
      target,
      score: request.score ?? 'logit',
      seed,
      provider: subject.provider?.used ?? 'cpu',
      versions: { 'onnx-lens': VERSION, 'onnxruntime-node': await runtimeVersion() },
      notes: [...subject.notes, ...answer.notes],
    };
  }

  private async answerOf(model: OpenModel, subject: ModelSubject, notes: readonly string[]): Promise<ModelAnswer> {
    const report = subject.provider;
    return {
      sha256: await sha256Of(model.file.path),
      provider: report?.used ?? 'none',
      refusedProviders: report?.refused ?? [],
      preprocessing: recordOf(model.resolved.preprocessing),
      warnings: [
        ...new Set([...model.file.checkpoint.warnings, ...model.resolved.warnings, ...subject.notes, ...notes]),
      ],
    };
  }
}

interface OneExplanation {
  readonly model: OpenModel;
  readonly subject: ModelSubject;
  readonly labels: Labels;
  readonly method: AttributionMethod;
  readonly params: ParametersOf<ParameterSchema>;
  readonly request: ExplainRequest;
  readonly input: ExpandedInput;
  readonly signal: AbortSignal;
  report(fraction: number, message: string, partial?: Explanation): void;
}

interface RecipeParts {
  readonly loaded: LoadedInput;
  readonly target: Target;
  readonly seed: number;
  readonly answer: Pick<AttributionAnswer, 'notes' | 'params' | 'layer'>;
}

/** A layer that does not exist, or that the method has no use for, is refused before any input is touched. */
function checkLayer(subject: ModelSubject, method: AttributionMethod, layer: string): void {
  subject.layer(layer);
  if (method.layer !== 'none') return;
  throw new LensError('usage', 'layer/unused', `The method "${method.id}" explains the input; it takes no layer.`, {
    hint: 'Leave the layer out, or choose a method that looks at one, e.g. gradcam.',
  });
}

/** The names of the classes, and how the names of folders map to them. */
function namesOf(
  model: OpenModel,
  subject: ModelSubject,
  inputs: readonly ExpandedInput[],
): { readonly labels: Labels; readonly notes: readonly string[]; truth(className: string): number | undefined } {
  const folders = inputs.flatMap((input) => classNameOf(input) ?? []);
  const mapping = mapClasses(folders, model.resolved.labels, subject.classes);
  return {
    labels: namedByFolders(model.resolved.labels, mapping),
    notes: mapping.notes,
    truth: (className) => mapping.indexOf(className),
  };
}

function classNameOf(input: ExpandedInput): string | undefined {
  return 'load' in input ? input.className : undefined;
}

async function loadInput(input: ExpandedInput, signal: AbortSignal): Promise<LoadedInput> {
  if ('error' in input) throw new AlreadyFailed(input);
  return (input satisfies PendingInput).load(signal);
}

/** An input that failed when the inputs were listed, on its way to the results. */
class AlreadyFailed extends Error {
  constructor(readonly input: Extract<ExpandedInput, { error: unknown }>) {
    super(input.error.message);
  }
}

/** The result for an input, or its error as data. Cancellation goes through. */
async function attempt<T>(input: string, work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { input, result: await work() };
  } catch (error) {
    if (isCancelled(error)) throw error;
    return { input, error: error instanceof AlreadyFailed ? error.input.error : toErrorData(error) };
  }
}

/** The best classes, and the target where it is not among them. */
function withTarget(
  top: Ranking['top'],
  target: Target,
  logits: Float32Array,
  probabilities: Float64Array,
): Ranking['top'] {
  if (top.some((c) => c.index === target.index)) return top;
  return [...top, { ...target, probability: probabilities[target.index]!, logit: logits[target.index]! }];
}

/** What must be said about an attribution that is all zeros or holds no numbers. */
function unsound(attribution: Attribution): string[] {
  const data = attribution.values.data as Float32Array;
  let zero = true;
  let broken = 0;
  for (const v of data) {
    if (v !== 0) zero = false;
    if (!Number.isFinite(v)) broken++;
  }
  if (broken > 0) return [`${broken} of ${data.length} values are not finite numbers.`];
  return zero ? ['Every value is exactly zero: the score does not depend on the input here.'] : [];
}
