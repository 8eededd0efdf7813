import { throwIfCancelled } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { upsampleBilinear, upsampleLinear } from '../../result/upsample.js';
import { fillTensor, gridOf } from '../fill.js';
import { attributionMethod } from '../method.js';
import { runningPicture } from './shared/runningPicture.js';
import { pixelAttribution, scoreNotes, spaceOf, spaceTensor, unitOf } from './shared/answer.js';
import { fillParameter } from './shared/parameters.js';

/**
 * One mask of RISE: a `grid × grid` picture of zeros and ones (ones with probability `keep`), enlarged bilinearly by a
 * cell more than needed and cropped at a random shift, `[height, width]` in [0, 1].
 */
export function riseMask(height: number, width: number, grid: number, keep: number, random: Random): Float32Array {
  const [cellHeight, cellWidth] = [Math.ceil(height / grid), Math.ceil(width / grid)];
  const cells = Float32Array.from({ length: grid * grid }, () => (random.uniform() < keep ? 1 : 0));
  const wide = (grid + 1) * cellWidth;
  const large = upsampleBilinear(cells, grid, grid, (grid + 1) * cellHeight, wide);
  const [top, left] = [random.below(cellHeight), random.below(cellWidth)];
  const mask = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * wide + left;
    mask.set(large.subarray(from, from + width), y * width);
  }
  return mask;
}

/** The same over the slices, rows and columns of a volume, or over a signal, `space` in [0, 1]. */
export function riseBlocks(space: readonly number[], grid: number, keep: number, random: Random): Float32Array {
  const cells = space.map((s) => Math.min(grid, s));
  const sides = space.map((s, i) => Math.ceil(s / cells[i]!));
  const drawn = Float32Array.from({ length: cells.reduce((a, b) => a * b, 1) }, () =>
    random.uniform() < keep ? 1 : 0,
  );
  const wide = cells.map((c, i) => (c + 1) * sides[i]!);
  const large = upsampleLinear(drawn, cells, wide);
  const shift = sides.map((side) => random.below(side));
  const mask = new Float32Array(space.reduce((a, b) => a * b, 1));
  for (let p = 0; p < mask.length; p++) {
    let [rest, step, at] = [p, 1, 0];
    for (let axis = space.length - 1; axis >= 0; axis--) {
      at += (shift[axis]! + (rest % space[axis]!)) * step;
      rest = Math.floor(rest / space[axis]!);
      step *= wide[axis]!;
    }
    mask[p] = large[at]!;
  }
  return mask;
}

/** Sums over masks from which the map follows at any time. Double precision: thousands of scores are added up. */
class Tally {
  private readonly weighted: Float64Array;
  private readonly cover: Float64Array;
  private scores = 0;
  private count = 0;

  constructor(pixels: number) {
    this.weighted = new Float64Array(pixels);
    this.cover = new Float64Array(pixels);
  }

  add(mask: Float32Array, score: number): void {
    this.scores += score;
    this.count++;
    for (let i = 0; i < mask.length; i++) {
      this.weighted[i]! += score * mask[i]!;
      this.cover[i]! += mask[i]!;
    }
  }

  /** Mean score while a pixel is seen, minus the mean score. */
  map(): Float32Array {
    const mean = this.scores / Math.max(1, this.count);
    return Float32Array.from(this.weighted, (sum, i) => (this.cover[i]! > 0 ? sum / this.cover[i]! - mean : 0));
  }
}

/**
 * RISE: the score of the picture behind many random masks, averaged over the masks that let a pixel through. The paper's
 * map is the mean score while the pixel is seen; the mean over all masks is subtracted here, so that the map says how
 * much a pixel adds, has a sign, and does not change with a constant added to the score.
 */
export const rise = attributionMethod({
  id: 'rise',
  title: 'RISE',
  summary: 'How much higher is the score when a pixel is seen, on average over random masks?',
  citation: 'Petsiuk, Das, Saenko 2018, RISE: Randomized Input Sampling for Explanation, arXiv:1806.07421',
  parameters: {
    samples: {
      type: 'integer',
      title: 'Masks',
      default: 1000,
      minimum: 1,
      maximum: 100_000,
      description: 'number of random masks; the paper takes 4000 to 8000',
    },
    grid: {
      type: 'integer',
      title: 'Grid',
      default: 7,
      minimum: 1,
      maximum: 64,
      description: 'cells of a mask along each side, before it is enlarged',
    },
    keep: {
      type: 'number',
      title: 'Keep',
      default: 0.5,
      minimum: 0.01,
      maximum: 0.99,
      step: 0.05,
      description: 'probability that a cell lets the picture through',
    },
    fill: fillParameter,
  },
  group: 'without',
  needs: 'black-box',
  passes: { forward: 'samples' },
  layer: 'none',
  properties: { signed: true, complete: false, seeded: true, linear: true, shape: 'pixel' },
  async run(subject, request, context) {
    const { input, target, score, params } = request;
    const { height, width } = subject.input;
    const { samples, grid, keep } = params;
    const space = spaceOf(subject.input);
    const maskOf = (random: Random): Float32Array =>
      space.length === 2 ? riseMask(height, width, grid, keep, random) : riseBlocks(space, grid, keep, random);
    const fill = fillTensor(params.fill, input, subject.input, context.random);
    const masks = context.random.fork(0);
    const unit = `rise of the ${unitOf(subject, request)} when seen`;
    const tally = new Tally(height * width);
    const picture = (): ReturnType<typeof pixelAttribution> =>
      space.length === 2
        ? pixelAttribution(floatTensor([height, width], tally.map()), true, unit, [grid, grid])
        : pixelAttribution(spaceTensor(subject.input, tally.map()), true, unit);
    const show = runningPicture(context, 'masks');
    const step = subject.batchSize('forward');
    for (let from = 0; from < samples; from += step) {
      throwIfCancelled(context.signal);
      const n = Math.min(step, samples - from);
      const batch = floatTensor([n, ...input.dims.slice(1)]);
      // A stream for each mask: the map does not depend on the batch size.
      const part = Array.from({ length: n }, (_, k) => maskOf(masks.fork(from + k)));
      part.forEach((mask, k) => masked(input, fill, mask, subject.input, batch, k));
      const scores = await subject.scores(batch, target, score, context.signal);
      part.forEach((mask, k) => tally.add(mask, scores[k]!));
      show(from + n, samples, picture);
    }
    return { attribution: picture(), notes: scoreNotes(subject, score) };
  },
});

/** input · mask + fill · (1 - mask), as sample `k` of a batch. */
function masked(
  input: FloatTensor,
  fill: FloatTensor,
  mask: Float32Array,
  spec: Parameters<typeof gridOf>[0],
  batch: FloatTensor,
  k: number,
): void {
  const pixels = gridOf(spec);
  const start = k * input.data.length;
  for (let c = 0; c < pixels.channels; c++) {
    for (let y = 0; y < pixels.height; y++) {
      for (let x = 0; x < pixels.width; x++) {
        const at = pixels.at(c, y, x);
        const m = mask[y * pixels.width + x]!;
        batch.data[start + at] = m * input.data[at]! + (1 - m) * fill.data[at]!;
      }
    }
  }
}
