import type { ErrorData } from '../../src/base/errors.js';
import type { Address } from '../../src/base/place.js';
import type {
  ExplainSetup,
  LayerChoice,
  PictureOutcome,
  Question,
  RunAnswer,
  RunProgress,
} from '../../src/protocol/explainPanel.js';
import type { Explanation } from '../../src/result/explanation.js';
import type { OutputChoice } from '../../src/result/output.js';
import type { MethodChoice, MethodDescription, MethodFit, ParameterValue } from '../../src/result/method.js';
import type { PreprocessingRecord } from '../../src/result/recipe.js';
import type { Display } from '../shared/canvas/display.js';

/** One run of this panel, as far as it has come. */
export interface Run {
  readonly id: string;
  readonly question: Question;
  readonly pictures: readonly Address[];
  /** `kept`: known from before the window was reloaded, not asked for yet. */
  readonly status: 'working' | 'done' | 'partial' | 'failed' | 'kept';
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly outcomes: ReadonlyMap<Address, PictureOutcome>;
  readonly answer?: RunAnswer;
  readonly progress?: RunProgress;
  readonly error?: ErrorData;
  /** The model or a picture has changed on disk since. */
  readonly outdated: boolean;
  /** Those that are in the page; others that have ended are fetched when they are looked at. */
  readonly explanations: ReadonlyMap<Address, Explanation>;
}

/** What is drawn: an explanation, and whether it is the answer to the question or an older one. */
export interface Shown {
  readonly explanation: Explanation;
  readonly picture: Address;
  readonly current: boolean;
  readonly partial: boolean;
}

/** What is asked in this panel and how it is answered: what its parts see of the controller, and may ask of it. */
export interface Asked {
  readonly setup: ExplainSetup | undefined;
  readonly question: Question | undefined;
  /** The method of the question; undefined while it is left to the product and the model has not answered. */
  readonly method: MethodDescription | undefined;
  /** Why it was taken, where it was left to the product. */
  readonly choice: MethodChoice | undefined;
  /** What the model can be asked with, once it was asked for. */
  readonly fits: readonly MethodFit[] | undefined;
  /** Class names of the model, once they were asked for. */
  readonly labels: readonly string[] | undefined;
  readonly layers: readonly LayerChoice[] | undefined;
  readonly display: Display;
  /** The picture that is looked at. */
  readonly selected: Address | undefined;
  readonly shown: Shown | undefined;
  /** Preprocessing of the answer, or of the explanation that is shown. */
  readonly preprocessing: PreprocessingRecord | undefined;
  /** The history, oldest first. */
  readonly runs: readonly Run[];
  /** The run that answers the question. */
  readonly current: Run | undefined;

  /** Changes the question and runs it. The same question asked before is answered from the history. */
  ask(change?: Partial<Question>): void;
  /** An id, or `auto`. */
  chooseMethod(id: string): void;
  /** An empty name: the method chooses by itself. */
  chooseLayer(name: string): void;
  setParameter(name: string, value: ParameterValue): void;
  resetParameters(): void;
  /** What was set for a method before another was chosen. */
  paramsFor(method: string): Question['params'];
  /**
   * Asks a question and looks at one picture.
   *
   * @param known answers to it that are here already: shown at once
   */
  look(picture: Address, question: Question, known: ReadonlyMap<Address, Explanation>): void;
  /** Reads an output as a person says, from now on in this panel; `undefined` takes that back. */
  readAs(output: string, choice: OutputChoice | undefined): void;
  /** Goes back to a run of the history. */
  goTo(id: string): void;
  setDisplay(change: Partial<Display>): void;
  loadLabels(): Promise<void>;
  loadLayers(): Promise<void>;
  loadFits(): Promise<void>;
}
