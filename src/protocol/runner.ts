import type { ParameterValue, MethodDescription } from '../result/method.js';
import type { Explanation, Outcome, Prediction } from '../result/explanation.js';
import type { Inspection, Outline } from '../result/inspection.js';
import type { PreprocessingRecord, ScoreKind } from '../result/recipe.js';
import type { SanityCheck } from '../result/sanity.js';
import type { Operation } from './channel.js';
import type { ExportGradientRequest, GradientFile, ModelOperations } from './modelOperations.js';

/** What every request about a model carries. Paths are absolute. */
export interface ModelRequest {
  readonly model: string;
  /** A sidecar to use instead of the one beside the model. */
  readonly config?: string;
  readonly provider?: 'auto' | 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';
  readonly threads?: number;
}

/** `top1`… by rank, a class index, or a class name. */
export type TargetText = string;

export interface PredictRequest extends ModelRequest {
  /** Pictures, folders or `.npy` files. */
  readonly inputs: readonly string[];
  /** Classes to return for each input; default 5. */
  readonly top?: number;
}

/** A method, and what it is asked about. */
interface MethodRequest extends ModelRequest {
  readonly method: string;
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly target?: TargetText;
  readonly score?: ScoreKind;
  readonly layer?: string;
  readonly seed?: number;
}

export interface ExplainRequest extends MethodRequest {
  readonly inputs: readonly string[];
}

/** Progress of long work, and what there is already. */
export interface WorkProgress {
  /** 0 to 1, or undefined while it cannot be known. */
  readonly fraction?: number;
  /** What is being done, e.g. "occlusion 120 / 729". */
  readonly message: string;
  /** A running picture of one input. */
  readonly partial?: Explanation;
}

export interface ModelAnswer {
  readonly sha256: string;
  readonly provider: string;
  /** Why the providers tried before it were refused. */
  readonly refusedProviders: readonly { readonly provider: string; readonly reason: string }[];
  readonly preprocessing: PreprocessingRecord;
  readonly warnings: readonly string[];
}

export interface PredictAnswer extends ModelAnswer {
  readonly results: readonly Outcome<Prediction>[];
  readonly accuracy?: number;
  /** Rows are true classes, columns predicted ones. */
  readonly confusion?: { readonly labels: readonly string[]; readonly counts: readonly (readonly number[])[] };
}

export interface ExplainAnswer extends ModelAnswer {
  readonly results: readonly Outcome<Explanation>[];
}

/** Asks whether a method's maps depend on what the model learned: the badge beside a heatmap. */
export interface SanityRequest extends MethodRequest {
  /** One picture or `.npy`; a badge that was computed on another picture is answered, too. */
  readonly input: string;
  /** Depths of the cascade, default 5. */
  readonly depths?: number;
  /** Compute it on this picture even where it is known from another one. */
  readonly fresh?: boolean;
}

export interface SanityAnswer extends ModelAnswer {
  readonly sanity: SanityCheck;
  /** Whether it was known; `sanity.input` says from which picture. */
  readonly cached: boolean;
}

/** What the runner does for the extension host and the command line. */
export interface RunnerApi extends ModelOperations {
  /** Cheap: never starts a session, reads no weights. */
  outline: Operation<{ readonly model: string }, Outline>;
  inspect: Operation<ModelRequest, Inspection, WorkProgress>;
  methods: Operation<Record<string, never>, readonly MethodDescription[]>;
  predict: Operation<PredictRequest, PredictAnswer, WorkProgress>;
  explain: Operation<ExplainRequest, ExplainAnswer, WorkProgress>;
  /** Background work: stands back while an explanation or a prediction is being computed. */
  sanity: Operation<SanityRequest, SanityAnswer, WorkProgress>;
  /** Writes the gradient graph as an ordinary model. */
  exportGradient: Operation<ExportGradientRequest, GradientFile, WorkProgress>;
  /** Class names of a model, for the target picker. */
  labels: Operation<ModelRequest, readonly string[]>;
  /** Frees a model's sessions and memory. */
  release: Operation<{ readonly model: string }, void>;
  /** Which process answers: for the watchdog and for tests. */
  status: Operation<Record<string, never>, RunnerStatus>;
}

export interface RunnerStatus {
  readonly pid: number;
  readonly node: string;
  readonly runtime: string;
  readonly openModels: readonly string[];
  readonly residentBytes: number;
}
