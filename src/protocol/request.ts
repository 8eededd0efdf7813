import type { PictureEdit } from '../base/picture.js';
import type { FilePath } from '../base/place.js';
import type { Reach } from '../base/reach.js';
import type { Explanation } from '../result/explanation.js';
import type { ParameterValue } from '../result/method.js';
import type { OutputChoices } from '../result/output.js';
import type { PreprocessingRecord, ScoreKind } from '../result/recipe.js';
import type { SettingsChange } from '../result/settings.js';

/** What the operations of all chapters share. */

/** What every request about a model carries. Paths are absolute; an address of the editor's is none. */
export interface ModelRequest {
  readonly model: FilePath;
  /** A sidecar to use instead of the one beside the model. */
  readonly config?: FilePath;
  readonly provider?: 'auto' | 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';
  readonly threads?: number;
  /** `.npy` files for inputs beside the one that is explained, by their names; before what the settings file says. */
  readonly otherInputs?: Readonly<Record<string, FilePath>>;
  /** GB that the values of one run may take. */
  readonly memoryLimit?: number;
  /** The output that is meant, where the model has several. */
  readonly output?: string;
  /** What somebody says of outputs, before what the settings file says; nothing is saved. */
  readonly outputs?: OutputChoices;
  /** Which files its own files may name; left out, all, and those outside its folder are said. */
  readonly reach?: Reach;
  /** The same network with all its weights drawn anew, by this seed. */
  readonly randomWeights?: number;
  /** Settings of pictures to try in place of what is written; nothing is saved. */
  readonly settings?: SettingsChange;
}

/** A request about pictures, one of which may have been painted over. */
export interface EditedRequest {
  /** Painted over the only input before the model sees it: of the size of the picture as the model sees it. */
  readonly edit?: PictureEdit;
}

/** What every answer about a model carries. */
export interface ModelAnswer {
  readonly sha256: string;
  readonly provider: string;
  /** Why the providers tried before it were refused. */
  readonly refusedProviders: readonly { readonly provider: string; readonly reason: string }[];
  readonly preprocessing: PreprocessingRecord;
  readonly warnings: readonly string[];
  /**
   * Files beside the model that the answer depends on: those of weights, of settings and of labels, those that the question
   * names (painted places, other pictures, and their folders), and those that were looked for and are not there. Absolute
   * paths.
   */
  readonly files: readonly FilePath[];
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

/** `top1`… by rank, a class index, or a class name. */
export type TargetText = string;

/** A method, and what it is asked about. */
export interface MethodRequest extends ModelRequest {
  readonly method: string;
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly target?: TargetText;
  readonly score?: ScoreKind;
  readonly layer?: string;
  readonly seed?: number;
}

/** Where the units of long work are kept, and which of them are meant. */
export interface JobPlace {
  readonly folder: FilePath;
  /** One share of the units: those whose number leaves `index` when divided by `count`. */
  readonly shard?: { readonly index: number; readonly count: number };
  /** Nothing is run: what is not there is an error. */
  readonly merge?: boolean;
}

/** A request whose work can stop and go on. */
export interface JobRequest {
  readonly job?: JobPlace;
}
