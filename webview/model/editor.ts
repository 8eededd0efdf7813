import type { TemplateResult } from 'lit';
import type { Client } from '../../src/protocol/channel.js';
import type {
  AboutOther,
  ModelHostApi,
  ModelSetup,
  OtherCheckpoint,
  SeriesEntry,
} from '../../src/protocol/modelPanel.js';
import type { LayerDescription } from '../../src/result/inspection.js';
import type { Measurements, Oddity, Overview, ScanProgress, WeightScan } from '../../src/result/overview.js';
import type { Task } from '../shared/task/task.js';
import type { ModelView } from './kept.js';
import type { LayerRow } from './layers/rows.js';

/** What the tabs know of the editor that they are in; the controller is one. */
export interface Editor {
  readonly host: Client<ModelHostApi>;
  readonly setup: ModelSetup | undefined;
  readonly view: ModelView;
  /** Changes what is shown. */
  update(view: Partial<ModelView>): void;

  /** What the file says. */
  readonly overview: Task<Overview>;
  /** What one run has taught. */
  readonly measured: Task<Measurements>;
  readonly scan: Task<WeightScan, ScanProgress>;
  readonly oddities: readonly Oddity[];
  /** Version of the file that was read last: what belongs to it is asked anew when it changes. */
  readonly readVersion: number;
  /** Runs the model once, for shapes, FLOPs and memory. */
  measure(): Promise<void>;
  /** Reads every weight once and says what is odd. */
  check(): Promise<void>;

  readonly rows: readonly LayerRow[];
  /** The selected one. */
  readonly layer: LayerDescription | undefined;
  /** Grows when the selected layer is to be brought into sight. */
  readonly reveal: number;
  /** Selects a layer on this page and tells the window. */
  select(layer: string | undefined): void;
  /** Selects a layer and brings it into sight. */
  show(layer: string): void;

  /** Checkpoints of the same training, this one included. */
  readonly series: readonly SeriesEntry[];
  /** Asks which checkpoints to look at as one training. */
  chooseSeries(): Promise<void>;
  /** The last checkpoint that a layer was compared with and that was rewritten since. */
  readonly other: (AboutOther & { readonly version: string }) | undefined;
  /** Shows the selected layer beside the same one elsewhere; `undefined`: no more. */
  compareWith(other: OtherCheckpoint | undefined): void;
  /** Asks what to compare the selected layer with. */
  chooseOther(): Promise<void>;
  /** Asks for a picture, for everything that shows one to the model. */
  choosePicture(): void;
}

/** One view of the model: a tab of the page. */
export interface TabDefinition {
  /** What the page keeps of it, and part of its elements' ids. */
  readonly id: string;
  readonly label: string;
  /** Drawn once the file has been read. */
  render(editor: Editor): TemplateResult;
}
