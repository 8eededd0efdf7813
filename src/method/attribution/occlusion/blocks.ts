import { throwIfCancelled } from '../../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../../base/tensor.js';
import type { ScoreKind } from '../../../result/recipe.js';
import { arrangementOf, spaceOf } from '../shared/answer.js';
import type { Subject } from '../../subject/subject.js';
import type { Target } from '../../target/target.js';

/**
 * Occlusion of what is no picture, over all axes of space: segments of a vector or a signal, blocks of a volume. Whole
 * inputs are computed.
 */

/** Blocks of one size, in reading order; the last ones along an axis are cut off by the border. */
export interface BlockGrid {
  /** Sizes of a sample along its axes of space. */
  readonly space: readonly number[];
  readonly patch: number;
  readonly stride: number;
  /** Blocks along each axis. */
  readonly counts: readonly number[];
}

/** Along an axis that is shorter than the patch there is one block, as long as the axis. */
export function blockGrid(space: readonly number[], patch: number, stride: number): BlockGrid {
  return { space, patch, stride, counts: space.map((side) => Math.ceil(Math.max(0, side - patch) / stride) + 1) };
}

export interface BlockOcclusion {
  readonly input: FloatTensor;
  readonly fill: FloatTensor;
  readonly target: Target;
  readonly score: ScoreKind;
  readonly grid: BlockGrid;
}

/**
 * Score(input) - score(occluded) of every block, in the shape of the grid.
 *
 * @param onBatch how many are done, with what is known so far (NaN where nothing is)
 */
export async function occlusionBlocks(
  subject: Subject,
  { input, fill, target, score, grid }: BlockOcclusion,
  signal: AbortSignal,
  onBatch: (done: number, soFar: Float32Array) => void = () => undefined,
): Promise<FloatTensor> {
  const [base] = await subject.scores(input, target, score, signal);
  const drops = floatTensor(grid.counts);
  drops.data.fill(NaN);
  const size = input.data.length;
  const offsets = channelOffsets(subject);
  const step = subject.batchSize('forward');
  for (let from = 0; from < drops.data.length; from += step) {
    throwIfCancelled(signal);
    const n = Math.min(step, drops.data.length - from);
    const batch = floatTensor([n, ...input.dims.slice(1)]);
    for (let k = 0; k < n; k++) {
      batch.data.set(input.data, k * size);
      eachPlace(grid, from + k, (place) => {
        for (let c = 0; c < offsets.channels; c++) {
          const at = offsets.at(c, place);
          batch.data[k * size + at] = fill.data[at]!;
        }
      });
    }
    const scores = await subject.scores(batch, target, score, signal);
    scores.forEach((s, k) => (drops.data[from + k] = base! - s));
    onBatch(from + n, drops.data);
  }
  return drops;
}

/** Mean over the blocks that cover a place of their drops, in the shape of the space; what no finished block covers is 0. */
export function meanOverBlocks(drops: Float32Array, grid: BlockGrid): Float32Array {
  const places = grid.space.reduce((a, b) => a * b, 1);
  const sums = new Float64Array(places);
  const counts = new Uint32Array(places);
  drops.forEach((drop, block) => {
    if (Number.isNaN(drop)) return;
    eachPlace(grid, block, (place) => {
      sums[place]! += drop;
      counts[place]!++;
    });
  });
  return Float32Array.from(sums, (sum, i) => (counts[i] === 0 ? 0 : sum / counts[i]!));
}

/** Visits the places of a block, as flat indices over the axes of space. */
function eachPlace({ space, patch, stride, counts }: BlockGrid, block: number, visit: (place: number) => void): void {
  const from = new Array<number>(space.length).fill(0);
  for (let axis = space.length - 1, rest = block; axis >= 0; axis--) {
    from[axis] = (rest % counts[axis]!) * stride;
    rest = Math.floor(rest / counts[axis]!);
  }
  const walk = (axis: number, at: number): void => {
    if (axis === space.length) return visit(at);
    const end = Math.min(space[axis]!, from[axis]! + patch);
    for (let i = from[axis]!; i < end; i++) walk(axis + 1, at * space[axis]! + i);
  };
  walk(0, 0);
}

function channelOffsets({ input }: Pick<Subject, 'input'>): { channels: number; at(c: number, place: number): number } {
  const { axes } = arrangementOf(input);
  const { channels } = input;
  const places = spaceOf(input).reduce((a, b) => a * b, 1);
  const last = axes.length > 1 && axes.endsWith('C');
  return { channels, at: last ? (c, place) => place * channels + c : (c, place) => c * places + place };
}
