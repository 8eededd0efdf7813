import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { LensError } from '../../base/errors.js';
import {
  nearestNeighbours,
  neighbourAccuracy,
  votersOf,
  type Metric,
  type Neighbours,
} from '../../numeric/neighbours.js';
import { principalComponents, principalComponentsOfMany } from '../../numeric/pca.js';
import { linearProbe } from '../../numeric/probe.js';
import type { Products } from '../../numeric/products.js';
import { faithfulness } from '../../numeric/quality.js';
import { jointProbabilities } from '../../numeric/tsne/affinities.js';
import type { Field } from '../../numeric/tsne/forces.js';
import type { Allocate } from '../../numeric/tsne/tree.js';
import { Tsne } from '../../numeric/tsne/tsne.js';
import { fuzzyGraph } from '../../numeric/umap/fuzzy.js';
import { Umap } from '../../numeric/umap/umap.js';
import type { Embedding, EmbeddingQuality } from '../../result/embedding.js';
import type { ParameterValue } from '../../result/method.js';
import { stratified } from '../dataset/draw.js';
import type { EmbeddingMethod } from './methods.js';

export interface EmbedContext {
  readonly products: Products;
  readonly seed: number;
  /** Called between pieces of work; what it throws ends it, and what it awaits lets others in. */
  readonly pause: (share: number, message: string) => Promise<void>;
  /** Threads that compute the forces of t-SNE on so many points; this one alone where there are none. */
  readonly team?: (points: number) => TsneTeam | undefined;
  /** Shown where points are while they move. */
  readonly drawn?: (moving: Moving) => Promise<void> | void;
  /** Asked between steps: whether the points are to be left where they are. */
  readonly stopped?: () => boolean;
}

/** Threads, and the memory that they share. */
export interface TsneTeam {
  readonly allocate: Allocate;
  forces(all: Field, theta: number): Promise<void>;
  dispose(): Promise<void>;
}

/** A layout on its way; what it costs to know is only paid where it is asked for. */
export interface Moving {
  readonly step: number;
  readonly steps: number;
  points(): FloatTensor;
  /** Of t-SNE. */
  divergence?(): number;
}

export interface Placed extends Pick<Embedding, 'points' | 'variance' | 'explained' | 'divergence'> {
  /** The step after which it was stopped before its end. */
  readonly stoppedAt?: number;
}

/** Wider features are brought to so many components before neighbours are looked for, as everybody does it. */
const BEFORE = 50;
/** Up to so many points t-SNE takes all as neighbours: the exact probabilities. */
const EXACT = 500;
const NEAR = 10;

/**
 * Places points (`[n, d]`, finite) in two or three dimensions.
 *
 * @param params parsed values of the method's parameters
 */
