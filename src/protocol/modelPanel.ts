import type { Address, FilePath } from '../base/place.js';
import type { AttentionParts } from './attentionPanel.js';
import type { Operation } from './channel.js';
import type { About, AskedOf, Passed } from './passed.js';
import type { TargetText, WorkProgress } from './request.js';
import type { AboutModel } from './runner.js';
import type { Explanation } from '../result/explanation.js';
import type { MethodDescription } from '../result/method.js';
import type { LayerWeights, WeightComparison, WeightStatistics } from '../result/weights.js';
import type { NamedFile } from './explainPanel.js';

/** What the editor of a checkpoint and the extension host say to each other, both ways. */

/** What the page asks of the runner as it is: the host only hands it on. */
export const PASSED = [
  'measure',
  'scanWeights',
  'graphView',
  'graphNode',
  'graphActivations',
  'weights',
  'weightStatistics',
  'weightsPca',
  'weightNeighbours',
  'topPictures',
] as const satisfies readonly AboutModel[];

/** `writing`: the file grows or was just touched; what is shown is of before. `gone`: it is not there any more. */
export type FileState = 'ready' | 'writing' | 'gone';

/** The file, as far as the host knows. */
export interface FileStatus {
  /** Grows each time the file was rewritten and has come to rest; what was read for another version is outdated. */
  readonly version: number;
  readonly state: FileState;
}

export interface ModelSetup extends FileStatus {
  readonly model: NamedFile;
  /** The layer that is selected in the window, if it is one of this model. */
  readonly layer?: string;
  /** What the layer is to be compared with, where the editor was opened for that. */
  readonly compare?: OtherCheckpoint;
  /** The picture and the folder that were used last with any model. */
  readonly picture?: NamedFile;
  readonly folder?: NamedFile;
  /** Whether models of this workspace may be run; without it only the file is read. */
  readonly trusted: boolean;
  /** The colour map for magnitudes, from the settings. */
  readonly colorMap: string;
}

/** Where a layer's line of code is. */
export interface SourcePlace {
  /** Path as people know it, relative to the workspace. */
  readonly file: string;
  readonly line: number;
  /** The file was changed after the model was written: the line may have moved. */
  readonly stale: boolean;
  /** So many other files of the workspace fit as well. */
  readonly others: number;
}

/** Something to save: the page has made its bytes. */
export interface SaveRequest {
  /** Proposed name, with its ending. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** How to get what was saved again; the runner adds the model's hash and the versions. */
export interface RecipeRequest {
  readonly name: string;
  readonly method: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly layer?: string;
  /** The picture, where there was one. */
  readonly input?: Address;
  readonly provider?: string;
  readonly notes: readonly string[];
}

/** One file of a series of checkpoints. */
export interface SeriesEntry {
  readonly file: NamedFile;
  /** Number in its name; the order of the series. */
  readonly step: number;
  /** What it is called in place of its number: `best`, `run2/best`. */
  readonly label?: string;
  /** Another one when the file was rewritten. */
  readonly version: string;
}

/** What a layer is compared with: another checkpoint, or the same one with weights drawn anew. */
export type OtherCheckpoint =
  { readonly kind: 'file'; readonly file: NamedFile } | { readonly kind: 'random'; readonly seed: number };

/** A question about another checkpoint than the one that is open. */
export interface AboutOther {
  readonly uri: Address;
}

/** One explanation by a checkpoint of a series. */
export interface ExplainAtRequest extends AboutOther {
  readonly picture: Address;
  readonly method: string;
  readonly target: TargetText;
  readonly layer?: string;
}

/** What the extension host does for the editor of a checkpoint. */
export interface ModelHostApi extends Passed<(typeof PASSED)[number]>, AttentionParts {
  setup: Operation<Record<string, never>, ModelSetup>;
  overview: About<'overview'>;
  activations: About<'activations'>;
  /** A layer was selected here (or none): the tree and the other panels follow. */
  select: Operation<{ readonly layer: string | undefined }, void>;
  /** The file and line that made a layer, in this workspace; `undefined` where it is not here. */
  source: Operation<{ readonly layer: string }, SourcePlace | undefined>;
  openSource: Operation<{ readonly layer: string }, void>;
  /** Asks for a picture; `undefined` when the question is dismissed. */
  choosePicture: Operation<Record<string, never>, NamedFile | undefined>;
  /** Asks for a folder with pictures. */
  chooseFolder: Operation<Record<string, never>, NamedFile | undefined>;
  /** A picture was dropped on the panel, or found by the runner: remembered as the last one, or `undefined` where it is none. */
  usePicture: Operation<{ readonly uri: Address } | { readonly path: FilePath }, NamedFile | undefined>;
  explainAt: Operation<{ readonly layer?: string }, void>;
  /** Makes pictures of what a layer, or a channel of it, wants to see. */
  visualizeAt: Operation<{ readonly layer: string; readonly channel?: number }, void>;
  createSidecar: Operation<Record<string, never>, void>;
  copy: Operation<{ readonly text: string }, void>;
  /** Asks where to save, and saves. `false`: the person changed their mind. */
  save: Operation<SaveRequest, boolean>;
  /** The same for a recipe. */
  saveRecipe: Operation<RecipeRequest, boolean>;
  /**
   * Checkpoints of the same training, in order, this one included: those beside it by their names, or the files that were
   * `chosen`, by when they were written.
   */
  series: Operation<{ readonly chosen?: readonly Address[] }, readonly SeriesEntry[]>;
  /** Asks for checkpoints with the same layers, wherever they lie; `undefined` when the question is dismissed. */
  chooseSeries: Operation<Record<string, never>, readonly Address[] | undefined>;
  /** A layer's weights in another checkpoint. */
  weightsOf: Operation<AboutOther & AskedOf<'weights'>, LayerWeights, WorkProgress>;
  weightStatisticsOf: Operation<AboutOther & AskedOf<'weightStatistics'>, WeightStatistics, WorkProgress>;
  explainWith: Operation<ExplainAtRequest, Explanation, WorkProgress>;
  /** The attribution methods, in the order to offer them, and the one to begin with. */
  methods: Operation<Record<string, never>, { readonly methods: readonly MethodDescription[]; readonly first: string }>;
  /** Class names of the model; empty where nobody named them. */
  labels: Operation<Record<string, never>, readonly string[]>;
  /** How far a layer of this checkpoint is from the same one elsewhere. */
  compareWeights: Operation<
    { readonly layer: string; readonly weight?: string; readonly other: OtherCheckpoint },
    WeightComparison,
    WorkProgress
  >;
  /** Asks what to compare a layer with; `undefined` when the question is dismissed. */
  chooseOther: Operation<{ readonly layer: string }, OtherCheckpoint | undefined>;
  /** Opens another checkpoint of the series beside this one's tab, at the same layer. */
  open: Operation<AboutOther, void>;
  showLog: Operation<Record<string, never>, void>;
}

/** What the editor of a checkpoint does when the extension host says so. */
export interface ModelPanelApi {
  /** The file has changed, begun to change, or gone. */
  file: Operation<FileStatus, void>;
  /** A layer was selected elsewhere. */
  select: Operation<{ readonly layer: string | undefined; readonly show: boolean }, void>;
  /** Checkpoints of the same training have come, gone, or been rewritten. */
  series: Operation<{ readonly series: readonly SeriesEntry[] }, void>;
  /** The checkpoint that a layer is compared with has been rewritten: what was asked of another version is outdated. */
  otherChanged: Operation<AboutOther & { readonly version: string }, void>;
  /** The selected layer is to be compared. */
  compare: Operation<{ readonly other: OtherCheckpoint }, void>;
}
