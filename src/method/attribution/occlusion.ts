import { LensError } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { fillTensor } from '../fill.js';
import { attributionMethod, type AttributionAnswer, type AttributionRequest, type MethodContext } from '../method.js';
import type { Subject } from '../subject/subject.js';
import { coarseWindows, interpolated, strongest } from './occlusion/refine.js';
import { runningPicture } from './shared/runningPicture.js';
import { pixelAttribution, scoreNotes, spaceOf, spaceTensor, unitOf } from './shared/answer.js';
import { fillParameter } from './shared/parameters.js';
import { blockGrid, meanOverBlocks, occlusionBlocks } from './occlusion/blocks.js';
import { meanOverWindows, windowGrid } from './occlusion/grid.js';
import { windowScorer } from './occlusion/scorer.js';
import type { Occlusion } from './occlusion/windows.js';

/** How the windows of a grid are computed. */
export interface OcclusionPlan {
  /** Whether incremental inference may be used. */
  readonly incremental: boolean;
  /** Share of the windows between a coarse grid that are computed; 1 computes all of them. */
  readonly refine: number;
}

/**
 * Score(input) - score(occluded) of every window, `[rows, columns]`.
 *
 * @param onBatch how many are done of how many, with what is known so far (NaN where nothing is)
 */
export async function occlusionWindows(
  subject: Subject,
  occlusion: Occlusion,
  plan: OcclusionPlan,
  signal: AbortSignal,
  onBatch: (done: number, total: number, soFar: Float32Array) => void = () => undefined,
): Promise<{ readonly drops: FloatTensor; readonly notes: readonly string[] }> {
  const { input, target, score, grid } = occlusion;
  const [base] = await subject.scores(input, target, score, signal);
  const count = grid.rows * grid.columns;
  const drops = new Float32Array(count).fill(NaN);
  const scorer = await windowScorer(subject, occlusion, plan.incremental, signal);
  const notes = scorer.note === undefined ? [] : [scorer.note];
  const coarse = plan.refine < 1 ? coarseWindows(grid) : Array.from({ length: count }, (_, i) => i);
  const total = coarse.length + Math.round(plan.refine * (count - coarse.length));
  let done = 0;
  const compute = (windows: readonly number[]): Promise<void> =>
    scorer.scores(windows, signal, (finished, scores) => {
      scores.forEach((s, k) => (drops[finished[k]!] = base! - s));
      onBatch((done += scores.length), total, drops);
    });
  await compute(coarse);
  if (coarse.length < count) {
    await compute(strongest(drops, interpolated(drops, grid), plan.refine));
    notes.push(
      `Approximate, coarse to fine: ${total} of ${count} squares were computed, the others interpolated between them.`,
    );
  }
  return { drops: floatTensor([grid.rows, grid.columns], interpolated(drops, grid)), notes };
}

const parameters = {
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
  refine: {
    type: 'number',
    title: 'Refine',
    default: 1,
    minimum: 0,
    maximum: 1,
    step: 0.05,
    description:
      'below 1, every other square first, then this share of the others where the map is strongest; the rest is interpolated',
  },
  inference: {
    type: 'choice',
    title: 'Inference',
    default: 'incremental',
    choices: ['incremental', 'whole'],
    description:
      'incremental computes only what a square reaches, exactly, where the model allows it; whole never does',
  },
} as const;

