import type { ParametersOf, ParameterValue } from '../../result/method.js';
import { parseParameters } from '../parameters.js';
import { visualizeParameters } from './parameters.js';

export type VisualizeParameters = ParametersOf<typeof visualizeParameters>;

/** What start values follow from. */
export interface PresetFacts {
  readonly height: number;
  readonly width: number;
  /** 1 or 3. */
  readonly colours: number;
  /** Whether the model looks by attention. */
  readonly transformer: boolean;
  /** What the picture starts from: nothing, a picture, or numbers as the model gets them. */
  readonly start: 'noise' | 'picture' | 'array';
  readonly folder: boolean;
  /** Whether a probability of the target can be asked for. */
  readonly probability: boolean;
  /** Whether a layer is to see what it sees in another picture. */
  readonly inversion?: boolean;
}

/** What a layer sees in a picture has its place there, and fine structure counts as much as coarse. */
const STILL: Start = { jitter: 0, scale: 0, noise: 0, samples: 1, background: 'grey', decay: 1, lr: 0.05 };

type Given = Readonly<Record<string, ParameterValue>>;
type Start = Partial<Record<keyof VisualizeParameters, ParameterValue>>;

/** Up to this side pictures are of the size of MNIST's and CIFAR's; up to the next one of small photographs. */
const SMALL = 48;
const MIDDLE = 128;

/**
 * Values for everything that can be set: what was given, and for the rest the preset's start values. These were measured on
 * SqueezeNet (227 px), a ResNet20 (32 px), two networks for birds (64 px) and two for digits (28 px).
 */
export function settled(given: Given, facts: PresetFacts): VisualizeParameters {
  const { preset } = parseParameters('visualize', visualizeParameters, given);
  const still: Start = facts.inversion === true ? STILL : {};
  const start = { ...startValues(preset, facts), ...still };
  return parseParameters('visualize', visualizeParameters, { ...start, ...given, preset });
}

function startValues(preset: VisualizeParameters['preset'], facts: PresetFacts): Start {
  const side = Math.max(facts.height, facts.width);
  const unit = side / 16;
  const small = side <= SMALL;
  const large = side > MIDDLE;
  const common: Start = {
    background: facts.folder && facts.colours === 1 ? 'folder' : facts.colours === 1 && small ? 'black' : 'grey',
    colours: facts.colours === 3 ? 'imagenet' : 'none',
    every: large ? 4 : 8,
  };
  const jitter = (units: number): number => Math.max(1, Math.round(units * unit));
  switch (preset) {
    case 'naive':
      return { ...common, ...naive(facts) };
    case 'smooth':
      return {
        ...common,
        image: 'pixels',
        bounds: 'clip',
        lr: 0.01,
        steps: large ? 192 : 256,
        gradient_blur: large ? 2 : 1,
        jitter: jitter(2),
        scale: 0,
      };
    case 'distill':
      return { ...common, ...distill(facts, { small, large }), scale: 0.1, jitter: jitter(small ? 1 : 2) };
    case 'maco':
      return {
        ...common,
        image: 'phase',
        optimizer: 'nadam',
        lr: small ? 1 : 0.1,
        steps: small ? 128 : 96,
        samples: small ? 4 : 1,
        box_first: 1,
        box_last: large ? 0.6 : 0.8,
        noise: 0.05,
        jitter: 0,
        scale: 0,
        colours: facts.folder && facts.colours === 3 ? 'folder' : common.colours!,
      };
    case 'accentuate':
      return {
        ...common,
        decay: 1,
        lr: 0.05,
        steps: small ? 128 : 64,
        near: 100,
        jitter: jitter(0.5),
        scale: 0.05,
      };
  }
}

/** Numbers as the model gets them are changed freely; pictures stay pictures. */
function naive({ start, probability }: PresetFacts): Start {
  const plain: Start = { image: 'pixels', jitter: 0, scale: 0, bounds: start === 'array' ? 'free' : 'clip' };
  if (start === 'array') return { ...plain, optimizer: 'normalised', lr: 0.5, steps: 20 };
  if (start === 'picture')
    return {
      ...plain,
      optimizer: 'relative',
      lr: 0.001,
      steps: 400,
      ...(probability ? { objective: 'log_probability', stop: 0.9 } : {}),
    };
  return { ...plain, optimizer: 'adam', lr: 0.01, steps: 128 };
}

/**
 * Up to 128 pixels by what another network says of the pictures: noise on the views, and of small photographs larger steps,
 * are what most of them are named alike by (`npm run bench -- visualizeTransfer`).
 */
function distill(facts: PresetFacts, { small, large }: { readonly small: boolean; readonly large: boolean }): Start {
  if (large) return { decay: 1, lr: 0.05, steps: 192, noise: 0.05 };
  if (facts.colours === 1) return { decay: 1.5, lr: 0.05, steps: 128, noise: 0.1 };
  if (small) return { decay: 1.5, lr: 0.02, steps: 256 };
  return facts.transformer
    ? { decay: 1.5, lr: 0.05, steps: 128, noise: 0.2 }
    : { decay: 1.5, lr: 0.05, steps: 128, noise: 0.1 };
}
