import { LensError } from '../../base/errors.js';
import { Random } from '../../base/random.js';
import { isOneScore } from '../target/target.js';
import type { ModelSubject } from '../subject/modelSubject.js';
import { ascend, slopeAt, type AscentOptions, type Ascended } from './ascend.js';
import { IMAGENET_COLOURS } from './colours.js';
import { logit, naturalSpectrum, spectrumOf, statisticsOf, type FolderStatistics } from './folder.js';
import { writeAscent, type AscentGraph, type AscentPlan } from './graph/ascent.js';
import { parameterDims, type ImageOptions } from './graph/image.js';
import { hasProbability, rectifierOf, valuesRead, type Term } from './graph/objective.js';
import { drawViews, type ViewOptions } from './graph/views.js';
import type { VisualizeParameters } from './presets.js';
import { fromPlanes, tensorOfPlanes, type PictureSpace } from './space.js';

/** What a picture is to be made of. */
export interface VisualizeQuestion {
  readonly space: PictureSpace;
  readonly terms: readonly Term[];
  readonly params: VisualizeParameters;
  readonly seed: number;
  /** Planes to start from: colours from 0 to 1, or channels of the model's own input. */
  readonly start?: { readonly planes: Float32Array; readonly colours: boolean };
  /** Pictures to look like, as planes of colours. */
  readonly folder?: readonly Float32Array[];
}

export interface VisualizeHooks {
  readonly signal: AbortSignal;
  /** Told every so many steps: planes of all facets, colours or channels of the input, and the first one's trace so far. */
  onPicture?(done: number, planes: Float32Array, trace: readonly number[]): void;
  /** Settles when work may go on; true where it is to end here. */
  waiting?(): Promise<boolean>;
  /** The probability of the class in the picture that would be saved of these planes. */
  probability?(planes: Float32Array): Promise<number>;
}

/** One of the pictures that were made at once. */
export interface MadeFacet {
  /** Colours from 0 to 1, or channels of the input, as {@link VisualizeQuestion.start} says. */
  readonly planes: Float32Array;
  /** One sample of the model's input, flat. */
  readonly tensor: Float32Array;
  /** The objective before every step and, without views, after the last. */
  readonly trace: readonly number[];
  /** By how much each pixel was pushed, `[H·W]`. */
  readonly pushed: Float32Array;
}

export interface Visualized {
  readonly facets: readonly MadeFacet[];
  readonly colours: boolean;
  readonly steps: number;
  readonly ended: 'steps' | 'reached' | 'stopped';
  readonly notes: readonly string[];
}

/** Steps along the logarithm of the probability, which draws on the other classes, until a unit that is off has woken. */
const WAKING = 16;
/** As far as a plain background goes towards black and white: behind that a sigmoid is flat. */
const FLAT = 3;
const NOISE = { spectrum: 0.01, pixels: 0.05, phase: 1 } as const;

/** Makes one picture of what a unit wants to see. */
export async function visualise(
  subject: ModelSubject,
  question: VisualizeQuestion,
  hooks: VisualizeHooks,
): Promise<Visualized> {
  const { params, space } = question;
  const { signal } = hooks;
  const random = new Random(question.seed);
  const plan = planOf(subject, question);
  const colours = plan.colours;
  const notes: string[] = [];
  const first = startOf(plan, question, random.fork(0));
  const found = await alive(subject, plan, first, { random: random.fork(2), signal, keep: params.relu === 'keep' });
  notes.push(...found.notes);

  let ended: Visualized['ended'] = 'steps';
  const onStep: AscentOptions['onStep'] = async ({ done, traces, pictures }) => {
    if (done > 0 && done % params.every === 0) hooks.onPicture?.(done, pictures.data, traces[0]!);
    if ((await hooks.waiting?.()) === true) {
      ended = 'stopped';
      return true;
    }
    if (params.stop === 0 || hooks.probability === undefined) return false;
    // The logarithm of the probability is the objective's own; of a score it has to be asked.
    const likely =
      plan.measure === 'log_probability'
        ? traces.every((trace) => trace.at(-1)! >= Math.log(params.stop))
        : done % params.every === 0;
    if (!likely) return false;
    for (const planes of partsOf(pictures.data, plan.pictures))
      if ((await hooks.probability(planes)) < params.stop) return false;
    ended = 'reached';
    return true;
  };
  const options: AscentOptions = {
    views: plan.views,
    steps: params.steps,
    optimiser: params.optimizer,
    rate: params.lr,
    diversity: params.diversity,
    random: random.fork(1),
    signal,
    onStep,
    ...(plan.image.kind === 'pixels' && params.bounds === 'clip' ? { bounds: boundsOf(space, colours) } : {}),
  };
  let woken = first;
  if (found.waking !== undefined) {
    const steps = Math.min(WAKING, params.steps);
    woken = (await ascend(subject, found.waking, first, { ...options, steps, onStep: neverEnds })).parameter;
  }
  const made: Ascended = await ascend(subject, found.graph, woken, options);
  const pushed = partsOf(made.pushed, plan.pictures);
  return {
    facets: partsOf(made.pictures.data, plan.pictures).map((planes, k) => ({
      planes,
      tensor: colours ? fromPlanes(space, planes) : tensorOfPlanes(space, planes),
      trace: made.traces[k]!,
      pushed: pushed[k]!,
    })),
    colours,
    steps: made.done,
    ended,
    notes: [...notes, ...found.graph.notes],
  };
}

