import type { ErrorData } from '../base/errors.js';
import type { Crop, PictureEdit, Rgb } from '../base/picture.js';
import type { Address } from '../base/place.js';
import type { ClassScore, Explanation, Outcome, Prediction } from '../result/explanation.js';
import type { MethodDescription, MethodFit, ParameterValue } from '../result/method.js';
import type { OutputChoices } from '../result/output.js';
import type { Drawing, PreprocessingRecord, ScoreKind, SanitySummary } from '../result/recipe.js';
import type { SanityCheck } from '../result/sanity.js';
import type { LabelsSummary, SettingsChange, SettingsFinding, SettingsPreset } from '../result/settings.js';
import type { Operation } from './channel.js';
import type { TargetText, WorkProgress } from './request.js';

/**
 * What panels and the extension host say to each other, both ways. Binary data are typed arrays that own their whole
 * buffer: a view into a larger one would carry all of it through `postMessage`, and a Node `Buffer` does not survive.
 */

/** A file, by its address and the name people know it by. */
export interface NamedFile {
  readonly uri: Address;
  readonly name: string;
}

/** What a run asks of every picture. `method` is an id, or `auto` until the first answer says which it is. */
export interface Question {
  readonly method: string;
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly target: TargetText;
  readonly score: ScoreKind;
  readonly layer?: string;
  readonly seed: number;
  /** How outputs are read, where somebody has said it here. */
  readonly outputs?: OutputChoices;
  /** The picture was painted over: the name that the host gave to what was painted. Of one picture only. */
  readonly edit?: string;
  /** How pictures are prepared, where that was edited in the panel and is not saved. */
  readonly settings?: SettingsChange;
}

/** What the panel is about. Changes when other pictures are sent to it. */
export interface ExplainTopic {
  readonly model: NamedFile;
  readonly pictures: readonly NamedFile[];
  readonly pinned: boolean;
  /** The layer to begin with, where the panel was opened from one. */
  readonly layer?: string;
  /** Networks to begin with beside the model, in a grid. */
  readonly networks?: readonly NamedNetwork[];
  /** The method to begin with, where the panel was opened for one. */
  readonly method?: string;
}

/** What a person has painted over a picture. It lives in memory: nothing of it is written to disk. */
export interface PaintedPicture {
  readonly picture: Address;
  readonly edit: PictureEdit;
}

export interface ExplainSetup extends ExplainTopic {
  /** The methods of the chapter `attribution`, in the order to offer them. */
  readonly methods: readonly MethodDescription[];
  /** What the settings say: the method to begin with (or `auto`), the colour map for magnitudes, whether methods are checked unasked. */
  readonly defaults: { readonly method: string; readonly colorMap: string; readonly trustBadge: boolean };
  /** Runs of before a file changed on disk, by their ids, and the names of such files. */
  readonly outdated: readonly string[];
  readonly stale: readonly string[];
  /** What was painted before the page was thrown away with its hidden tab. */
  readonly painted?: PaintedPicture;
}

/**
 * One run: the same question about every picture. A run is known by its `id`: asked again (a hidden tab that comes back,
 * the history) it answers with what it has, or goes on reporting, and is computed anew only where nothing is left of it.
 */
export interface RunRequest {
  readonly id: string;
  readonly question: Question;
  /** Computed in this order, but for those whose answers are known: they come first. */
  readonly pictures: readonly Address[];
  /** Computed again, also where the answers are known. */
  readonly anew?: boolean;
}

/** How one picture of a run ended. `partial`: stopped on the way, with what there was. */
export type PictureOutcome =
  | { readonly picture: Address; readonly state: 'done' | 'partial' }
  | { readonly picture: Address; readonly state: 'failed'; readonly error: ErrorData }
  | { readonly picture: Address; readonly state: 'skipped' };

export interface RunProgress extends WorkProgress {
  /** The picture that is worked on. */
  readonly picture: Address;
  /** A picture has just ended: its explanation can be asked for. */
  readonly outcome?: PictureOutcome;
}

