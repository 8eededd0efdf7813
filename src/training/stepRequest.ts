import type { TrainingRecipe } from '../result/training.js';
import type { Classifier } from './evaluate.js';
import type { TrainingPictures } from './pictures.js';
import type { StepRequest } from './step/step.js';

interface Asked extends Classifier {
  readonly recipe: TrainingRecipe;
  readonly trainable: readonly string[];
  readonly pictures: TrainingPictures;
}

/** What a recipe asks of one step. */
export function stepRequest(task: Asked, batch: number): Omit<StepRequest, 'form'> {
  const { graph, facts, input, logits, recipe, trainable, pictures } = task;
  const { optimiser, momentum, nesterov, loss, smoothing, decay, clip, accumulate, ema } = recipe;
  return {
    graph,
    facts,
    input,
    logits,
    batch,
    trainable,
    loss:
      loss === 'binary-cross-entropy'
        ? { kind: loss }
        : { kind: 'cross-entropy', ...(smoothing > 0 ? { smoothing } : {}) },
    optimiser:
      optimiser === 'sgd'
        ? {
            kind: optimiser,
            momentum,
            nesterov: nesterov && momentum > 0,
          }
        : {
            kind: optimiser,
            beta1: momentum,
          },
    ...(decay > 0 ? { weightDecay: decay } : {}),
    ...(clip > 0 ? { clip } : {}),
    ...(accumulate > 1 ? { accumulate } : {}),
    ...(ema > 0 ? { ema } : {}),
    ...(recipe.weighted ? { classWeights: balancing(pictures) } : {}),
    dropout: recipe.dropout,
  };
}

/** Weights of classes by which each counts as much in all, with a mean of 1 over the pictures; of a class without pictures 1. */
function balancing(pictures: TrainingPictures): number[] {
  const counts = new Array<number>(pictures.classes).fill(0);
  for (let i = 0; i < pictures.count; i++) counts[pictures.label(i)]!++;
  const present = counts.filter((n) => n > 0).length;
  return counts.map((n) => (n === 0 ? 1 : pictures.count / (present * n)));
}