/** What belongs to each of several pictures. */
export function partsOf(data: Float32Array, count: number): Float32Array[] {
  const size = data.length / count;
  return Array.from({ length: count }, (_, k) => data.slice(k * size, (k + 1) * size));
}

const neverEnds = (): Promise<boolean> => Promise.resolve(false);

/** A graph whose gradient at the start is not zero, and what was done for it. */
interface Alive {
  readonly graph: AscentGraph;
  /** To be followed for some steps before. */
  readonly waking?: AscentGraph;
  readonly notes: readonly string[];
}

/**
 * A unit that is off has no gradient. It is told by that, not by its value: one that shows its bias at the border of a map
 * is more than zero, and has none either.
 *
 * @throws LensError `reconstruction/no-gradient` where nothing wakes it
 */
async function alive(
  subject: ModelSubject,
  plan: AscentPlan,
  start: Float32Array,
  { random, signal, keep }: { readonly random: Random; readonly signal: AbortSignal; readonly keep: boolean },
): Promise<Alive> {
  const hasSlope = async (graph: AscentGraph): Promise<boolean> => {
    const views = drawViews(graph.views, plan.views, 0, random);
    return (await slopeAt(subject, graph, start, views, signal)).gradient.some((g) => g !== 0);
  };
  const graph = writeAscent(subject, plan);
  if (await hasSlope(graph)) return { graph, notes: plan.beforeRectifier ? [BEFORE] : [] };
  const off = 'At the start the number has no gradient';
  if (!keep && !plan.beforeRectifier && isRectified(subject, plan.terms)) {
    const before = writeAscent(subject, { ...plan, beforeRectifier: true });
    if (await hasSlope(before)) return { graph: before, notes: [`${off}: it is taken before its last rectifier.`] };
  }
  if (plan.terms.every((t) => hasProbability(subject, t.objective)) && plan.measure === 'score') {
    const waking = writeAscent(subject, { ...plan, measure: 'log_probability', terms: plan.terms.slice(0, 1) });
    if (await hasSlope(waking))
      return { graph, waking, notes: [`${off}: the first ${WAKING} steps follow the logarithm of the probability.`] };
  }
  throw new LensError('unsupported', 'reconstruction/no-gradient', `${off}: nothing says which way to go.`, {
    hint: 'Take another seed, another preset, or a photograph to start from.',
  });
}

const BEFORE =
  'What is maximised is the number before its last rectifier, behind which a unit that is off has no gradient.';

const isRectified = (subject: ModelSubject, terms: readonly Term[]): boolean =>
  valuesRead(subject, terms).some((v) => rectifierOf(subject.graph, v) !== undefined);

/** The request as a graph is made of it. */
function planOf(subject: ModelSubject, question: VisualizeQuestion): AscentPlan {
  const { space, params, terms, start, folder } = question;
  const colours = start?.colours ?? true;
  const statistics = folder === undefined ? undefined : statisticsOf(folder, space.colours, space);
  const background = backgroundOf(space, params, statistics);
  const asTensor = (planes: readonly number[]): number[] =>
    space.order.map((colour, c) => planes[colour]! * space.scale[c]! + space.offset[c]!);
  const plain = colours ? background : asTensor(background);
  if (!colours && (params.image !== 'pixels' || params.bounds === 'sigmoid'))
    throw new LensError(
      'usage',
      'reconstruction/array',
      'Numbers of a .npy file are changed as they are: its preset is naive or smooth, without a sigmoid.',
      { hint: 'Start from a picture for the others.' },
    );
  const isScore = terms.every(({ objective }) => objective.kind === 'target' && isOneScore(objective.target));
  const auto =
    params.relu === 'auto' && colours && isScore && params.objective === 'score' && isRectified(subject, terms);
  return {
    space,
    pictures: params.facets,
    diverse: params.diversity !== 0,
    samples: params.samples,
    colours,
    image: imageOf(question, background, statistics),
    views: viewsOf(params, plain),
    terms,
    measure: params.objective,
    beforeRectifier: params.relu === 'before' || auto,
    penalties: {
      variation: params.tv,
      variationKind: params.tv_kind,
      near: params.near,
      anchor: start?.planes ?? Float32Array.from(plain),
      dark: params.dark,
    },
    gradientBlur: params.gradient_blur,
  };
}

