import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ModelRequest } from '../../protocol/request.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { OpenModel } from '../model/open.js';
import { Contents } from '../reading/contents.js';
import { contextOf } from '../reading/context.js';
import { FeatureCache } from './featureCache.js';
import type { ReadOptions } from '../reading/reading.js';
import { DataSets } from './sets.js';
import { Steering } from './steering.js';

/** What is kept for one request. */
export interface KeptFor extends Pick<ReadOptions, 'contents' | 'kept'> {
  /** Tells a model with its settings from others. */
  readonly context: string;
  readonly notes: readonly string[];
  /** Called when all has been read. */
  settle(): Promise<void>;
}

/** What the operations on data sets share. */
export class DatasetRoom {
  readonly sets = new DataSets();
  readonly steering = new Steering();
  readonly features = new FeatureCache();

  /** @param folder where predictions, features and extracted pictures are kept; without one, only the latter, for a while */
  constructor(private readonly folder?: string) {}

  async keptFor(model: OpenModel, subject: ModelSubject, request: ModelRequest): Promise<KeptFor> {
    return Promise.resolve({
      context: await contextOf(model, subject, request),
      contents: new Contents(),
      notes: [],
      settle: () => Promise.resolve(),
    });
  }

  /** Where pictures of rows are written. */
  get extracted(): string {
    return path.join(this.folder ?? path.join(tmpdir(), `onnx-lens-${process.pid}`), 'pictures');
  }

  empty(): Promise<{ bytes: number }> {
    return Promise.resolve({ bytes: 0 });
  }
}
