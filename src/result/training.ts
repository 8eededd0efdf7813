import type { ParameterSchema, ParametersOf, ParameterValue } from './method.js';

/** How a network is trained, as plain data, and what is known of a training. */

/** Everything that can be set of a training, with the values of the preset `fine-tune` as defaults. */
export const TRAINING_PARAMETERS = {
  preset: {
    type: 'choice',
    title: 'Preset',
    description: 'where the other values start from',
    default: 'fine-tune',
    choices: ['head', 'fine-tune', 'scratch'],
  },
  epochs: {
    type: 'integer',
    title: 'Epochs',
    description: 'how often all pictures are seen',
    default: 20,
    minimum: 1,
    maximum: 100_000,
  },
  batch: {
    type: 'integer',
    title: 'Batch',
    description: 'pictures of one step',
    unit: 'pictures',
    default: 32,
    minimum: 1,
    maximum: 4096,
  },
  rate: {
    type: 'number',
    title: 'Learning rate',
    description: 'length of a step, at its largest',
    default: 0.01,
    minimum: 1e-9,
    maximum: 1000,
  },
  schedule: {
    type: 'choice',
    title: 'Schedule',
    description:
      'how the rate falls: along a cosine to zero, to a tenth after a half and three quarters, or not at all',
    default: 'cosine',
    choices: ['cosine', 'steps', 'constant'],
  },
  warmup: {
    type: 'number',
    title: 'Warm-up',
    description: 'epochs in which the rate grows from nothing',
    unit: 'epochs',
    default: 0,
    minimum: 0,
    maximum: 1000,
  },
  optimiser: {
    type: 'choice',
    title: 'Optimiser',
    description: 'stochastic gradient descent, Adam, or Adam with decoupled decay',
    default: 'sgd',
    choices: ['sgd', 'adam', 'adamw'],
  },
  momentum: {
    type: 'number',
    title: 'Momentum',
    description: 'of sgd: the share of the last step that goes on; of Adam its first moment',
    default: 0.9,
    minimum: 0,
    maximum: 0.9999,
  },
  nesterov: {
    type: 'boolean',
    title: 'Nesterov',
    description: 'sgd looks ahead by its momentum',
    default: true,
  },
  decay: {
    type: 'number',
    title: 'Weight decay',
    description: 'pull of the weights to zero; norms and biases are left alone',
    default: 1e-4,
    minimum: 0,
    maximum: 10,
  },
  clip: {
    type: 'number',
    title: 'Clip',
    description: 'largest norm of a gradient over all weights; 0 clips none',
    default: 0,
    minimum: 0,
  },
  accumulate: {
    type: 'integer',
    title: 'Accumulate',
    description: 'batches whose gradients make one step',
    default: 1,
    minimum: 1,
    maximum: 1024,
  },
  loss: {
    type: 'choice',
    title: 'Loss',
    description: 'of exclusive classes, or of each class by itself; auto asks what the model ends in',
    default: 'auto',
    choices: ['auto', 'cross-entropy', 'binary-cross-entropy'],
  },
  smoothing: {
    type: 'number',
    title: 'Label smoothing',
    description: 'share of a label that is spread over all classes',
    default: 0,
    minimum: 0,
    maximum: 0.9,
  },
  weighted: {
    type: 'boolean',
    title: 'Weigh classes',
    description: 'rare classes count as much as frequent ones',
    default: false,
  },
  ema: {
    type: 'number',
    title: 'Averaged weights',
    description: 'decay of a running mean of the weights, which is what is kept; 0 keeps none',
    default: 0,
    minimum: 0,
    maximum: 0.99999,
  },
  dropout: {
    type: 'boolean',
    title: 'Dropout',
    description: 'where the model has it',
    default: true,
  },
  flip: {
    type: 'boolean',
    title: 'Mirror',
    description: 'half of the pictures are mirrored left to right',
    default: true,
  },
  crop: {
    type: 'number',
    title: 'Crop',
    description: 'least share of the area that a random part of the picture has; 1 takes all of it',
    default: 1,
    minimum: 0.05,
    maximum: 1,
  },
  translate: {
    type: 'number',
    title: 'Shift',
    description: 'most that a picture is shifted, as a share of its side',
    default: 0,
    minimum: 0,
    maximum: 0.5,
  },
  jitter: {
    type: 'number',
    title: 'Colour jitter',
    description: 'most that brightness, contrast and saturation are changed, as a share',
    default: 0,
    minimum: 0,
    maximum: 1,
  },
  from: {
    type: 'choice',
    title: 'Start',
    description: 'the weights of the file, or random ones drawn for each kind of layer',
    default: 'weights',
    choices: ['weights', 'random'],
  },
  train: {
    type: 'choice',
    title: 'Trained',
    description: 'all layers, or the last one with weights alone',
    default: 'all',
    choices: ['all', 'head'],
  },
  freeze: {
    type: 'text',
    title: 'Frozen',
    description: 'layers that stay as they are, or modules that hold them, by name, with commas',
    default: '',
  },
  head: {
    type: 'choice',
    title: 'Last layer',
    description: 'keep its classes, put in a new one for the classes of the pictures, or decide by their names',
    default: 'auto',
    choices: ['auto', 'keep', 'new'],
  },
  labels: {
    type: 'choice',
    title: 'Labels',
    description: 'those of the pictures, or random ones (Zhang et al. 2017, arXiv:1611.03530)',
    default: 'given',
    choices: ['given', 'random'],
  },
  pictures: {
    type: 'integer',
    title: 'Pictures',
    description: 'how many are used, drawn with the shares of the classes kept; 0 uses all',
    default: 0,
    minimum: 0,
  },
  validation: {
    type: 'number',
    title: 'Held out',
    description: 'share of each class that is not trained on, where the data set has no split for that',
    default: 0.2,
    minimum: 0,
    maximum: 0.9,
  },
  patience: {
    type: 'integer',
    title: 'Patience',
    description: 'epochs without a better result on what is held out, after which it ends; 0 goes on',
    default: 0,
    minimum: 0,
    maximum: 10_000,
  },
} as const satisfies ParameterSchema;

