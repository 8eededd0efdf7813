import { percentileOf } from '../../result/heatmap.js';

/** What was pushed as much as this share of all pixels counts as seen in full. */
const FULL = 80;

/**
 * How much of each pixel is to be seen, 0 to 1: as much as it was pushed in all steps together (Fel et al. 2023, MaCo,
 * arXiv:2306.06805). What nothing depends on is as it happened to begin, and looks like all the rest.
 *
 * @param pushed Σ|dL/dpicture| of each pixel
 */
export function transparencyOf(pushed: Float32Array): Float32Array {
  const full = percentileOf(pushed, FULL);
  return pushed.map((v) => (full > 0 ? Math.min(1, v / full) : 1));
}
