import type { Origin } from './recipe.js';

/** Settings of pictures that were found from evidence, as plain data. */

/** What pixels become, as a sidecar says it. */
export interface PixelSettings {
  readonly color: 'RGB' | 'BGR' | 'gray';
  readonly range: readonly [number, number];
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The parts that are decided one by one. `order`: of the colours, or of grey pictures whether black and white change places. */
export type SettingsPartId = 'scale' | 'centring' | 'order';

/** `stated`: the model file says so. Never a share of certainty: what was measured was how often such a verdict is right. */
export type Verdict = 'stated' | 'found' | 'likely' | 'cannot tell';

export interface SettingsPart {
  readonly part: SettingsPartId;
  readonly verdict: Verdict;
  /** The best reading, in words: "pixels 0…255", "RGB". */
  readonly value: string;
  /** How it is known, or what would decide it. */
  readonly sentence: string;
}

/** One row of the table of all parts: `assumed` is what nothing can find and nobody has stated. */
export interface SettingsVerdict extends Omit<SettingsPart, 'part' | 'verdict'> {
  readonly part: SettingsPartId | 'resize' | 'crop' | 'filter';
  readonly verdict: Verdict | 'assumed';
}

/** One reading of the pixels, and how well it fits. */
export interface SettingsReading {
  readonly title: string;
  readonly settings: PixelSettings;
  /** Higher is better; only differences mean something. */
  readonly score: number;
  /** Share of the pictures to which the model answers as under the best reading; absent where it has no classes. */
  readonly alike?: number;
  /** The commonest answers, where the model names classes. */
  readonly answers: readonly string[];
}

export interface SettingsFinding {
  /** The best reading. What `parts` cannot tell is in it as well: as the commonest way. */
  readonly settings: PixelSettings;
  readonly title: string;
  readonly parts: readonly SettingsPart[];
  /** What decided: the model's own statistics, its information at equal confidence, classes that folders name, or its file. */
  readonly evidence: 'statistics' | 'information' | 'labels' | 'file' | 'nothing';
  readonly pictures: number;
  readonly labelled: number;
  /** The readings that were compared, best first. */
  readonly readings: readonly SettingsReading[];
  /** What can never be found, what does not fit, and what would help, one sentence each. */
  readonly notes: readonly string[];
  /** Where each setting came from, for the sidecar: "found from your pictures: …". */
  readonly origins: Readonly<Record<keyof PixelSettings, string>>;
}

/** The name of a file with a name for each class, from the folder of the settings file; or the names themselves. */
export type SaidLabels = string | readonly string[];

/** What the classes are called, in short. */
export interface LabelsSummary {
  readonly count: number;
  readonly origin: Origin;
  /** As the settings say it; absent where they do not. */
  readonly said?: SaidLabels;
}

/** Settings that are tried in place of those that were found, or written down: what is left out stays as it is. */
export interface SettingsChange extends Partial<PixelSettings> {
  readonly layout?: 'NCHW' | 'NHWC';
  /** Height and width of the model's input, where it leaves them free. */
  readonly size?: readonly [height: number, width: number];
  readonly resize?: {
    readonly mode?: 'exact' | 'shortSide' | 'longSide' | 'letterbox' | 'none';
    readonly size?: number | readonly [number, number];
    readonly interpolation?: 'nearest' | 'box' | 'bilinear' | 'bicubic' | 'lanczos';
  };
  readonly crop?: 'center' | 'none';
  /** Colour of padding, red green blue 0..255. */
  readonly pad?: readonly [number, number, number];
  readonly labels?: SaidLabels;
  /** Where settings came from, by their names. */
  readonly evidence?: Readonly<Partial<Record<'color' | 'range' | 'mean' | 'std' | 'resize' | 'crop', string>>>;
}

/** A way of preparing pictures that is written down somewhere, to begin from. */
export interface SettingsPreset {
  readonly id: string;
  readonly title: string;
  /** Where it is written down, and of which models. */
  readonly source: string;
  readonly settings: PixelSettings;
  /** Where the source says it as well; `factor` of the input's size, for a short side. */
  readonly resize?: {
    readonly mode: 'exact' | 'shortSide' | 'letterbox';
    readonly factor?: number;
    readonly interpolation: 'bilinear' | 'bicubic';
  };
  readonly crop?: 'center' | 'none';
  readonly pad?: readonly [number, number, number];
}
