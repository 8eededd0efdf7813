import type { Call, Handlers } from '../../protocol/channel.js';
import type { ModelHostApi } from '../../protocol/modelPanel.js';
import type { AboutModel, AnswerOf, ProgressOf, RequestOf } from '../../protocol/runner.js';
import type { LayerDescription } from '../../result/inspection.js';
import type { Reading } from '../runner/asking.js';
import type { HostServices } from '../services.js';
import type { ModelDocument } from './modelDocument.js';

/** What the chapters of an editor's handlers share. */
export interface EditorRoom {
  readonly services: HostServices;
  readonly document: ModelDocument;
  /** Who selects a layer: the editor itself is not told. */
  readonly editor: object;
  /** A layer of the file as it was read last. */
  layer(name: string): LayerDescription | undefined;
  /** One operation of the runner about this model; `other` reads another file that it is about, too. */
  ask<K extends AboutModel>(
    name: K,
    request: RequestOf<K>,
    call: Call<ProgressOf<K>>,
    other?: Reading,
  ): Promise<AnswerOf<K>>;
}

/** The handlers of one chapter. */
export type Chapter<K extends keyof ModelHostApi> = Pick<Handlers<ModelHostApi>, K>;
