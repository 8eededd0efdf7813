import type { ParameterValue } from './method.js';
import type { TargetSummary } from './target.js';

/** Where a setting came from. */
export interface Origin {
  readonly kind: 'sidecar' | 'metadata' | 'file' | 'convention' | 'default' | 'user';
  /** For people: "squeezenet.lens.json", "preprocessor_config.json beside the model". */
  readonly detail: string;
}

/** A setting and where it came from. */
export interface Sourced<T> {
  readonly value: T;
  readonly origin: Origin;
}

/** Preprocessing as it is shown and exported: setting name to value and origin. */
export type PreprocessingRecord = Readonly<Record<string, Sourced<unknown>>>;

/** How to get the same answer again. Everything that is exported carries it. No dates: the same recipe gives the same bytes. */
export interface Recipe {
  readonly schema: 'onnx-lens/recipe/1';
  /** `randomWeights`: the seed by which all weights were drawn anew, in place of the file's. */
  readonly model: { readonly file: string; readonly sha256: string; readonly randomWeights?: number };
  readonly input?: { readonly file: string; readonly sha256?: string; readonly edited?: EditSummary };
  readonly preprocessing: PreprocessingRecord;
  readonly method: string;
  /** The method was left to the product: asked again on another machine, it may choose another. */
  readonly chosenBy?: 'auto';
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly layer?: string;
  /** `text` is what was asked for, e.g. `top1`, `cat - dog`, `conv3#5`. */
  readonly target?: TargetSummary & { readonly text?: string };
  readonly score?: ScoreKind;
  readonly seed: number;
  readonly provider: string;
  readonly versions: Readonly<Record<string, string>>;
  /** What must be said beside the picture: a cut Softmax, a straight-through estimate, an approximation. */
  readonly notes: readonly string[];
  /** How the exported picture was drawn, where there is one. */
  readonly drawing?: Drawing;
  /** What the randomisation check says about the method, where it was made. */
  readonly sanity?: SanitySummary;
}

/** How a map is drawn: nothing of it changes a value. */
export interface Drawing {
  readonly mode: string;
  readonly colours: string;
  /** Of the heat over the picture, 0 to 1. */
  readonly opacity?: number;
  /** Where the outline runs, as a share of the scale. */
  readonly level?: number;
  /** Share of the places of the map that the mask leaves. */
  readonly top?: number;
  readonly reduction?: string;
  readonly sign: string;
  readonly percentile: number;
  readonly smooth: boolean;
  /** Of a volume one slice is drawn, from 1, on the scale of all; absent where all are. */
  readonly slice?: { readonly index: number; readonly of: number };
  /** Below the heat lies the photograph, of this size, and not the picture as the model sees it. */
  readonly photograph?: readonly [width: number, height: number];
}

/** Pixels that were painted over by hand before the model saw the picture. */
export interface EditSummary {
  readonly pixels: number;
  /** Of the painted pixels: tells one edit from another. */
  readonly sha256: string;
}

/** The badge in short: see `sanity.ts`. */
export interface SanitySummary {
  readonly verdict: 'learned' | 'partly' | 'picture' | 'empty';
  /** 0: nothing like the maps of random networks, 1: the same. */
  readonly similarity: number;
  readonly sentence: string;
  /** The picture it was computed on. */
  readonly input: string;
}

/** `logit`: the value before a final Softmax or Sigmoid; `probability`: after it. */
export type ScoreKind = 'logit' | 'probability';