/** How far the score drops when a patch of the picture is covered. */
export const occlusion = attributionMethod({
  id: 'occlusion',
  title: 'Occlusion',
  summary: 'How far does the score drop when a patch of the picture is covered?',
  citation: 'Zeiler, Fergus 2014, Visualizing and Understanding Convolutional Networks, arXiv:1311.2901',
  parameters,
  group: 'without',
  needs: 'black-box',
  passes: { forward: 225 },
  layer: 'none',
  properties: { signed: true, complete: false, seeded: true, linear: true, shape: 'pixel' },
  async run(subject, request, context) {
    if (spaceOf(subject.input).length !== 2) return occludedBlocks(subject, request, context);
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
    const unit = `drop of the ${unitOf(subject, { target, score })}`;
    const sum = new Float64Array(height * width);
    const notes = [...scoreNotes(subject, score)];
    const show = runningPicture(context, 'patches');
    const plan = { incremental: params.inference === 'incremental', refine: params.refine };
    let drops: FloatTensor | undefined;
    for (const [i, grid] of grids.entries()) {
      const found = await occlusionWindows(
        subject,
        { input, fill, target, score, grid },
        plan,
        context.signal,
        (done, total, soFar) => {
          show(i * total + done, grids.length * total, () => {
            const part = meanOverWindows(soFar, grid, height, width);
            const map = part.map((v, p) => (sum[p]! + v) / (i + 1));
            return pixelAttribution(floatTensor([height, width], map), true, unit, [grid.rows, grid.columns]);
          });
        },
      );
      drops = found.drops;
      for (const note of found.notes) if (!notes.includes(note)) notes.push(note);
      meanOverWindows(drops.data, grid, height, width).forEach((v, p) => (sum[p]! += v));
    }
    const [first] = grids;
    const settled = {
      patch: patches.join(','),
      ...(grids.every((g) => g.stride === first!.stride) ? { stride: String(first!.stride) } : {}),
    };
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

/** The same for what is no picture: every patch covers all axes of space. */
async function occludedBlocks(
  subject: Subject,
  { input, target, score, params }: AttributionRequest<typeof parameters>,
  context: MethodContext,
): Promise<AttributionAnswer> {
  const space = spaceOf(subject.input);
  const longest = Math.max(1, ...space);
  const patches =
    params.patch === 'auto'
      ? [Math.max(1, Math.round(Math.min(...space, longest) / 8))]
      : params.patch.split(',').map(Number);
  const grids = patches.map((patch) => {
    if (patch > longest) throw usage(`A patch of ${patch} is larger than the input (${space.join('×')}).`);
    const stride = params.stride === 'auto' ? Math.max(1, Math.floor(patch / 2)) : Number(params.stride);
    if (stride > patch) throw usage(`A stride of ${stride} leaves gaps between patches of ${patch}.`);
    return blockGrid(space, patch, stride);
  });
  if (!params.upsample && grids.length > 1)
    throw usage('One value per square is possible for a single patch size only.');
  const fill = fillTensor(params.fill, input, subject.input, context.random);
  const unit = `drop of the ${unitOf(subject, { target, score })}`;
  const sum = new Float32Array(space.reduce((a, b) => a * b, 1));
  const show = runningPicture(context, 'patches');
  const total = grids.reduce((all, g) => all + g.counts.reduce((a, b) => a * b, 1), 0);
  let before = 0;
  let drops: FloatTensor | undefined;
  for (const [i, grid] of grids.entries()) {
    drops = await occlusionBlocks(subject, { input, fill, target, score, grid }, context.signal, (done, soFar) =>
      show(before + done, total, () => {
        const part = meanOverBlocks(soFar, grid);
        return pixelAttribution(
          spaceTensor(
            subject.input,
            part.map((v, p) => (sum[p]! + v) / (i + 1)),
          ),
          true,
          unit,
        );
      }),
    );
    before += drops.data.length;
    meanOverBlocks(drops.data, grid).forEach((v, p) => (sum[p]! += v));
  }
  const settled = { patch: patches.join(','), ...(grids.length === 1 ? { stride: String(grids[0]!.stride) } : {}) };
  const map = params.upsample
    ? spaceTensor(
        subject.input,
        sum.map((v) => v / grids.length),
      )
    : drops!;
  return { attribution: pixelAttribution(map, true, unit), params: settled, notes: scoreNotes(subject, score) };
}

function usage(sentence: string): LensError {
  return new LensError('usage', 'params/value', sentence, { hint: 'Change the parameters patch and stride.' });
}