export interface RunAnswer {
  readonly outcomes: readonly PictureOutcome[];
  /** Stopped by a person before it was through. */
  readonly cancelled: boolean;
  readonly provider: string;
  readonly refusedProviders: readonly { readonly provider: string; readonly reason: string }[];
  readonly preprocessing: PreprocessingRecord;
  readonly warnings: readonly string[];
  readonly milliseconds: number;
}

export interface LayerChoice {
  readonly name: string;
  readonly op: string;
  readonly shape?: string;
}

/** Which network is asked, where it is not the panel's own: another checkpoint, or the same one with random weights. */
export interface OtherModel {
  readonly model?: Address;
  readonly random?: boolean;
}

/** Another network beside the panel's own, as people know it. */
export interface NamedNetwork extends OtherModel {
  readonly name: string;
}

/** One question about one picture, outside the runs: a check in the background, a cell of a grid. */
export interface OneRequest extends OtherModel {
  readonly question: Question;
  readonly picture: Address;
}

export interface CellRequest extends OneRequest {
  /** Computed again, also where the answer is known. */
  readonly anew?: boolean;
}

/** Cells of a grid that are missing, in the order in which they are wanted. */
export interface CellsRequest {
  readonly cells: readonly OneRequest[];
  /** Computed again, also where the answers are known. */
  readonly anew?: boolean;
}

/** The best class of a picture. */
export type TopClass = Pick<ClassScore, 'index' | 'label' | 'probability'>;

/** What has become of one of them, by its place in the request: it is worked on, it can be asked for, or why there is none. */
export type CellReport =
  | { readonly cell: number; readonly state: 'working'; readonly fraction?: number }
  | { readonly cell: number; readonly state: 'done'; readonly top?: TopClass }
  | { readonly cell: number; readonly state: 'failed'; readonly error: ErrorData };

export interface SanityReply {
  readonly sanity: SanityCheck;
  /** It was known already; `sanity.input` says from which picture. */
  readonly cached: boolean;
}

/** An explanation as a command line: what was asked, and what it came to. */
export interface CommandRequest extends OneRequest {
  /** The class that was explained. */
  readonly target: number;
  readonly provider: string;
}

/** Settings for the sidecar; those that were found bring their evidence. */
export interface SettingsToTake {
  readonly change: SettingsChange;
  /** Also in place of what a person wrote there. */
  readonly replace?: boolean;
}

/** `asks`: nothing is written yet, since a person wrote something else for these settings. */
export type TakenSettings =
  | { readonly state: 'written'; readonly file: string }
  | { readonly state: 'asks'; readonly file: string; readonly replaces: readonly string[] };

/** A picture under settings that are tried; without them, under those that hold. */
export interface TryRequest {
  readonly picture: Address;
  readonly settings?: SettingsChange;
  readonly outputs?: OutputChoices;
}

export interface TriedSettings {
  /** What the model says of the picture, or why it cannot be prepared so. */
  readonly outcome: Outcome<Prediction>;
  readonly preprocessing: PreprocessingRecord;
  readonly labels: LabelsSummary;
  readonly warnings: readonly string[];
}

export type ExportKind = 'png' | 'svg' | 'npy' | 'recipe';

export interface ExportRequest {
  readonly kind: ExportKind;
  readonly run: string;
  readonly picture: Address;
  /** The encoded picture, for `png` and `svg`. */
  readonly bytes?: Uint8Array;
  /** What the check of the method has found, where it is known. */
  readonly sanity?: SanitySummary;
  /** How the map is drawn. */
  readonly drawing?: Drawing;
}

