import { LensError, throwIfCancelled } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import type { ScoreKind } from '../../result/recipe.js';
import { fillTensor, gridOf } from '../fill.js';
import { attributionMethod, type MethodContext } from '../method.js';
import type { InputSpec, Subject, Target } from '../subject.js';
import { fillParameter, pixelAttribution, scoreNotes, unitOf } from './shared.js';

/** Windows of one size over the input, in reading order. The last ones in a row or column are cut off by the border, as in Captum. */
export interface WindowGrid {
  readonly patch: number;
  readonly stride: number;
  readonly rows: number;
  readonly columns: number;
}

export function windowGrid(height: number, width: number, patch: number, stride: number): WindowGrid {
  const count = (side: number): number => Math.ceil(Math.max(0, side - patch) / stride) + 1;
  return { patch, stride, rows: count(height), columns: count(width) };
}

/**
 * Score(input) - score(occluded) of every window, `[rows, columns]`. Windows go through the model in batches.
 *
 * @param onBatch how many are done, with what is known so far (NaN where nothing is)
 */
export async function occlusionWindows(
  subject: Subject,
  input: FloatTensor,
  fill: FloatTensor,
  target: Target,
  score: ScoreKind,
  grid: WindowGrid,
  signal: AbortSignal,
  onBatch: (done: number, soFar: Float32Array) => void = () => undefined,
): Promise<FloatTensor> {
  const [base] = await subject.scores(input, target, score, signal);
  const total = grid.rows * grid.columns;
  const drops = new Float32Array(total).fill(NaN);
  const size = input.data.length;
  const step = subject.batchSize('forward');
  for (let from = 0; from < total; from += step) {
    throwIfCancelled(signal);
    const n = Math.min(step, total - from);
    const batch = floatTensor([n, ...input.dims.slice(1)]);
    for (let k = 0; k < n; k++) {
      batch.data.set(input.data, k * size);
      cover(batch.data.subarray(k * size, (k + 1) * size), fill.data, subject.input, grid, from + k);
    }
    const scores = await subject.scores(batch, target, score, signal);
    scores.forEach((s, k) => (drops[from + k] = base! - s));
    onBatch(from + n, drops);
  }
  return floatTensor([grid.rows, grid.columns], drops);
}

function bounds(
  grid: WindowGrid,
  window: number,
  height: number,
  width: number,
): { top: number; left: number; bottom: number; right: number } {
  const top = Math.floor(window / grid.columns) * grid.stride;
  const left = (window % grid.columns) * grid.stride;
  return { top, left, bottom: Math.min(height, top + grid.patch), right: Math.min(width, left + grid.patch) };
}

function cover(sample: Float32Array, fill: Float32Array, input: InputSpec, grid: WindowGrid, window: number): void {
  const pixels = gridOf(input);
  const { top, left, bottom, right } = bounds(grid, window, input.height, input.width);
  for (let c = 0; c < pixels.channels; c++) {
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const at = pixels.at(c, y, x);
        sample[at] = fill[at]!;
      }
    }
  }
}

/** Mean over the windows that cover a pixel of their drops; windows that are NaN do not count, pixels without any are 0. */
export function meanOverWindows(drops: Float32Array, grid: WindowGrid, height: number, width: number): Float32Array {
  const sums = new Float64Array(height * width);
  const counts = new Uint32Array(height * width);
  drops.forEach((drop, window) => {
    if (Number.isNaN(drop)) return;
    const { top, left, bottom, right } = bounds(grid, window, height, width);
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        sums[y * width + x]! += drop;
        counts[y * width + x]!++;
      }
    }
  });
  return Float32Array.from(sums, (sum, i) => (counts[i] === 0 ? 0 : sum / counts[i]!));
}

const CITATION = 'Zeiler, Fergus 2014, Visualizing and Understanding Convolutional Networks, arXiv:1311.2901';

