import type { FilePath } from '../base/place.js';
import type { Comparison } from '../result/comparison.js';
import type { ParameterValue } from '../result/method.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { JobRequest, ModelRequest, WorkProgress } from './request.js';

/** The model of the request beside another. */
export interface CompareModelsRequest extends ModelRequest, JobRequest {
  /** Another file, or the same with random weights. */
  readonly other: ModelRequest;
  /** A data set; without one only weights are compared, and nothing is run. */
  readonly place?: FilePath;
  /** Only this split; all where it is left out. */
  readonly split?: string;
  /** At most so many pictures, drawn by a fixed seed with the shares of the classes kept. */
  readonly most?: number;
  /** Labels of the data set that stand for other classes of the first model than they were taken for; -1: for none. */
  readonly mapping?: Readonly<Record<string, number>>;
  /** Whose values the pictures are placed by, in both; default the input of each model's last linear layer. */
  readonly layer?: string;
  /** Layers whose alignment is asked for; default all, up to a bound. */
  readonly layers?: readonly string[];
  /** Most pictures whose layers are looked at, drawn by the seed; default 2000. */
  readonly layered?: number;
  /** How pictures are laid out: `pca` (default), `tsne` or `umap`. */
  readonly layout?: string;
  /** How the reasons of equal predictions are compared; left out, they are not. */
  readonly method?: string;
  readonly params?: Readonly<Record<string, ParameterValue>>;
  /** Most pictures that are explained, default 32. */
  readonly explained?: number;
  readonly seed?: number;
}

/** Two models, one selection. */
export interface ComparisonOperations {
  compareModels: Operation<CompareModelsRequest, Comparison, WorkProgress>;
}

export const comparisonOperations: Chapter<ComparisonOperations> = {
  compareModels: {
    runs: ({ place }) => place !== undefined,
    waits: 'neither',
    long: true,
    title: 'comparing',
    doing: 'comparing',
  },
};
