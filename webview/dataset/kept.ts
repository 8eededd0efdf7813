import type { DatasetTopic } from '../../src/protocol/datasetPanel.js';
import type { ParameterValue } from '../../src/result/method.js';

/** What points are coloured by. */
export type ColourBy =
  | 'label'
  | 'predicted'
  | 'correct'
  | 'confidence'
  | 'ofTruth'
  | 'margin'
  | 'truthMargin'
  | 'entropy'
  | 'loss'
  | 'probability'
  | 'logit';

export type GallerySort = 'set' | 'confidence' | 'doubt' | 'margin' | 'truth' | 'label' | 'predicted';

export type GalleryShow = 'all' | 'wrong' | 'right' | 'suspects' | 'duplicates' | 'selected';

export type ConfusionOrder = 'set' | 'cluster' | 'recall' | 'name';

export interface MapView {
  /** Rows of the last layer's weights in place of what a layer makes of the pictures. */
  readonly of: 'activations' | 'weights';
  /** Default: the input of the last linear layer. */
  readonly layer?: string;
  readonly method: string;
  /** Values that differ from the method's defaults, by method. */
  readonly params: Readonly<Record<string, Readonly<Record<string, ParameterValue>>>>;
  readonly components: 2 | 3;
  readonly seed: number;
  readonly colour: ColourBy;
  /** Whose probability or logit it is, where points are coloured by one. */
  readonly colourClass: number;
  readonly marks: 'points' | 'pictures';
  readonly tool: 'move' | 'lasso' | 'rectangle';
  readonly wrongOnTop: boolean;
  /** Numbers of classes that are switched off in the legend. */
  readonly hidden: readonly number[];
  readonly metric: 'cosine' | 'euclidean';
}

export interface GalleryView {
  readonly sort: GallerySort;
  readonly show: GalleryShow;
  readonly label?: number;
  readonly predicted?: number;
  readonly text: string;
  readonly zoom: number;
  /** Resting on a picture shows its map. */
  readonly heat: boolean;
}

/** What a person has chosen: kept over a hidden tab and a reloaded window. Small plain data. */
export interface DatasetView {
  readonly tab: string;
  /** Only so many pictures, and only those of a split. */
  readonly most?: number;
  readonly split?: string;
  /** What labels were said to be, in place of what was matched: label to class, −1 for none. */
  readonly mapping: Readonly<Record<string, number>>;
  readonly map: MapView;
  readonly mistakes: { readonly order: ConfusionOrder; readonly diagonal: boolean };
  readonly classes: { readonly sort: string; readonly down: boolean };
  readonly gallery: GalleryView;
  /** The picture that was looked at last. */
  readonly focus?: string;
  /** What parts that are added to the panel keep, by their ids. */
  readonly parts: Readonly<Record<string, unknown>>;
}

/** What the panel keeps; the extension host reads `topic` of it to open the panel again. */
export interface KeptDataset {
  readonly version: 1;
  readonly topic: DatasetTopic;
  readonly view: DatasetView;
}

export const NEW_VIEW: DatasetView = {
  tab: 'map',
  mapping: {},
  map: {
    of: 'activations',
    method: 'pca',
    params: {},
    components: 2,
    seed: 0,
    colour: 'label',
    colourClass: 0,
    marks: 'points',
    tool: 'move',
    wrongOnTop: true,
    hidden: [],
    metric: 'cosine',
  },
  mistakes: { order: 'set', diagonal: true },
  classes: { sort: 'index', down: false },
  gallery: { sort: 'set', show: 'all', text: '', zoom: 1.5, heat: true },
  parts: {},
};

/** Whether a kept state is one of ours; it may have been written by another version. */
export function isKept(state: unknown): state is KeptDataset {
  const kept = state as Partial<KeptDataset> | null | undefined;
  return (
    typeof kept === 'object' &&
    kept !== null &&
    kept.version === 1 &&
    typeof kept.topic === 'object' &&
    typeof kept.view === 'object' &&
    typeof kept.view.map === 'object' &&
    typeof kept.view.gallery === 'object'
  );
}

/** A kept view, completed where another version kept less. */
export function completed(view: DatasetView): DatasetView {
  return {
    ...NEW_VIEW,
    ...view,
    map: { ...NEW_VIEW.map, ...view.map },
    mistakes: { ...NEW_VIEW.mistakes, ...view.mistakes },
    classes: { ...NEW_VIEW.classes, ...view.classes },
    gallery: { ...NEW_VIEW.gallery, ...view.gallery },
  };
}