/** How far the score drops when a patch of the picture is covered. */
export const occlusion = attributionMethod({
  id: 'occlusion',
  title: 'Occlusion',
  summary: 'How far does the score drop when a patch of the picture is covered?',
  citation: CITATION,
  parameters: {
    patch: {
      type: 'text',
      title: 'Patch',
      unit: 'px',
      default: 'auto',
      pattern: 'auto|[1-9]\\d*(,[1-9]\\d*)*',
      description:
        'side of the covered square in pixels of the input; several sizes separated by commas are averaged; auto is an eighth of the shorter side',
    },
    stride: {
      type: 'text',
      title: 'Stride',
      unit: 'px',
      default: 'auto',
      pattern: 'auto|[1-9]\\d*',
      description: 'distance of neighbouring squares in pixels; auto is half of the patch',
    },
    fill: fillParameter,
    upsample: {
      type: 'boolean',
      title: 'Per pixel',
      default: true,
      description: 'the mean over the squares that cover a pixel; false gives one value per square',
    },
  },
  needs: 'black-box',
  layer: 'none',
  properties: { signed: true, complete: false, seeded: true, shape: 'pixel' },
  async run(subject, request, context) {
    const { input, target, score, params } = request;
    const { height, width } = subject.input;
    const side = Math.min(height, width);
    const patches = params.patch === 'auto' ? [Math.max(1, Math.round(side / 8))] : params.patch.split(',').map(Number);
    const grids = patches.map((patch) => {
      if (patch > Math.max(height, width))
        throw usage(`A patch of ${patch} pixels is larger than the input (${height}×${width}).`);
      const stride = params.stride === 'auto' ? Math.max(1, Math.floor(patch / 2)) : Number(params.stride);
      if (stride > patch) throw usage(`A stride of ${stride} leaves gaps between patches of ${patch} pixels.`);
      return windowGrid(height, width, patch, stride);
    });
    if (!params.upsample && grids.length > 1)
      throw usage('One value per square is possible for a single patch size only.');

    const fill = fillTensor(params.fill, input, subject.input, context.random);
    const unit = `drop of the ${unitOf(score)}`;
    const total = grids.reduce((sum, g) => sum + g.rows * g.columns, 0);
    const sum = new Float64Array(height * width);
    let done = 0;
    const show = throttled(context);
    let drops: FloatTensor | undefined;
    for (const [i, grid] of grids.entries()) {
      drops = await occlusionWindows(subject, input, fill, target, score, grid, context.signal, (k, soFar) => {
        show(done + k, total, () => {
          const part = meanOverWindows(soFar, grid, height, width);
          const map = part.map((v, p) => (sum[p]! + v) / (i + 1));
          return pixelAttribution(floatTensor([height, width], map), true, unit, [grid.rows, grid.columns]);
        });
      });
      done += grid.rows * grid.columns;
      meanOverWindows(drops.data, grid, height, width).forEach((v, p) => (sum[p]! += v));
    }
    const [first] = grids;
    const settled = {
      patch: patches.join(','),
      ...(grids.every((g) => g.stride === first!.stride) ? { stride: String(first!.stride) } : {}),
    };
    const notes = scoreNotes(subject.scoreValue(score));
    if (!params.upsample) return { attribution: pixelAttribution(drops!, true, unit), params: settled, notes };
    const map = Float32Array.from(sum, (v) => v / grids.length);
    const finest: readonly [number, number] = [
      Math.max(...grids.map((g) => g.rows)),
      Math.max(...grids.map((g) => g.columns)),
    ];
    return {
      attribution: pixelAttribution(floatTensor([height, width], map), true, unit, finest),
      params: settled,
      notes,
    };
  },
});

function usage(sentence: string): LensError {
  return new LensError('usage', 'params/value', sentence, { hint: 'Change the parameters patch and stride.' });
}

/** Reports each step, with a running picture at most every 300 ms. */
function throttled(
  context: MethodContext,
): (done: number, total: number, picture: () => ReturnType<typeof pixelAttribution>) => void {
  let last = Date.now();
  return (done, total, picture) => {
    const now = Date.now();
    const due = now - last >= 300 && done < total;
    if (due) last = now;
    context.progress(done, total, 'patches', due ? picture() : undefined);
  };
}
