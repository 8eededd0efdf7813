import { LensError, throwIfCancelled } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { floatTensor, sizeOf, toFloat32, type FloatTensor, type Tensor } from '../../base/tensor.js';
import { feedsOf } from '../subject/feeds.js';
import type { ModelSubject } from '../subject/modelSubject.js';
import type { AscentGraph } from './graph/ascent.js';
import { drawViews, type ViewOptions } from './graph/views.js';
import { Optimiser, type OptimiserName } from './optimiser.js';

/** How far the work has come. */
export interface AscentStep {
  /** Steps that are done. */
  readonly done: number;
  /** Of each picture: the objective before each step so far. */
  readonly traces: readonly (readonly number[])[];
  /** `[pictures, C, H, W]` before the newest step. */
  readonly pictures: FloatTensor;
  /** Of each pixel of each picture: by how much it was pushed in all steps so far, Σ|dL/dpicture|, `[pictures, H·W]`, flat. */
  readonly pushed: Float32Array;
}

export interface AscentOptions {
  readonly views: ViewOptions;
  readonly steps: number;
  readonly optimiser: OptimiserName;
  readonly rate: number;
  /** What is optimised stays between these, of each plane; its gradient does not push past them. */
  readonly bounds?: { readonly low: readonly number[]; readonly high: readonly number[] };
  /** How much likeness to the other pictures counts, as a share of the objective. */
  readonly diversity?: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Told after every run of the model and before its step; true where it is enough. */
  onStep?(step: AscentStep): Promise<boolean | void>;
}

export interface Ascended extends AscentStep {
  /** What was optimised, in the end. */
  readonly parameter: Float32Array;
}

/** What one run of the graph answers. */
export interface Slope {
  /** Of each picture. */
  readonly scores: readonly number[];
  readonly gradient: Float32Array;
  readonly pictures: FloatTensor;
  /** Of the pictures themselves. */
  readonly slope: Float32Array;
}

/** Runs the graph once on `parameter`, with the given views. */
export async function slopeAt(
  subject: ModelSubject,
  ascent: AscentGraph,
  parameter: Float32Array,
  views: ReadonlyMap<string, Float32Array>,
  signal: AbortSignal,
): Promise<Slope> {
  const beside: Record<string, FloatTensor> = {
    [ascent.parameter.name]: floatTensor(ascent.parameter.dims, parameter),
  };
  for (const value of [...Object.values(ascent.views), ascent.diversity] as (AscentGraph['parameter'] | undefined)[])
    if (value !== undefined) beside[value.name] = floatTensor(value.dims, views.get(value.name));
  // The model's own input is computed in the graph; the others get what the subject feeds them.
  const nothing = floatTensor([0]);
  const feeds = feedsOf(subject, ascent.graph, nothing, ascent.batch, beside);
  const raw = await subject.derived(ascent.key, ascent.graph, feeds, signal, ascent.forms);
  const at = (name: string): Tensor => raw[name]!;
  const each = toFloat32(at(ascent.score));
  const pictures = ascent.parameter.dims[0]!;
  const count = each.length / pictures;
  const scores = Array.from({ length: pictures }, (_, p) =>
    each.subarray(p * count, (p + 1) * count).reduce((a, b) => a + b, 0),
  );
  const picture = at(ascent.picture);
  return {
    scores,
    gradient: toFloat32(at(ascent.gradient)),
    pictures: floatTensor(picture.dims, toFloat32(picture)),
    slope: toFloat32(at(ascent.slope)),
  };
}

/**
 * Gradient ascent from `start`, which is left as it is. The objective is told before every step and, without views, after
 * the last.
 *
 * @throws LensError `reconstruction/nan` where a gradient is no number
 */
