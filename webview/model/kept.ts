import type { NamedFile } from '../../src/protocol/panel.js';
import type { DivergingName } from '../../src/result/colormap.js';

export type Tab = 'overview' | 'weights' | 'activations' | 'graph';
export const TABS: readonly { readonly value: Tab; readonly label: string }[] = [
  { value: 'overview', label: 'Overview' },
  { value: 'weights', label: 'Weights' },
  { value: 'activations', label: 'Activations' },
  { value: 'graph', label: 'Graph' },
];

export type LayerOrder = 'graph' | 'name' | 'op' | 'parameters' | 'flops';

/** What a person has chosen: kept over a hidden tab and a reloaded window. Small plain data. */
export interface ModelView {
  readonly version: 1;
  readonly tab: Tab;
  readonly layer?: string;
  readonly search: string;
  readonly order: LayerOrder;
  readonly weights: WeightsView;
  readonly activations: ActivationsView;
  readonly graph: GraphView;
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
  readonly colour: 'kind' | 'parameters' | 'flops';
}

export const NEW_VIEW: ModelView = {
  version: 1,
  tab: 'overview',
  search: '',
  order: 'graph',
  weights: { scale: 'shared', sort: 'index', map: 'RdBu', zoom: 1, rows: 'numbers' },
  activations: { sort: 'index', scale: 'own', zoom: 1, mode: 'blend', smooth: false },
  graph: { open: [], colour: 'kind' },
};

/** Whether a kept state is one of ours; it may have been written by another version. */
export function isView(state: unknown): state is ModelView {
  const view = state as Partial<ModelView> | null | undefined;
  return (
    typeof view === 'object' &&
    view !== null &&
    view.version === 1 &&
    TABS.some((tab) => tab.value === view.tab) &&
    typeof view.weights === 'object' &&
    typeof view.activations === 'object' &&
    typeof view.graph === 'object'
  );
}
