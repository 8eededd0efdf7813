import type { FloatTensor } from '../base/tensor.js';
import type { Random } from '../base/random.js';
import type { Attribution } from '../result/explanation.js';
import type { MethodDescription, ParameterSchema, ParametersOf, ParameterValue } from '../result/method.js';
import type { ScoreKind } from '../result/recipe.js';
import type { Subject } from './subject/subject.js';
import type { Target } from './target/target.js';

/** One question asked of one prepared input. */
export interface AttributionRequest<S extends ParameterSchema> {
  /** The prepared input with batch 1, in the model's own layout. */
  readonly input: FloatTensor;
  readonly target: Target;
  readonly score: ScoreKind;
  readonly params: ParametersOf<S>;
  /** Layer name as `inspect` prints it, where one was chosen. */
  readonly layer?: string;
  readonly seed: number;
  /** Other prepared inputs with batch 1, where a method's `background` parameter names them. */
  readonly background?: readonly FloatTensor[];
  /** The parts of this input, where a method's `mask` parameter names them. */
  readonly labelMap?: LabelMap;
}

/** Parts that somebody has drawn: of each pixel of the input its part from 0, or -1 where it is of none. */
export interface LabelMap {
  readonly of: Int32Array;
  readonly count: number;
}

export interface MethodContext {
  readonly signal: AbortSignal;
  /** Seeded from the request. */
  readonly random: Random;
  /** `done` of `total` units, with the running picture where there is one. */
  progress(done: number, total: number, unit: string, partial?: Attribution): void;
}

export interface AttributionAnswer {
  readonly attribution: Attribution;
  readonly layer?: string;
  readonly delta?: number;
  /** Parameters that the method settled by itself (`auto`), for the recipe. */
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly notes: readonly string[];
}

/** An attribution method: one file that describes itself and answers. It asks the subject for quantities and never owns a session. */
export interface AttributionMethod<S extends ParameterSchema = ParameterSchema> extends MethodDescription {
  readonly chapter: 'attribution';
  readonly parameters: S;
  run(subject: Subject, request: AttributionRequest<S>, context: MethodContext): Promise<AttributionAnswer>;
}

/** Declares a method with the type of its parameters inferred. */
export function attributionMethod<const S extends ParameterSchema>(
  method: Omit<AttributionMethod<S>, 'chapter'>,
): AttributionMethod<S> {
  return { ...method, chapter: 'attribution' };
}
