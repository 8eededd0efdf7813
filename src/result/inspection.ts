import type { RefusedOperator } from '../base/errors.js';
import type { ElementType } from '../base/tensor.js';
import type { OutputSummary } from './output.js';
import type { Origin, PreprocessingRecord } from './recipe.js';

export interface ValueDescription {
  readonly name: string;
  readonly type: ElementType | 'unknown';
  readonly dims: readonly (number | string)[];
  /** Of an output that was looked into: what it holds. */
  readonly kind?: OutputSummary['kind'];
  readonly chosen?: boolean;
  readonly reason?: string;
  readonly guessed?: boolean;
}

export interface LayerDescription {
  readonly name: string;
  readonly op: string;
  readonly node: string;
  readonly parameters: number;
  /** Value name of its output. */
  readonly output: string;
  /** Shape of the output at batch 1; absent before a probe run. */
  readonly shape?: readonly (number | string)[];
  /** Names of the weights it holds, main one first. */
  readonly weights: readonly string[];
  readonly scope: readonly string[];
  readonly source?: { readonly path: string; readonly line: number };
  /** Modules around it with their classes (`resnet_cifar.Block` of `layer1.0`), outermost first, where the exporter wrote them. */
  readonly modules?: readonly { readonly path: string; readonly type: string }[];
}

/** What the tree shows, read without starting a session. */
export interface Outline {
  readonly model: string;
  readonly bytes: number;
  /** With the files of external data, where they were looked at. */
  readonly totalBytes?: number;
  readonly ir: number;
  readonly opset: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly inputs: readonly ValueDescription[];
  readonly outputs: readonly ValueDescription[];
  readonly parameters: number;
  readonly nodes: number;
  readonly layers: readonly LayerDescription[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  /** Whether every operator between the first output and the inputs has a gradient, by the table of operators alone. */
  readonly differentiable?: Inspection['differentiable'];
}

/** Everything `inspect` says. */
export interface Inspection extends Outline {
  readonly sha256: string;
  readonly preprocessing: PreprocessingRecord;
  readonly labels: { readonly count: number; readonly origin: Origin; readonly names: readonly string[] };
  readonly differentiable: { readonly yes: boolean; readonly refused: readonly RefusedOperator[] };
}
