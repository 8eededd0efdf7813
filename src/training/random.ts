import { Random } from '../base/random.js';

/**
 * Streams of random numbers of a training. Each is a function of the seed, the epoch and the picture, and never of what was
 * drawn before: a training that goes on after it was interrupted draws what it would have drawn.
 */
const STREAMS = { order: 1, augmentation: 2, dropout: 3, labels: 4, split: 5 } as const;

export function stream(seed: number, of: keyof typeof STREAMS, ...at: readonly number[]): Random {
  return at.reduce((random, place) => random.fork(place), new Random(seed).fork(STREAMS[of]));
}

/** The order in which an epoch sees so many pictures. */
export function orderOf(seed: number, epoch: number, count: number): number[] {
  return stream(seed, 'order', epoch).shuffle(Array.from({ length: count }, (_, i) => i));
}
