import type { FilePath } from '../base/place.js';
import type { Embedding } from '../result/embedding.js';
import type { LayoutReport } from '../result/layoutReport.js';
import type { ParameterValue } from '../result/method.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { JobRequest, ModelAnswer, ModelRequest, WorkProgress } from './request.js';

export interface EmbedRequest extends ModelRequest, JobRequest {
  /** Pictures and data sets; not asked where rows of weights are placed. */
  readonly inputs: readonly FilePath[];
  readonly of: 'activations' | 'weights';
  /** Whose output is placed; default the input of the last linear layer. */
  readonly layer?: string;
  /** `pca`, `tsne` or `umap`. */
  readonly method: string;
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly seed?: number;
  /** Small pictures of some points are wanted, too: for a page. */
  readonly thumbnails?: boolean;
}

export interface EmbedAnswer extends ModelAnswer {
  readonly embedding: Embedding;
  /** The same as a picture. */
  readonly svg: string;
  readonly png: Uint8Array;
  readonly report: LayoutReport;
}

/** What a model makes of many pictures, as points. */
export interface EmbeddingOperations {
  embed: Operation<EmbedRequest, EmbedAnswer, WorkProgress>;
}

export const embeddingOperations: Chapter<EmbeddingOperations> = {
  embed: { runs: 'always', waits: 'foreground', doing: 'embedding with' },
};
