import { throwIfCancelled } from '../../../../base/errors.js';
import { floatTensor, toFloat32, type Tensor } from '../../../../base/tensor.js';
import { dimsAt } from '../../../../graph/facts.js';
import type { Subject } from '../../../subject/subject.js';
import { isBehind } from '../../../target/target.js';
import { boundsOf } from '../grid.js';
import type { Occlusion, OnScores, WindowScorer } from '../windows.js';
import { pasteFeeds, type Slice } from './paste.js';
import { planIncremental, type IncrementalPlan } from './plan.js';

/** Most positions in one run; more do not lower the cost of one. */
const MOST = 64;

/** Bytes that the regions of one run may take. */
const BUDGET = 512 << 20;

/** Scores of occluded inputs by incremental inference, see {@link planIncremental}. */
export class IncrementalOcclusion implements WindowScorer {
  readonly note: string;

  private constructor(
    private readonly subject: Subject,
    private readonly occlusion: Occlusion,
    private readonly plan: IncrementalPlan,
    private readonly key: string,
    /** The clean maps of this input, fed to every run. */
    private readonly maps: Readonly<Record<string, Tensor>>,
  ) {
    const layers = subject.graph.nodes.filter((n) => n.op === 'Conv' || n.op.endsWith('Pool')).length;
    this.note =
      `Incremental inference, exact: ${plan.windowedLayers} of ${layers} convolutions and pools ` +
      'were computed only where a square reaches.';
  }

  /** Plans and runs the clean input once; or says in a sentence why whole inputs must be computed. */
  static async open(
    subject: Subject,
    occlusion: Occlusion,
    worth: number,
    signal: AbortSignal,
  ): Promise<IncrementalOcclusion | { readonly reason: string }> {
    const { grid, input, target, score } = occlusion;
    const output = isBehind(target) ? subject.scoreAt(target, score).value : subject.scoreValue('logit').value;
    const { height, width, name, layout } = subject.input;
    if (layout !== 'NCHW') return { reason: 'the input is not in NCHW order' };
    if (subject.graph.inputs.length > 1) return { reason: 'the model has several inputs' };
    const count = grid.rows * grid.columns;
    const corner = Array.from({ length: count }, (_, window) => boundsOf(grid, window, height, width));
    const patch = [Math.min(grid.patch, height), Math.min(grid.patch, width)] as const;
    const plan = planIncremental(subject.graph, subject.facts, {
      input: name,
      output,
      tops: corner.map((b) => b.top),
      lefts: corner.map((b) => b.left),
      patch,
    });
    if ('reason' in plan) return plan;
    if (plan.gain < worth) return { reason: 'that is as fast for this model' };
    const key = `occlusion ${output} ${plan.window.y.length}×${plan.window.x.length} ${grid.patch} ${grid.stride}`;
    const maps = await subject.derived(`clean ${key}`, plan.clean, { [name]: input }, signal);
    return new IncrementalOcclusion(subject, occlusion, plan, key, maps);
  }

  async scores(windows: readonly number[], signal: AbortSignal, onScores: OnScores): Promise<void> {
    const { subject, plan, occlusion } = this;
    const { target, score } = occlusion;
    const [output] = plan.graph.outputs;
    for (const slice of this.slices(windows)) {
      throwIfCancelled(signal);
      const { wanted } = slice;
      const subset = wanted.length === slice.to - slice.from ? plan : selection(plan, slice.group, wanted);
      const part = subset === plan ? slice : { group: slice.group, from: 0, to: wanted.length };
      const feeds: Record<string, Tensor> = { ...this.maps, [plan.patches]: this.patches(wanted, slice.group) };
      for (const paste of subset.pastes) Object.assign(feeds, pasteFeeds(paste, part));
      const raw = (await subject.derived(this.key, plan.graph, feeds, signal))[output!.name]!;
      const scores = subject.scoresOf(floatTensor(raw.dims, toFloat32(raw)), target, score);
      onScores(
        wanted.map((i) => plan.order[i]!),
        scores,
      );
    }
  }

  /** Runs of positions of one group each, as many as fit the memory. */
  private *slices(windows: readonly number[]): Generator<Slice & { readonly wanted: readonly number[] }> {
    const { plan, subject } = this;
    const asked = new Set(windows);
    for (const [group, [from, to]] of plan.groups.entries()) {
      let bytes = 0;
      for (const { region, channels } of plan.pastes) {
        bytes += 4 * 4 * channels * region.y.size[group]! * region.x.size[group]!;
      }
      // Whole maps follow where the windows end: they count as one forward pass.
      const most = Math.max(1, Math.min(MOST, Math.floor(BUDGET / bytes), 2 * subject.batchSize('forward')));
      const wanted: number[] = [];
      for (let i = from; i < to; i++) if (asked.has(plan.order[i]!)) wanted.push(i);
      for (let at = 0; at < wanted.length; at += most) {
        const part = wanted.slice(at, at + most);
        yield { group, from: part[0]!, to: part.at(-1)! + 1, wanted: part };
      }
    }
  }

  /** The content of the windows: the fill where the square is, the input where the window reaches past it. */
  private patches(positions: readonly number[], group: number): Tensor {
    const { input, fill, grid } = this.occlusion;
    const { window, order } = this.plan;
    const [, channels, height, width] = dimsAt(this.subject.facts.get(this.subject.input.name)!, 1) as [
      number,
      number,
      number,
      number,
    ];
    const [rows, columns] = [window.y.size[group]!, window.x.size[group]!];
    const out = floatTensor([positions.length, channels, rows, columns]);
    let at = 0;
    for (const i of positions) {
      const { top, left, bottom, right } = boundsOf(grid, order[i]!, height, width);
      for (let c = 0; c < channels; c++) {
        for (let y = window.y.start[i]!; y < window.y.start[i]! + rows; y++) {
          for (let x = window.x.start[i]!; x < window.x.start[i]! + columns; x++) {
            const inside = y >= top && y < bottom && x >= left && x < right;
            out.data[at++] = (inside ? fill : input).data[(c * height + y) * width + x]!;
          }
        }
      }
    }
    return out;
  }
}

/** The plan's pastes for some positions of one group, renumbered from 0. */
function selection(
  plan: IncrementalPlan,
  group: number,
  positions: readonly number[],
): Pick<IncrementalPlan, 'pastes'> {
  const pick = (span: IncrementalPlan['window']['y']): IncrementalPlan['window']['y'] => {
    const start = new Int32Array(Math.max(positions.length, group + 1));
    positions.forEach((p, k) => (start[k] = span.start[p]!));
    return { ...span, start };
  };
  return {
    pastes: plan.pastes.map((paste) => ({
      ...paste,
      window: { y: pick(paste.window.y), x: pick(paste.window.x) },
      region: { y: pick(paste.region.y), x: pick(paste.region.x) },
    })),
  };
}