export async function ascend(
  subject: ModelSubject,
  ascent: AscentGraph,
  start: Float32Array,
  options: AscentOptions,
): Promise<Ascended> {
  const { steps, random, signal, bounds } = options;
  const { dims } = ascent.parameter;
  const pictures = dims[0]!;
  const x = start.slice();
  const optimiser = new Optimiser(options.optimiser, options.rate, start, pictures);
  const traces: number[][] = Array.from({ length: pictures }, () => []);
  const note = (scores: readonly number[]): void => scores.forEach((s, p) => traces[p]!.push(s));
  let pushed = new Float32Array(0);
  let done = 0;
  const state = ({ pictures: now }: Slope): AscentStep => ({ done, traces, pictures: now, pushed });
  for (; done < steps; done++) {
    throwIfCancelled(signal);
    const views = drawViews(ascent.views, options.views, steps < 2 ? 1 : done / (steps - 1), random);
    feedDiversity(views, ascent, traces, options.diversity);
    const slope = await slopeAt(subject, ascent, x, views, signal);
    requireNumbers(slope, done);
    note(slope.scores);
    pushed = withPushes(pushed, slope);
    if ((await options.onStep?.(state(slope))) === true) return { ...state(slope), parameter: x };
    const { gradient } = slope;
    if (bounds !== undefined) hold(gradient, x, dims, bounds);
    optimiser.step(x, gradient);
    if (bounds !== undefined) clip(x, dims, bounds);
  }
  const views = drawViews(ascent.views, options.views, 1);
  feedDiversity(views, ascent, traces, options.diversity);
  const last = await slopeAt(subject, ascent, x, views, signal);
  note(last.scores);
  return { ...state(last), parameter: x };
}

/**
 * Objectives are of any size, some of ten and some of thousands: likeness counts as a share of the largest that a picture has
 * had so far.
 */
function feedDiversity(
  views: Map<string, Float32Array>,
  { diversity }: AscentGraph,
  traces: readonly (readonly number[])[],
  share = 0,
): void {
  if (diversity === undefined) return;
  views.set(
    diversity.name,
    Float32Array.from(traces, (trace) => share * trace.reduce((most, v) => Math.max(most, Math.abs(v)), 0)),
  );
}

function withPushes(pushed: Float32Array<ArrayBuffer>, { slope, pictures }: Slope): Float32Array<ArrayBuffer> {
  const [n, planes] = pictures.dims as [number, number];
  const area = slope.length / (n * planes);
  const out = pushed.length === 0 ? new Float32Array(n * area) : pushed;
  for (let i = 0; i < slope.length; i++)
    out[Math.floor(i / (planes * area)) * area + (i % area)]! += Math.abs(slope[i]!);
  return out;
}

function requireNumbers({ gradient, scores }: Slope, step: number): void {
  if (scores.every(Number.isFinite) && gradient.every(Number.isFinite)) return;
  throw new LensError('runtime', 'reconstruction/nan', `At step ${step} the gradient is not a finite number.`, {
    hint: 'Take a smaller lr, or another start.',
  });
}

type Bounds = NonNullable<AscentOptions['bounds']>;

/** Of what lies at a bound already, what pushes past it is no slope: it would only make the steps of the rest smaller. */
function hold(gradient: Float32Array, x: Float32Array, dims: readonly number[], { low, high }: Bounds): void {
  eachPlane(x, dims, (i, plane) => {
    const g = gradient[i]!;
    if ((x[i]! >= high[plane]! && g > 0) || (x[i]! <= low[plane]! && g < 0)) gradient[i] = 0;
  });
}

function clip(x: Float32Array, dims: readonly number[], { low, high }: Bounds): void {
  eachPlane(x, dims, (i, plane) => {
    x[i] = Math.min(high[plane]!, Math.max(low[plane]!, x[i]!));
  });
}

/** @param dims `[pictures, planes, …]` */
function eachPlane(x: Float32Array, dims: readonly number[], visit: (i: number, plane: number) => void): void {
  const planes = dims[1]!;
  const size = sizeOf(dims.slice(2));
  for (let i = 0; i < x.length; i++) visit(i, Math.floor(i / size) % planes);
}
