import type { FilePath } from '../base/place.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelRequest, WorkProgress } from './request.js';

/** Asks for the gradient graph as a model of its own. */
export interface ExportGradientRequest extends ModelRequest {
  /** Absolute path of the file to write. */
  readonly file: FilePath;
  /** Copies the weights in; else they stay where they are, and the file must lie in their folder or above. */
  readonly embed: boolean;
}

/** The file that was written: `d score[target] / d wrt`. */
export interface GradientFile {
  readonly sha256: string;
  /** Value whose elements are the targets. */
  readonly score: string;
  /** Value that is differentiated by: the first input. */
  readonly wrt: string;
  readonly bytes: number;
  readonly notes: readonly string[];
}

/** The gradient graph itself. */
export interface GradientOperations {
  /** Writes the gradient graph as an ordinary model. */
  exportGradient: Operation<ExportGradientRequest, GradientFile, WorkProgress>;
}

export const gradientOperations: Chapter<GradientOperations> = {
  exportGradient: { runs: 'always', waits: 'neither', doing: 'differentiating' },
};
