import type { Address } from '../base/place.js';
import type { Comparison } from '../result/comparison.js';
import type { LayoutReport } from '../result/layoutReport.js';
import type { MethodDescription, ParameterValue } from '../result/method.js';
import type { MeasuredQuestion, RoarAnswer, RoarProgress } from './benchmark.js';
import type { Operation } from './channel.js';
import type { CompareModelsRequest } from './comparison.js';
import type { HeatAnswer, SetProgress, SteerRequest, ThumbnailsAnswer, ThumbnailsRequest } from './dataset.js';
import type { LayerChoice, NamedFile } from './explainPanel.js';
import type { OtherCheckpoint } from './modelPanel.js';
import type { WorkProgress } from './request.js';
import type { AboutModel, AnswerOf, ProgressOf, RequestOf } from './runner.js';

/** What the panel of a data set and the extension host say to each other. */

/** What a panel is about: one model, and one place that holds labelled pictures. */
export interface DatasetTopic {
  readonly model: NamedFile;
  /** A folder, a list, a `.parquet` or an `.npz` file. */
  readonly place: NamedFile;
}

export interface DatasetSetup extends DatasetTopic {
  /** Names of the examples that are selected, in this panel or another one of the same place. */
  readonly selected: readonly string[];
  /** Files that have changed since they were looked at. */
  readonly stale: readonly string[];
  /** What the model is to be compared with, where the panel was opened for that. */
  readonly compare?: OtherCheckpoint;
  /** The view that is meant, where the panel was opened for one. */
  readonly tab?: string;
}

/** Another model on the same pictures. */
export interface CompareAsked extends Pick<CompareModelsRequest, 'most' | 'split' | 'mapping' | 'layout' | 'method'> {
  readonly other: OtherCheckpoint;
}

/** An operation of the runner about a data set as the page asks it: model, place and settings are added by the host. */
type AskedOf<K extends AboutModel> = Omit<RequestOf<K>, 'place'>;

/** Operations that the host hands on. */
export const DATASET_PASSED = ['survey', 'layout', 'nearest', 'layerCurve', 'scoreColumn', 'evaluate'] as const;

type PassedName = (typeof DATASET_PASSED)[number];

type DatasetPassed = { [K in PassedName]: Operation<AskedOf<K>, AnswerOf<K>, ProgressOf<K>> };

/** Remove and retrain, as it was begun in a folder. */
export interface RoarBegun {
  readonly methods: readonly MeasuredQuestion[];
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly training: Readonly<Record<string, ParameterValue>>;
  readonly seed: number;
}

/** The same with the folder that keeps what is done. */
export interface RoarAsked extends RoarBegun {
  readonly folder: Address;
}

/** A folder for the trainings, and what was begun there before. */
export interface RoarPlace {
  readonly folder: NamedFile;
  readonly begun?: RoarBegun;
}

/** What the extension host does for the panel. */
export interface DatasetHostApi extends DatasetPassed {
  setup: Operation<Record<string, never>, DatasetSetup>;
  /** What was answered is not to be answered again: the runner is asked anew. */
  forget: Operation<Record<string, never>, void>;
  /** The layers whose outputs can be placed. */
  layers: Operation<Record<string, never>, readonly LayerChoice[]>;
  /** Halts, goes on with or ends a layout that is under way; ended, it answers with what there is. */
  steer: Operation<SteerRequest, void>;
  /** A map of one picture, for who points at it. */
  heat: Operation<AskedOf<'heat'>, HeatAnswer, SetProgress>;
  /** Small pictures, letterboxed; those that cannot be read are grey. */
  thumbnails: Operation<Omit<ThumbnailsRequest, 'place'>, ThumbnailsAnswer>;
  /** Other examples are selected: the panels of the same place follow. */
  select: Operation<{ readonly names: readonly string[] }, void>;
  /** Explains pictures with this model, and with another one beside it; by a method where one is meant. */
  explain: Operation<
    { readonly names: readonly string[]; readonly beside?: OtherCheckpoint; readonly method?: string },
    void
  >;
  /** Removes what methods point at, and retrains. It goes on without the page; what is done is kept in the folder. */
  roar: Operation<RoarAsked, RoarAnswer, RoarProgress>;
  /** Where trainings are kept unless another folder is chosen; `undefined` when the question is dismissed. */
  roarPlace: Operation<{ readonly choose?: boolean }, RoarPlace | undefined>;
  /** Ends the trainings; they can go on. */
  stopRoar: Operation<Record<string, never>, void>;
  /** Puts on the clipboard what to type in a terminal for the same trainings, in the same folder. */
  copyRoarCommand: Operation<RoarAsked, void>;
  /** Opens the same pictures with another model, which is asked for. */
  openWith: Operation<Record<string, never>, void>;
  /** Puts another model beside this one. */
  compare: Operation<CompareAsked, Comparison, WorkProgress>;
  /** Asks which; `undefined` when the question is dismissed. */
  chooseOther: Operation<Record<string, never>, OtherCheckpoint | undefined>;
  /** Ways in which reasons can be compared. */
  methods: Operation<Record<string, never>, readonly MethodDescription[]>;
  /** Asks where to save the last comparison as a page of its own, and saves. `false`: the person changed their mind. */
  saveComparison: Operation<Record<string, never>, boolean>;
  /** Asks where to save, beside the place, and saves. `false`: the person changed their mind. */
  save: Operation<{ readonly name: string; readonly bytes: Uint8Array }, boolean>;
  /** The same of a layout as a page that stands alone. */
  saveLayout: Operation<{ readonly name: string; readonly report: LayoutReport }, boolean>;
  /** Puts on the clipboard what to type in a terminal for the same points, or without a method for the predictions. */
  copyCommand: Operation<CommandChoice, void>;
  showLog: Operation<Record<string, never>, void>;
}

/** What of a map has to be said on the command line. */
export interface CommandChoice {
  readonly method?: string;
  readonly of?: 'activations' | 'weights';
  readonly layer?: string;
  readonly seed?: number;
  readonly params?: Readonly<Record<string, string | number | boolean>>;
}

/** What the panel does when the extension host says so. */
export interface DatasetPanelApi {
  /** Other examples were selected elsewhere. */
  selected: Operation<{ readonly names: readonly string[] }, void>;
  /** Another model is to be put beside this one. */
  compareWith: Operation<{ readonly other: OtherCheckpoint }, void>;
  /** Another view is meant. */
  showTab: Operation<{ readonly tab: string }, void>;
  /** Files that have changed on disk since they were looked at. */
  stale: Operation<{ readonly files: readonly string[] }, void>;
}