/** A recipe: with a seed, the pictures and the model it gives the same weights. */
export type TrainingRecipe = ParametersOf<typeof TRAINING_PARAMETERS>;

export type TrainingPreset = (typeof TRAINING_PARAMETERS.preset.choices)[number];

/** What a preset sets otherwise than the schema. */
export const TRAINING_PRESETS: Readonly<Record<TrainingPreset, Readonly<Record<string, ParameterValue>>>> = {
  // Adam settles the scale of a new head by itself, whatever the size of the features before it.
  // A large one puts rectifiers to sleep behind a last convolution.
  head: { train: 'head', optimiser: 'adam', rate: 0.003, decay: 0, batch: 16, epochs: 80 },
  'fine-tune': {},
  scratch: { from: 'random', epochs: 40, rate: 0.05, decay: 5e-4, warmup: 1, batch: 64, translate: 0.125 },
};

/** One epoch of a training. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Mean over the pictures as they were trained on, changed and with the weights of the moment. */
  readonly loss: number;
  readonly accuracy: number;
  /** Of its last step. */
  readonly rate: number;
  /** Of the weights after it, on pictures that were held out. */
  readonly validation?: Measured;
  /** Without pauses. */
  readonly seconds: number;
}

export interface Measured {
  readonly loss: number;
  readonly accuracy: number;
}

/** Why a training has ended: all epochs, no better result for long, or because somebody said so. */
export type TrainingEnd = 'epochs' | 'patience' | 'stopped';

/** How the pictures of a data set are trained on. */
export interface TrainingSet {
  /** What kind of data set it is. */
  readonly title: string;
  /** Pictures that are trained on, and those that are held out. */
  readonly trained: number;
  readonly heldOut: number;
  /** Where those that are held out come from: a split of the data set, a share of each class, or nowhere. */
  readonly by: 'split' | 'share' | 'none';
  readonly split?: string;
  /** Names of the classes, in the order of the outputs of the trained network. */
  readonly classes: readonly string[];
  /** Pictures of each class, trained on and held out. */
  readonly counts: readonly { readonly trained: number; readonly heldOut: number }[];
  /** Whether the network gets a new last layer for these classes. */
  readonly newHead: boolean;
}

/** A training that has ended, as plain data. */
export interface TrainingSummary {
  readonly set: TrainingSet;
  readonly params: TrainingRecipe;
  readonly seed: number;
  /** Numbers that training changed. */
  readonly parameters: number;
  readonly curve: readonly EpochRecord[];
  /** The epoch whose weights were kept; absent where it was ended within its first. */
  readonly epoch?: number;
  readonly measured?: Measured;
  readonly ended: TrainingEnd;
  /** Epochs that had been done before this run. */
  readonly resumed: number;
  readonly notes: readonly string[];
}
