import type { TemplateResult } from 'lit';
import type { Rgb } from '../../src/base/picture.js';
import type { Client } from '../../src/protocol/channel.js';
import type {
  LayoutAnswer,
  LayoutProgress,
  NearestAnswer,
  ScoreColumn,
  SetProgress,
  SurveyAnswer,
} from '../../src/protocol/dataset.js';
import type { DatasetHostApi, DatasetSetup } from '../../src/protocol/datasetPanel.js';
import type { LayerChoice } from '../../src/protocol/explainPanel.js';
import type { ModelAnswer } from '../../src/protocol/request.js';
import type { LayerCurve } from '../../src/result/dataset.js';
import type { Task } from '../shared/task/task.js';
import type { Compare } from './compare/compare.js';
import type { Facts } from './facts.js';
import type { Heat } from './gallery/heat.js';
import type { Evaluate } from './methods/evaluate.js';
import type { Retrain } from './methods/retrain.js';
import type { DatasetView, MapView } from './kept.js';
import type { How } from './map/map.js';

/** A layout with another seed, beside the one that is shown. */
export interface SeedLayout {
  readonly seed: number;
  readonly task: Task<LayoutAnswer, LayoutProgress>;
}

/** What the views know of the panel that they are in; the controller is one. */
export interface Room {
  readonly host: Client<DatasetHostApi>;
  readonly setup: DatasetSetup | undefined;
  readonly view: DatasetView;
  /** Changes what is shown. */
  update(view: Partial<DatasetView>): void;
  updateMap(view: Partial<MapView>): void;

  readonly survey: Task<SurveyAnswer, SetProgress>;
  /** Of the survey that is shown. */
  readonly facts: Facts | undefined;
  /** Asks the model about the pictures again. */
  ask(anew?: boolean): void;

  /** Numbers of the examples that are selected. */
  readonly selected: ReadonlySet<number>;
  /** How many are selected that are not among the examples here. */
  readonly elsewhere: number;
  /** Selects examples in all panels of the same place. */
  select(examples: readonly number[], how?: How): void;
  /** The example that was looked at last. */
  readonly focus: number | undefined;
  look(example: number | undefined): void;
  /** Explains one of them, or those that are selected. */
  explain(examples: readonly number[]): void;

  /** Small pictures: what is not there is fetched. */
  picture(example: number): Rgb | undefined;
  /** The map of the picture that is pointed at. */
  readonly heat: Heat;
  /** Grows when one has come. */
  readonly arrived: number;

  readonly layers: readonly LayerChoice[];
  readonly layout: Task<LayoutAnswer, LayoutProgress>;
  readonly paused: boolean;
  steer(state: 'run' | 'pause' | 'stop'): void;
  readonly seeds: readonly SeedLayout[];
  showSeeds(): void;
  /** The numbers that points are coloured by, where the survey does not hold them. */
  readonly score: Task<ScoreColumn, SetProgress>;
  readonly curve: Task<ModelAnswer & { readonly curve: LayerCurve }, SetProgress>;
  askCurve(): void;
  readonly nearest: Task<NearestAnswer, SetProgress>;
  /** Only these are shown on the map; `undefined`: all. */
  readonly isolated: ReadonlySet<number> | undefined;
  isolate(examples: ReadonlySet<number> | undefined): void;

  /** Another model beside this one. */
  readonly compare: Compare;

  /** How good methods are on these pictures. */
  readonly evaluate: Evaluate;
  /** What can be learned of them when what methods point at is removed. */
  readonly retrain: Retrain;

  /** Says something to who hears the page. */
  say(text: string): void;
}

/** One view of the data set: a tab of the page. */
export interface TabDefinition {
  /** What the page keeps of it, and part of its elements' ids. */
  readonly id: string;
  readonly label: string;
  /** Whether the list of what is selected stands beside it. */
  readonly side: boolean;
  /** Drawn once the model has answered. */
  render(room: Room, facts: Facts): TemplateResult;
}
