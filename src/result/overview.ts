import type { LayerDescription, Outline } from './inspection.js';
import type { RefusedOperator } from '../base/errors.js';
import type { Origin, PreprocessingRecord } from './recipe.js';
import type { Moments } from './weights.js';

/** What the overview of a checkpoint shows, in three parts that arrive one after the other. */

/** How much an oddity matters: `error` breaks results, `warning` deserves a look, `info` explains what is seen. */
export type Severity = 'error' | 'warning' | 'info';

/** Something about a model that a person should know of. */
export interface Oddity {
  /** Stable id: `nan`, `huge`, `dead-filters`, `softmax-twice`, `unused-initializer`, `no-normalisation`, `constant-weight`, … */
  readonly kind: string;
  readonly severity: Severity;
  /** One sentence for people. */
  readonly sentence: string;
  /** Layer it is about, by its name, where there is one. */
  readonly layer?: string;
  /** Weight it is about, by its name in the graph. */
  readonly weight?: string;
}

/** One weight as the file stores it. */
export interface WeightSummary {
  readonly name: string;
  readonly type: string;
  readonly dims: readonly number[];
  /** Bytes in the file. */
  readonly bytes: number;
  /** Layer that holds it; absent where no layer reads it. */
  readonly layer?: string;
}

/** First part: what the file says, without a session and without reading weights. Under a second for any size. */
export interface Overview extends Outline {
  /** Bytes of all files: the model's own and its external data. */
  readonly totalBytes: number;
  /** Bytes of the weights alone, and by layer in the order of `layers`. */
  readonly weightBytes: number;
  readonly layerBytes: readonly number[];
  readonly externalFiles: readonly string[];
  readonly doc: string;
  /** How often each operator occurs, most frequent first; domain-qualified where it is not ai.onnx. */
  readonly operators: readonly { readonly op: string; readonly count: number }[];
  readonly weights: readonly WeightSummary[];
  readonly preprocessing: PreprocessingRecord;
  readonly labels: { readonly count: number; readonly origin: Origin; readonly names: readonly string[] };
  /** What the file alone shows; the scan of the weights adds its own. */
  readonly oddities: readonly Oddity[];
  /** When the model file was last written, milliseconds since 1970: what sources are compared with. */
  readonly modified: number;
}

/** Second part: what one run at the input's real size teaches. `undefined` entries could not be computed. */
export interface Measurements {
  /** At batch 1 (or the model's fixed batch), in the order of `Outline.layers`. */
  readonly layers: readonly LayerMeasurement[];
  readonly batch: number;
  /** Of the whole graph, a multiplication and an addition counted as two. */
  readonly flops: number;
  /** Nodes whose cost is not known: nested graphs, custom operators. */
  readonly flopsUnknown: number;
  /** Bytes of all values together, and of the most that live at one time in the graph's order. */
  readonly activationBytes: number;
  readonly peakBytes: number;
  readonly differentiable: { readonly yes: boolean; readonly refused: readonly RefusedOperator[] };
  readonly warnings: readonly string[];
}

export interface LayerMeasurement {
  readonly name: string;
  readonly shape?: LayerDescription['shape'];
  readonly flops?: number;
  /** Bytes of the layer's output. */
  readonly activationBytes?: number;
}

/** Third part: what the weights hold, streamed piece by piece. */
export interface WeightScan {
  /** In the order in which they were read. */
  readonly weights: readonly ScannedWeight[];
  readonly oddities: readonly Oddity[];
  /** Bytes that were read. */
  readonly bytes: number;
}

/** Moments of a weight, dequantised where it is quantised. */
export interface ScannedWeight extends Moments {
  readonly name: string;
  readonly layer?: string;
  /** Filters (first axis of the output) whose every element is zero or next to nothing. */
  readonly dead: number;
  readonly filters: number;
}

/** While a scan runs: what is done so far. */
export interface ScanProgress {
  readonly fraction: number;
  readonly message: string;
  readonly partial?: WeightScan;
}