export async function embedPoints(
  points: FloatTensor,
  method: EmbeddingMethod,
  params: Readonly<Record<string, ParameterValue>>,
  context: EmbedContext,
): Promise<Placed> {
  const [n = 0] = points.dims;
  const components = Number(params['components'] ?? 2);
  const { products, seed, pause } = context;
  if (n === 0) throw new LensError('input', 'embed/empty', 'There is no point to embed.');
  if (method.id === 'pca') {
    await pause(0, 'principal components');
    const { scores, variance, explained } = await principalComponentsOfMany(points, components, { products, seed });
    return { points: scores, variance, explained };
  }
  await pause(0, 'principal components');
  const narrow =
    (points.dims[1] ?? 0) > BEFORE
      ? (await principalComponentsOfMany(points, BEFORE, { products, seed })).scores
      : points;
  const start = firstOf(principalComponents(narrow, components).scores, components);
  const metric = (params['metric'] ?? 'euclidean') as Metric;
  const near = (k: number): Promise<Neighbours> => neighboursOf(narrow, k, metric, context);
  if (method.id === 'umap') {
    const graph = fuzzyGraph(await near(Number(params['neighbours']) - 1));
    const umap = new Umap(graph, start, { seed, least: Number(params['distance']) });
    while (!umap.finished && context.stopped?.() !== true) {
      if (umap.round % 10 === 0) {
        await context.drawn?.({ step: umap.round, steps: umap.rounds, points: () => umap.points });
        await pause(umap.round / umap.rounds, `UMAP, round ${umap.round} of ${umap.rounds}`);
      }
      umap.step();
    }
    return { points: umap.points, ...(umap.finished ? {} : { stoppedAt: umap.round }) };
  }
  const perplexity = Number(params['perplexity']);
  if (n <= perplexity) {
    throw new LensError(
      'usage',
      'embed/perplexity',
      `A perplexity of ${perplexity} needs more than ${perplexity} points; there are ${n}.`,
      {
        hint: `Choose a perplexity of at most ${Math.max(2, Math.floor((n - 1) / 3))}.`,
      },
    );
  }
  const found = await near(n <= EXACT ? n - 1 : Math.floor(3 * perplexity) + 1);
  const steps = Number(params['steps']);
  const team = context.team?.(n);
  try {
    const tsne = new Tsne(jointProbabilities(found, perplexity), start, {
      rounds: steps,
      seed,
      ...(team && { allocate: team.allocate, team: (all, theta) => team.forces(all, theta) }),
    });
    while (!tsne.finished && context.stopped?.() !== true) {
      if (tsne.round % 10 === 0) {
        await context.drawn?.({
          step: tsne.round,
          steps,
          points: () => tsne.points,
          divergence: () => tsne.divergence(),
        });
        await pause(tsne.round / steps, `t-SNE, step ${tsne.round} of ${steps}`);
      }
      await tsne.step();
    }
    return { points: tsne.points, divergence: tsne.divergence(), ...(tsne.finished ? {} : { stoppedAt: tsne.round }) };
  } finally {
    await team?.dispose();
  }
}

/**
 * How good the picture is, and how far classes come apart in the original space.
 *
 * @param classes the class of each point as a number, negative where unknown
 * @returns nothing for fewer than four points
 */
export async function qualityOf(
  points: FloatTensor,
  placed: FloatTensor,
  classes: Int32Array,
  context: EmbedContext,
): Promise<EmbeddingQuality | undefined> {
  const [n = 0] = points.dims;
  if (n < 4) return undefined;
  const { products } = context;
  const faithful = await faithfulness(points, placed, undefined, {
    products,
    pause: (share) => context.pause(share, 'how faithful the picture is'),
  });
  const asked = probed(points, classes);
  const probe = await linearProbe(asked.points, asked.classes, {
    seed: context.seed,
    products,
    pause: (fit) => context.pause(fit / 5, `linear probe ${fit + 1} of 5`),
  });
  if (probe === undefined) return faithful;
  const { accuracy, sd, majority, folds, seeds } = probe;
  return {
    ...faithful,
    probe: { accuracy, sd, majority, folds, seeds, ...(asked.points === points ? {} : { examples: PROBED }) },
    neighbourAccuracy: neighbourAccuracy(await neighboursOf(points, NEAR, 'euclidean', context), classes),
    voters: votersOf(classes, NEAR),
  };
}

function neighboursOf(points: FloatTensor, k: number, metric: Metric, { products }: EmbedContext): Promise<Neighbours> {
  return nearestNeighbours(points, k, { metric, products });
}

/** The first columns, with zeros for those that are not there. */
function firstOf({ dims: [n = 0, d = 0], data }: FloatTensor, columns: number): FloatTensor {
  const out = floatTensor([n, columns]);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < Math.min(d, columns); c++) out.data[i * columns + c] = data[i * d + c]!;
  return out;
}

/** A probe is fitted to so many points at most: of more it says the same, and takes minutes. */
const PROBED = 10_000;

/** The points that a probe is asked about: all, or a draw that keeps the shares of the classes. */
function probed(
  points: FloatTensor,
  classes: Int32Array,
): { readonly points: FloatTensor; readonly classes: Int32Array } {
  const [n = 0, d = 0] = points.dims;
  if (n <= PROBED) return { points, classes };
  const places = stratified(
    Array.from(classes, (c) => (c < 0 ? undefined : String(c))),
    PROBED,
  );
  const some = floatTensor([PROBED, d]);
  places.forEach((from, to) => some.data.set(points.data.subarray(from * d, (from + 1) * d), to * d));
  return { points: some, classes: Int32Array.from(places, (k) => classes[k]!) };
}
