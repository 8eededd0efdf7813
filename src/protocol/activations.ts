import type { FilePath } from '../base/place.js';
import type { Activation, ActivationExport, TopPictures } from '../result/activations.js';
import type { Outcome } from '../result/explanation.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelAnswer, ModelRequest, WorkProgress } from './request.js';

export interface ActivationsRequest extends ModelRequest {
  /** One picture or `.npy`. */
  readonly input: FilePath;
  readonly layer: string;
  /** Default: the first 64 channels by index. */
  readonly page?: ChannelPage;
}

export interface ChannelPage {
  readonly from: number;
  readonly count: number;
  /** `mean`, `max`: the most active first. Default `index`. */
  readonly sort?: 'index' | 'mean' | 'max';
}

export interface ExportActivationsRequest extends ModelRequest {
  /** Pictures, folders, `.npy` files. */
  readonly inputs: readonly FilePath[];
  readonly layer: string;
}

export interface ActivationsAnswer extends ModelAnswer {
  readonly results: readonly Outcome<ActivationExport>[];
}

export interface TopPicturesRequest extends ModelRequest {
  /** Folders, pictures, `.npy` files. */
  readonly inputs: readonly FilePath[];
  readonly layer: string;
  readonly channel: number;
  /** Default 9. */
  readonly count?: number;
}

export interface TopProgress extends WorkProgress {
  /** The best pictures so far. */
  readonly top?: TopPictures;
}

/** What a layer says of pictures. */
export interface ActivationsOperations {
  activations: Operation<ActivationsRequest, Activation, WorkProgress>;
  exportActivations: Operation<ExportActivationsRequest, ActivationsAnswer, WorkProgress>;
  /** Slow once for a layer and a folder, instant for its other channels. */
  topPictures: Operation<TopPicturesRequest, TopPictures, TopProgress>;
}

export const activationsOperations: Chapter<ActivationsOperations> = {
  activations: { runs: 'always', waits: 'foreground', title: 'activations of' },
  exportActivations: { runs: 'always', waits: 'neither' },
  topPictures: { runs: 'always', waits: 'neither', title: 'searching pictures with' },
};
