import type { TrainingPictures } from './pictures.js';
import { stream } from './random.js';

/** The same pictures with labels that mean nothing: what is learned of them is learned by heart (Zhang et al. 2017). */
export function randomlyLabelled(pictures: TrainingPictures, seed: number): TrainingPictures {
  const { count, classes, height, width, channels } = pictures;
  return {
    count,
    classes,
    height,
    width,
    channels,
    label: (i) => stream(seed, 'labels', i).below(classes),
    bytes: (i, into) => pictures.bytes(i, into),
  };
}
