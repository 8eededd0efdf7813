import type { ElementType, Tensor } from '../../base/tensor.js';
import type { Facts } from '../../graph/facts.js';
import type { Graph } from '../../graph/graph.js';

/** What is minimised, a mean over the samples of a batch. Targets are soft: a row of the target sums to 1 (cross-entropy) or holds a probability for each class (binary). */
export type Loss =
  | {
      readonly kind: 'cross-entropy';
      /** Share of the target that is spread over all classes. */ readonly smoothing?: number;
    }
  | { readonly kind: 'binary-cross-entropy' };

/** How weights follow their gradients, with PyTorch's formulas and defaults. */
export type Optimiser =
  | { readonly kind: 'sgd'; readonly momentum?: number; readonly nesterov?: boolean }
  | {
      readonly kind: 'adam' | 'adamw';
      /** Default 0.9. */ readonly beta1?: number;
      /** Default 0.999. */ readonly beta2?: number;
      /** Default 1e-8. */ readonly epsilon?: number;
    };

/**
 * How a step is written: in operators of ai.onnx, or for a processor with ONNX Runtime's blocked layout with so many channels
 * in a block, where the batch is fixed. State is the same in both. `form.ts` chooses.
 */
export type StepForm = 'plain' | { readonly block: number };

/** What one step does; everything that is part of the graph. */
export interface StepRequest {
  /** The classifier as it runs, and what is known of its values; `trainingModel` prepares both. */
  readonly graph: Graph;
  readonly facts: Facts;
  /** The input that pictures are fed to. */
  readonly input: string;
  /** The value `[batch, classes]` (or with further axes of size 1) before a final Softmax or Sigmoid. */
  readonly logits: string;
  /** Samples of one step. The plain form takes any number where the model's batch is free. */
  readonly batch: number;
  readonly loss: Loss;
  /** One positive number for each class: how much a sample of it counts. */
  readonly classWeights?: readonly number[];
  readonly optimiser: Optimiser;
  /** Not on the parameters of normalisations, biases, slopes and embeddings. Beside SGD and Adam part of the gradient (L2), apart with AdamW. */
  readonly weightDecay?: number;
  /** Largest length of all gradients together. */
  readonly clip?: number;
  /** Runs whose gradients are averaged for one update: then `feeds.apply` says which run updates. */
  readonly accumulate?: number;
  /** Share of the old average of the weights that is kept at each update (0.999). */
  readonly ema?: number;
  /** Whether the Dropout nodes of the model drop. */
  readonly dropout: boolean;
  /** Weights that are trained; `trainableWeights` lists them. */
  readonly trainable: readonly string[];
  readonly form: StepForm;
}

export type StateKind =
  'weight' | 'momentum' | 'second' | 'running-mean' | 'running-variance' | 'average' | 'gradient-sum';

/** A piece of state: fed as `input`, fetched as `output`, and fed again as it is. */
export interface StateSlot {
  readonly input: string;
  readonly output: string;
  /** In the layout of the graph; `TrainingStep.weights` gives the model's own. */
  readonly dims: readonly number[];
  readonly type: ElementType;
  readonly kind: StateKind;
  /** Name of the model's weight that it belongs to. */
  readonly of: string;
}

/** A mask that a Dropout node multiplies with: 1 keeps an element, 0 drops it. The graph divides by `keep`. */
export interface DropoutMask {
  readonly name: string;
  /** With the request's batch. The first axis that depends on the batch is `batchAxis`. */
  readonly dims: readonly number[];
  readonly batchAxis: number;
  /** Probability that an element is kept. */
  readonly keep: number;
}

/** Names of the graph's inputs beside its state. Floats are of the type `type`. */
export interface StepFeeds {
  readonly picture: string;
  /** `[batch, classes]`, soft. */
  readonly target: string;
  /** Scalar: the learning rate. */
  readonly rate: string;
  /** Scalar: the count of this update, from 1; with Adam and AdamW. */
  readonly step?: string;
  /** Scalar bool: whether this run updates the weights; with `accumulate`. */
  readonly apply?: string;
  readonly masks: readonly DropoutMask[];
  readonly type: ElementType;
}

/** One training step as an ordinary model. */
export interface TrainingStep {
  readonly graph: Graph;
  readonly classes: number;
  readonly feeds: StepFeeds;
  readonly state: readonly StateSlot[];
  readonly outputs: {
    /** Scalar: mean over the batch. */
    readonly loss: string;
    /** `[batch, classes]` */
    readonly logits: string;
    /** Scalar: length of all gradients together, before clipping. */
    readonly gradientNorm: string;
  };
  /** The value with the gradient of each trained weight: inner values, for whoever asks for them as outputs. */
  readonly gradients: ReadonlyMap<string, string>;
  /** What must be said beside the result: "BatchNormalization is folded …". */
  readonly notes: readonly string[];
  /**
   * The state with which training begins, by the names of inputs: the model's own weights, or those given (by the model's
   * names, in its layout and type); averages begin at the weights, everything else at 0.
   */
  start(weights?: ReadonlyMap<string, Tensor>, signal?: AbortSignal): Promise<Map<string, Tensor>>;
  /**
   * The model's weights and running statistics out of a state, by the model's names, in its layout and type.
   *
   * @param averaged the averages over the last steps in their place, where the request asked for `ema`
   */
  weights(state: ReadonlyMap<string, Tensor>, averaged?: boolean): Map<string, Tensor>;
}