/** What the extension host does for the explain panel. */
export interface ExplainHostApi {
  setup: Operation<Record<string, never>, ExplainSetup>;
  /** What the classes of the model are called, or those of another one; `class 3` where nobody named it. */
  labels: Operation<Pick<OtherModel, 'model'> & Pick<Question, 'settings'>, readonly string[]>;
  layers: Operation<Record<string, never>, readonly LayerChoice[]>;
  /** What the model says of a picture, as it is or painted over: all classes, best first, or its numbers. */
  scores: Operation<TryRequest & { readonly edit?: PictureEdit }, readonly ClassScore[]>;
  /** Which methods the model can be asked with, and what a map costs here. */
  fits: Operation<Record<string, never>, readonly MethodFit[]>;
  /** The part of a picture that the model sees, finer than it sees it. */
  photograph: Operation<{ readonly picture: Address; readonly crop: Crop; readonly most: number }, Rgb>;
  /** Remembers what is painted at the moment, for the page that comes after this one; nothing: nothing is. */
  paint: Operation<{ readonly painted?: PaintedPicture }, void>;
  /** Keeps what is painted, so that it can be explained, and answers its name. */
  keepEdit: Operation<{ readonly edit: PictureEdit }, string>;
  /** The encoded bytes of a picture, to show it before the model has answered; `undefined` where that is no use. */
  preview: Operation<{ readonly picture: Address }, Uint8Array | undefined>;
  /** Runs, joins or repeats a run. A new run ends the one before it. */
  run: Operation<RunRequest, RunAnswer, RunProgress>;
  /** The page has taken up a running picture: the next one may come. A slow page is not sent more than it can draw. */
  seen: Operation<{ readonly id: string }, void>;
  /** Ends a run; its answer is then `cancelled`. */
  stop: Operation<{ readonly id: string }, void>;
  /** The explanation of one picture of a run. */
  explanation: Operation<{ readonly run: string; readonly picture: Address }, Explanation>;
  /** Whether the method's maps depend on the model. Background work: it stands back while a run is under way. */
  sanity: Operation<OneRequest, SanityReply, WorkProgress>;
  /** Asks which network to put beside the panel's own. */
  chooseNetwork: Operation<Record<string, never>, NamedNetwork | undefined>;
  /** Opens the panel of another network, with a picture. */
  openNetwork: Operation<{ readonly model: Address; readonly picture: Address }, void>;
  /** Computes cells of a grid and tells of each as it ends; what the window knows is told of first. */
  cells: Operation<CellsRequest, void, readonly CellReport[]>;
  /** One explanation that belongs to no run: a cell of a grid. */
  cell: Operation<CellRequest, Explanation, WorkProgress>;
  /** Asks where to save what the page has made, beside the first picture, and saves it. */
  saveBytes: Operation<{ readonly name: string; readonly bytes: Uint8Array }, boolean>;
  pin: Operation<{ readonly pinned: boolean }, void>;
  /** Asks where to save, and saves. `false`: the person changed their mind. */
  save: Operation<ExportRequest, boolean>;
  /** Puts on the clipboard what to type for the same explanations in a terminal, a line each. */
  copyCommands: Operation<{ readonly commands: readonly CommandRequest[] }, void>;
  /** Writes a sidecar with the settings in use beside the model, where there is none, and opens it. */
  saveSettings: Operation<Record<string, never>, void>;
  /** Finds the settings from the pictures around the one that is shown: its folder's, or those of the classes beside it. */
  findSettings: Operation<Record<string, never>, SettingsFinding, WorkProgress>;
  /** Writes settings beside the model, what stands there already kept. */
  takeSettings: Operation<SettingsToTake, TakenSettings>;
  /** Writes beside the model how its outputs are read, what stands there already kept. `false`: it could not be written. */
  saveReading: Operation<{ readonly outputs: OutputChoices }, boolean>;
  /** What the model says of one picture under settings that are tried. */
  trySettings: Operation<TryRequest, TriedSettings>;
  /** Ways of preparing pictures to begin from. */
  settingsPresets: Operation<Record<string, never>, readonly SettingsPreset[]>;
  choosePictures: Operation<Record<string, never>, void>;
  /** A layer was chosen here (or left to the method): the tree and the other panels follow. */
  selectLayer: Operation<{ readonly layer: string }, void>;
  showLog: Operation<Record<string, never>, void>;
}

/** What the explain panel does when the extension host says so. */
export interface ExplainPanelApi {
  show: Operation<ExplainTopic, void>;
  /** Files that have changed on disk since the run that is shown. */
  stale: Operation<{ readonly files: readonly string[] }, void>;
  rerun: Operation<Record<string, never>, void>;
  /** A layer of the model was selected elsewhere. */
  followLayer: Operation<{ readonly layer: string }, void>;
}
