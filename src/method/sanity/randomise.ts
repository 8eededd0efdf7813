import { memo } from '../../base/memo.js';
import { given } from '../../base/given.js';
import { Random } from '../../base/random.js';
import type { FloatTensor, Tensor } from '../../base/tensor.js';
import { castFloating, isFloating, toNumbers } from '../../base/tensor.js';
import { prune } from '../../graph/edits.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import type { Layer, WeightReplacement } from '../../graph/layers/layer.js';
import { randomWeights } from '../../session/randomWeights.js';
import type { ModelSubject, Reweighting } from '../subject/modelSubject.js';

/** A model whose top layers, down to and including one, carry random weights. */
export interface RandomStage {
  /** The lowest random layer. */
  readonly layer: string;
  /** How many layers are random, of how many. */
  readonly layers: number;
  readonly of: number;
}

/** Layers with weights on the way to a value, from the output down. */
export function cascadeOf(graph: Graph, layers: readonly Layer[], value: string): readonly Layer[] {
  const needed = new Set(prune(graph, [value]).nodes.map((n) => n.name));
  return layers.filter((l) => l.weights.length > 0 && needed.has(l.node)).reverse();
}

/** About `count` stages over a cascade: the last layer alone, then evenly down to all. */
export function stagesOf(cascade: readonly Layer[], count: number): readonly RandomStage[] {
  const of = cascade.length;
  const ends = Array.from({ length: count }, (_, i) => (i === 0 ? 1 : Math.round((of * i) / Math.max(1, count - 1))));
  const distinct = [...new Set(ends.map((n) => Math.min(of, Math.max(1, n))))].filter((n) => n <= of);
  return distinct.map((layers) => ({ layer: cascade[layers - 1]!.name, layers, of }));
}

/**
 * Random weights for the first layers of a cascade. The same seed gives a layer the same weights in every stage.
 *
 * @param known weights of an earlier stage, which are kept
 */
export async function randomised(
  graph: Graph,
  cascade: readonly Layer[],
  layers: number,
  seed: number,
  signal?: AbortSignal,
  known: WeightReplacement = new Map(),
): Promise<WeightReplacement> {
  const open = cascade.slice(0, layers).filter((l) => l.weights.some((w) => !known.has(w)));
  return new Map([...(await randomWeights(graph, open, new Random(seed), signal)), ...known]);
}

/** Weights and statistics of some layers, as another network has them. */
export function weightsIn(graph: Graph, layers: readonly Layer[], others: WeightReplacement): WeightReplacement {
  const names = new Set(layers.flatMap((layer) => namesIn(graph, layer)));
  return new Map([...others].filter(([name]) => names.has(name)));
}

/** The weights of a layer, of a normalisation its statistics as well. */
export function namesIn(graph: Graph, layer: Layer): readonly string[] {
  const node = indexOf(graph).node(layer.node);
  const buffers = node?.op === 'BatchNormalization' ? node.inputs.slice(1) : [];
  return [...new Set([...layer.weights, ...buffers])].filter((name) => graph.weights.has(name));
}

/** Activations this many times larger or smaller than the trained model's are brought back to its size. */
const WILD = 100;
const ROUNDS = 6;

/**
 * The model with other weights. Where their activations explode, vanish or are no numbers, the random layers are scaled
 * so that each answers with about the size that it has in the trained model; `note` says so.
 *
 * @returns a subject that the caller disposes
 */
export async function tamed(
  subject: ModelSubject,
  cascade: readonly Layer[],
  weights: WeightReplacement,
  input: FloatTensor,
  options: Reweighting,
  signal: AbortSignal,
): Promise<{ readonly subject: ModelSubject; readonly note?: string }> {
  const index = indexOf(subject.graph);
  const changed = cascade
    .filter((l) => scalesOf(subject.graph, l).some((w) => weights.has(w)) && index.producer(l.output) !== undefined)
    .reverse();
  const outputs = changed.map((l) => l.output).filter((o) => isFloating(subject.facts.get(o)?.type ?? 'string'));
  const trained = await trainedSizes(subject, input, outputs, signal);
  let current = weights;
  for (let round = 0; ; round++) {
    const other = subject.reweighted(current, options);
    try {
      const now = await sizes(other, input, outputs, signal);
      const ratios = outputs.map((o) => now.get(o)! / Math.max(1e-12, trained.get(o)!));
      const wild = ratios.some((r) => !(r < WILD && r > 1 / WILD));
      if (!wild || round === ROUNDS) {
        const note =
          round === 0
            ? undefined
            : wild
              ? 'Activations of the random networks stay of a wild size although their layers were normalised.'
              : 'Activations of the random networks were normalised: they exploded or vanished.';
        return { subject: other, ...given({ note }) };
      }
      current = scaled(subject.graph, changed, outputs, ratios, current);
    } catch (error) {
      await other.dispose();
      throw error;
    }
    await other.dispose();
  }
}

const measured = memo<FloatTensor, ModelSubject, Map<string, number>>();

/** Sizes of the trained model's activations on an input, each measured once. */
async function trainedSizes(
  subject: ModelSubject,
  input: FloatTensor,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const known = measured(input, subject, () => new Map<string, number>());
  const missing = names.filter((n) => !known.has(n));
  if (missing.length > 0)
    for (const [name, size] of await sizes(subject, input, missing, signal)) known.set(name, size);
  return known;
}

/** Root mean square of values; infinite where they are no numbers. */
async function sizes(
  subject: ModelSubject,
  input: FloatTensor,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const values = await subject.values(input, names, signal);
  return new Map(
    names.map((name) => {
      const { data } = values.get(name)!;
      let sum = 0;
      for (const v of data) sum += v * v;
      const size = Math.sqrt(sum / Math.max(1, data.length));
      return [name, Number.isFinite(size) ? size : Infinity];
    }),
  );
}

/** Each layer by the ratio that it adds to those before it: what a layer lets grow, the next ones only hand on. */
function scaled(
  graph: Graph,
  layers: readonly Layer[],
  outputs: readonly string[],
  ratios: readonly number[],
  weights: WeightReplacement,
): WeightReplacement {
  const next = new Map(weights);
  let before = 1;
  outputs.forEach((output, i) => {
    // No number can be scaled: a large step down, and the next round sees further. A layer that is all zeros stays.
    const ratio = ratios[i] === 0 ? before : Math.min(1e30, ratios[i]!);
    const factor = before / ratio;
    before = ratio;
    const layer = layers.find((l) => l.output === output)!;
    for (const name of scalesOf(graph, layer)) {
      const tensor = next.get(name);
      if (tensor !== undefined && isFloating(tensor.type)) next.set(name, times(tensor, factor));
    }
  });
  return next;
}

/** The weights of a layer that its output is proportional to. */
function scalesOf(graph: Graph, layer: Layer): readonly string[] {
  const node = indexOf(graph).node(layer.node);
  return node?.op === 'BatchNormalization' ? node.inputs.slice(1, 3) : layer.weights;
}

function times(tensor: Tensor, factor: number): Tensor {
  const data = toNumbers(tensor).map((v) => v * factor);
  return castFloating({ type: 'float64', dims: tensor.dims, data }, tensor.type as 'float32');
}
