import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ModelRequest } from '../../protocol/request.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { OpenModel } from '../model/open.js';
import { Contents, type KnownHash } from '../reading/contents.js';
import { contextOf } from '../reading/context.js';
import type { ReadOptions } from '../reading/reading.js';
import type { KeptUnits } from '../reading/keptInJob.js';
import { ReadingStore } from '../reading/store.js';
import { FeatureCache } from './featureCache.js';
import { DataSets } from './sets.js';
import { Steering } from './steering.js';

/** What is kept for one request. */
export interface KeptFor extends Pick<ReadOptions, 'contents' | 'kept'> {
  /** Tells a model with its settings from others. */
  readonly context: string;
  /** Work of other kinds that is kept; nowhere, where there is no place for it. */
  readonly units?: KeptUnits;
  /** What went wrong with keeping so far. */
  notes(): readonly string[];
  /** Called when all has been read, or nothing more will be. */
  settle(): Promise<void>;
}

/** What the operations on data sets share. */
export class DatasetRoom {
  readonly sets = new DataSets();
  readonly steering = new Steering();
  readonly features = new FeatureCache();
  private readonly store: ReadingStore | undefined;
  /** Hashes of files, where nothing is kept on the disk. */
  private readonly known = new Map<string, KnownHash>();

  /**
   * @param folder where predictions, features and extracted pictures are kept; without one, only the latter, for a while
   * @param most bytes there
   */
  constructor(
    private readonly folder?: string,
    most?: number,
  ) {
    this.store = folder === undefined ? undefined : new ReadingStore(folder, most);
  }

  async keptFor(model: OpenModel, subject: ModelSubject, request: ModelRequest): Promise<KeptFor> {
    const context = await contextOf(model, subject, request);
    const notes: string[] = [];
    if (this.store === undefined)
      return { context, contents: new Contents(this.known), notes: () => notes, settle: () => Promise.resolve() };
    const { store } = this;
    const contents = await store.contents();
    const failed = ({ message }: Error): void => {
      const note = `What the model said is not kept for the next time: ${message}`;
      if (!notes.includes(note)) notes.push(note);
    };
    const kept = store.kept(context, failed);
    return { context, contents, kept, units: store.units(failed), notes: () => notes, settle: () => store.settle() };
  }

  /** Answers of any kind that are kept by what they depend on; nothing where there is no place for it. */
  async keptAnswers(): Promise<
    { readonly contents: Contents; readonly units: KeptUnits; settle(): Promise<void> } | undefined
  > {
    const { store } = this;
    if (store === undefined) return undefined;
    return {
      contents: await store.contents(),
      units: store.units(() => undefined),
      settle: () => store.settle(),
    };
  }

  /** Where pictures of rows are written. */
  get extracted(): string {
    return path.join(this.folder ?? path.join(tmpdir(), `onnx-lens-${process.pid}`), 'pictures');
  }

  async empty(): Promise<{ bytes: number }> {
    this.features.clear();
    return (await this.store?.empty()) ?? { bytes: 0 };
  }
}