function viewsOf(params: VisualizeParameters, fill: readonly number[]): ViewOptions {
  const { jitter, scale, rotate, box_first, box_last, noise, blur } = params;
  return { jitter, scale, rotation: rotate, box: [box_first, box_last], noise, blur, fill };
}

function imageOf(
  { space, params, start, folder }: VisualizeQuestion,
  background: readonly number[],
  statistics: FolderStatistics | undefined,
): ImageOptions {
  const { colours: channels } = space;
  const matrix = channels === 1 ? undefined : coloursOf(params, statistics);
  const flat = background.map((v) => Math.min(FLAT, Math.max(-FLAT, logit(v))));
  const base = start?.colours === true ? Float32Array.from(start.planes, logit) : Float32Array.from(flat);
  const common: ImageOptions = {
    kind: params.image,
    sigmoid: params.image !== 'pixels' || params.bounds === 'sigmoid',
    decay: params.decay,
    base,
    ...(matrix === undefined ? {} : { colours: matrix }),
  };
  if (params.image !== 'phase') return common;
  if (start !== undefined)
    throw new LensError('usage', 'reconstruction/phase', 'A phase starts from noise, not from a picture.', {
      hint: 'Use the preset accentuate for a photograph.',
    });
  const spectrum =
    folder === undefined ? naturalSpectrum(channels, space) : spectrumOf(folder, channels, space, matrix);
  const mean = statistics === undefined ? base : Float32Array.from(statistics.mean);
  return { ...common, base: mean, ...spectrum };
}

function coloursOf(
  { colours }: VisualizeParameters,
  statistics: FolderStatistics | undefined,
): readonly number[] | undefined {
  if (colours === 'none') return undefined;
  if (colours === 'imagenet') return IMAGENET_COLOURS;
  return required(statistics, 'colours').colours;
}

/** The plain colour that pictures start from and lie on. */
function backgroundOf(
  { colours }: PictureSpace,
  { background }: VisualizeParameters,
  statistics: FolderStatistics | undefined,
): readonly number[] {
  if (background === 'folder') return required(statistics, 'background').background;
  return new Array<number>(colours).fill({ black: 0, grey: 0.5, white: 1 }[background]);
}

function required(statistics: FolderStatistics | undefined, what: string): FolderStatistics {
  if (statistics !== undefined) return statistics;
  throw new LensError('usage', 'reconstruction/folder', `The ${what} are to be those of a folder, and none is named.`, {
    hint: 'Name one: --param folder=FOLDER.',
  });
}

/** What is optimised at the start. */
function startOf(plan: AscentPlan, { space, start }: VisualizeQuestion, random: Random): Float32Array {
  const { image, pictures, colours } = plan;
  const channels = colours ? space.colours : space.order.length;
  const dims = parameterDims(image, { pictures, channels, height: space.height, width: space.width });
  const out = new Float32Array(dims.reduce((a, b) => a * b, 1));
  const fill = (deviation: number): void => {
    for (let i = 0; i < out.length; i++) out[i] = deviation * random.normal();
  };
  if (image.kind === 'phase') fill(NOISE.phase);
  else if (start === undefined || pictures > 1) fill(image.kind === 'pixels' ? NOISE.pixels : NOISE.spectrum);
  if (image.kind !== 'pixels' || image.sigmoid) return out;
  const area = space.height * space.width;
  const within = (v: number): number => Math.min(1, Math.max(0, v));
  if (start === undefined) {
    const { fill: background } = plan.views;
    return out.map((v, i) => within(v + background[Math.floor(i / area) % channels]!));
  }
  const { planes } = start;
  if (pictures === 1) return planes.slice();
  // Facets of a picture would stay the same if they began as the same.
  return out.map((v, i) => {
    const c = Math.floor(i / area) % channels;
    const begun = planes[i % planes.length]!;
    return colours ? within(begun + v) : begun + v * Math.abs(space.scale[c]!);
  });
}

function boundsOf(
  { colours, order, offset, scale }: PictureSpace,
  pictures: boolean,
): NonNullable<AscentOptions['bounds']> {
  if (pictures) return { low: new Array<number>(colours).fill(0), high: new Array<number>(colours).fill(1) };
  const ends = order.map((_, c) => [offset[c]!, offset[c]! + scale[c]!]);
  return { low: ends.map((e) => Math.min(...e)), high: ends.map((e) => Math.max(...e)) };
}
