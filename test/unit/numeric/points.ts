import { Random } from '../../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../../src/base/tensor.js';

/** Gaussian clusters of equal size, one after the other, far apart as `distance` says. */
export function clusters(count: number, d: number, groups: number, distance = 6, seed = 3): FloatTensor {
  const random = new Random(seed);
  const centres = Array.from({ length: groups }, () => Array.from({ length: d }, () => random.normal() * distance));
  const out = floatTensor([count, d]);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < d; j++) out.data[i * d + j] = centres[Math.floor((i * groups) / count)]![j]! + random.normal();
  return out;
}

export function labelsOf(count: number, groups: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => Math.floor((i * groups) / count));
}
