import type { Address } from '../../src/base/place.js';
import type { OtherCheckpoint } from '../../src/protocol/modelPanel.js';
import type { NamedFile } from '../../src/protocol/explainPanel.js';
import { NEW_VIEW as NEW_ATTENTION, type AttentionView } from '../attention/kept.js';
import type { DivergingName } from '../../src/result/colormap.js';

export type LayerOrder = 'graph' | 'name' | 'op' | 'parameters' | 'flops';

/** What a person has chosen: kept over a hidden tab and a reloaded window. Small plain data. */
export interface ModelView {
  readonly version: 1;
  /** Id of the tab that is open. */
  readonly tab: string;
  readonly layer?: string;
  readonly search: string;
  readonly order: LayerOrder;
  readonly weights: WeightsView;
  readonly activations: ActivationsView;
  readonly attention: AttentionView;
  readonly graph: GraphView;
  readonly training: TrainingView;
  /** Sizes that were given to parts of the page, in pixels. */
  readonly sizes?: { readonly layers?: number; readonly node?: number };
}

export interface WeightsView {
  /** Of the selected layer; default its main one. */
  readonly weight?: string;
  readonly scale: 'shared' | 'own';
  readonly sort: 'index' | 'norm';
  readonly map: DivergingName;
  readonly zoom: number;
  /** The rows of a matrix as numbers, or as points in the plane. */
  readonly rows: 'numbers' | 'points';
  /** The layer is shown beside the same one elsewhere. */
  readonly compare?: OtherCheckpoint;
}

/** What the curve over the checkpoints of a training is of. */
export type Curve = 'l2' | 'std' | 'mean' | 'sparsity' | 'score';

export interface TrainingView {
  /** Files that were chosen in place of those beside this one. */
  readonly chosen?: readonly Address[];
  /** The checkpoint that is looked at; default the one that is open. */
  readonly at?: Address;
  /** Goes to a new checkpoint when it appears. */
  readonly follow: boolean;
  readonly curve: Curve;
  /** Id of the attribution method; default what the settings say. */
  readonly method?: string;
  /** Class index as text, or `top1`: the best class of the newest checkpoint. */
  readonly target: string;
  /** Explain at the selected layer, where the method takes one. */
  readonly atLayer: boolean;
}

export interface ActivationsView {
  readonly picture?: NamedFile;
  readonly folder?: NamedFile;
  readonly sort: 'index' | 'mean' | 'max';
  readonly scale: 'shared' | 'own';
  readonly zoom: number;
  readonly channel?: number;
  readonly mode: 'heat' | 'blend' | 'original';
  readonly smooth: boolean;
}

export interface GraphView {
  /** Paths of the modules that are open. */
  readonly open: readonly string[];
  readonly colour: 'kind' | 'parameters' | 'flops' | ActivationMeasure;
  /** Which way values flow; default to the right. */
  readonly direction?: 'right' | 'down';
}

/** Numbers about a node's value on one picture. */
export type ActivationMeasure = 'meanMagnitude' | 'zero' | 'std' | 'largest';

export const NEW_VIEW: ModelView = {
  version: 1,
  tab: 'overview',
  search: '',
  order: 'graph',
  weights: { scale: 'shared', sort: 'index', map: 'RdBu', zoom: 1, rows: 'numbers' },
  activations: { sort: 'index', scale: 'own', zoom: 1, mode: 'blend', smooth: false },
  attention: NEW_ATTENTION,
  graph: { open: [], colour: 'kind' },
  training: { follow: true, curve: 'l2', target: 'top1', atLayer: false },
};

/** Whether a kept state is one of ours; it may have been written by another version. */
export function isView(state: unknown): state is ModelView {
  const view = state as Partial<ModelView> | null | undefined;
  return (
    typeof view === 'object' &&
    view !== null &&
    view.version === 1 &&
    typeof view.tab === 'string' &&
    typeof view.weights === 'object' &&
    typeof view.activations === 'object' &&
    typeof view.graph === 'object'
  );
}
