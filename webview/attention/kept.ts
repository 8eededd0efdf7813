import type { AttentionTopic } from '../../src/protocol/attentionPanel.js';
import type { NamedFile } from '../../src/protocol/explainPanel.js';
import type { PictureRegion } from '../../src/result/attentionBias.js';
import type { AskedToken } from '../../src/result/attentionMap.js';

/** A head of a layer, or several as one. */
export type HeadName = number | 'mean' | 'max';

/** What is shown large over the picture. */
export type Shown = 'attention' | 'rollout' | 'relevance';

/** What is drawn for each head over depth. */
export type Measure = 'entropy' | 'distance' | 'onPrefix' | 'onSelf';

/** Where tokens stand, as somebody has said it. */
export interface SaidLayout {
  readonly prefix: number;
  readonly rows: number;
  readonly columns: number;
}

/** What a person has chosen: kept over a hidden tab and a reloaded window. Small plain data. */
export interface AttentionView {
  /** Whose look is drawn; left out, the class token where there is one, else the middle of the picture. */
  readonly token?: AskedToken;
  /** What the token looks at, or which tokens look at it. */
  readonly direction: 'outgoing' | 'incoming';
  readonly shown: Shown;
  /** By the layer's name; left out, the last layer and the mean of its heads. */
  readonly chosen?: { readonly layer: string; readonly head: HeadName };
  readonly fusion: 'mean' | 'max' | 'min';
  readonly start: number;
  /** What a relevance is of. */
  readonly target: string;
  readonly mode: 'blend' | 'heat' | 'original';
  readonly opacity: number;
  readonly smooth: boolean;
  readonly scale: 'own' | 'shared';
  /** Whether the borders of tokens are drawn over the picture. */
  readonly grid: boolean;
  /** Whether the token follows the pointer; else the pointer reads values, and a click chooses a token. */
  readonly follow: boolean;
  readonly zoom: number;
  readonly measure: Measure;
  readonly region?: PictureRegion;
  /** Pictures that heads are silenced over, in place of the one that is shown. */
  readonly folder?: NamedFile;
  /** Of layers of which the graph does not tell, by the number of their tokens. */
  readonly layouts: Readonly<Record<string, SaidLayout>>;
}

export const NEW_VIEW: AttentionView = {
  direction: 'outgoing',
  shown: 'attention',
  fusion: 'mean',
  start: 0,
  target: 'top1',
  mode: 'blend',
  opacity: 0.6,
  smooth: false,
  scale: 'own',
  grid: true,
  follow: true,
  zoom: 1,
  measure: 'distance',
  layouts: {},
};

/** What the panel keeps; the extension host reads `topic` of it to open the panel again. */
export interface KeptAttention {
  readonly version: 1;
  readonly topic: AttentionTopic;
  readonly view: AttentionView;
}

/** Whether a kept state is one of ours; it may have been written by another version. */
export function isKept(state: unknown): state is KeptAttention {
  const kept = state as Partial<KeptAttention> | null | undefined;
  return (
    typeof kept === 'object' &&
    kept !== null &&
    kept.version === 1 &&
    typeof kept.topic === 'object' &&
    isView(kept.view)
  );
}

export function isView(view: unknown): view is AttentionView {
  const kept = view as Partial<AttentionView> | null | undefined;
  return (
    typeof kept === 'object' && kept !== null && typeof kept.shown === 'string' && typeof kept.layouts === 'object'
  );
}
